"""`make bench`: a preview of the dev stack without change against the import of the SDK packages that it needs.

The two take turns, so that a machine that gets slower slows both down; medians and the ratio are printed.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import time
from pathlib import Path
from typing import Final

from operate import pulumi

ROUNDS: Final = 7
SDK: Final = "import pulumi, pulumi_command, pulumi_docker, pulumi_policy, pulumi_postgresql, pulumi_random"
REPOSITORY: Final = Path(__file__).parents[1]


def seconds(command: list[str]) -> float:
    """Wall-clock time of one run. Exits with its output when it fails."""
    env = {key: value for key, value in os.environ.items() if key != "PYTHONDONTWRITEBYTECODE"}
    env["PULUMIW_ENGINE"] = "embedded"
    began = time.perf_counter()
    done = subprocess.run(command, cwd=REPOSITORY, env=env, capture_output=True, text=True, check=False)  # noqa: S603
    took = time.perf_counter() - began
    if done.returncode:
        sys.exit(f"{' '.join(command)} failed:\n{done.stdout}{done.stderr}")
    return took


def main() -> int:
    """Measure and print; 1 where there is no stack to preview."""
    stack = sys.argv[1] if len(sys.argv) > 1 else "dev"
    if not pulumi.exists(stack):
        print(f"error: there is no stack {stack}: `make up STACK={stack}` first", file=sys.stderr)
        return 1
    importing = [sys.executable, "-c", SDK]
    previewing = ["./pulumiw", "preview", "--expect-no-changes", "--stack", stack]
    for command in (importing, previewing):
        seconds(command)  # the first run fills caches
    rounds = [(seconds(importing), seconds(previewing)) for _ in range(ROUNDS)]
    ratio = statistics.median(preview / base for base, preview in rounds)
    print(f"import of the SDK packages   {statistics.median(base for base, _ in rounds):.2f} s")
    print(f"preview without change       {statistics.median(preview for _, preview in rounds):.2f} s")
    print(f"ratio, median of {ROUNDS} pairs     {ratio:.2f}  (aim: 2.5)")
    return 0


if __name__ == "__main__":
    sys.exit(main())
