"""`python -m tests.conformance.extract RECORDINGS`: the facts of recordings of the Pulumi CLI, into facts/*.json.

RECORDINGS has a folder for each program with `commands.txt` and, by step, `.stdout.txt`, `.stderr.txt`, `.state.json`
and `.calls.jsonl`. The passphrase of the recorded stacks is `x`.
"""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path

from embedded.secrets import PassphraseSecrets
from tests.conformance import calls, facts, normal
from tests.conformance.facts import Seen
from tests.conformance.normal import Json
from tests.conformance.scripts import SCRIPTS, Script, Step

PASSPHRASE = "x"
_COMMAND = re.compile(r"(\S+) rc=(\d+)[^:]*: pulumi (.*)")


def main() -> int:
    """Extract all programs."""
    if len(sys.argv) != 2:
        print(__doc__)
        return 2
    for script in SCRIPTS.values():
        facts.save(script.file, extract(script, Path(sys.argv[1]) / script.name))
        print(f"{script.file}: {len(script.steps)} steps, {script.file.stat().st_size // 1024} kB")
    return 0


def extract(script: Script, folder: Path) -> Json:
    """The facts of a recorded program by step."""
    lines = (folder / "commands.txt").read_text().splitlines()
    commands = {match[1]: (int(match[2]), match[3]) for match in map(_COMMAND.match, lines) if match}
    found: Json = {}
    before: Json = {}
    for step in script.steps:
        code, command = commands[step.name]
        if step.apart:
            found[step.name] = {"command": command, "exit": code}
            continue
        before = _state(folder, step.before) if step.before == "killed" else before
        after = _state(folder, step.name)
        seen = _seen(folder, step, command, code, before, after)
        found[step.name] = {"command": command, **facts.of(seen)}
        before = after
    return found


def _seen(folder: Path, step: Step, command: str, code: int, before: Json, after: Json) -> Seen:
    def read(kind: str) -> str:
        file = folder / f"{step.name}.{kind}"
        return file.read_text() if file.exists() else ""

    rows = list(calls.recorded(read("calls.jsonl").splitlines()))
    out, err = read("stdout.txt"), read("stderr.txt")
    return Seen(command=command, code=code, out=out, err=err, rows=rows, before=before, after=after)


def _state(folder: Path, name: str) -> Json:
    """The deployment after a step, with its secrets in plain."""
    file = next(iter(folder.glob(f"*{name}.state.json")))
    return opened(json.loads(file.read_text())["deployment"])


def opened(deployment: Json) -> Json:
    """A deployment with its secrets in plain, by the one passphrase of all these stacks."""
    salt = ((deployment.get("secrets_providers") or {}).get("state") or {}).get("salt")
    secrets = PassphraseSecrets.open(PASSPHRASE, salt) if salt else None
    found: Json = normal.opened(deployment, secrets.decrypt if secrets else str)
    return found


if __name__ == "__main__":
    sys.exit(main())
