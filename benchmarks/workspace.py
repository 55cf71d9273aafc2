"""A project folder of its own for a benchmark: a program or the repository's, a stack file, state and passphrase.

Owns where it is and how the engine is called in it. Nothing of the repository's own stack is read or written.
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import Any, Final

import yaml

from benchmarks import measure
from benchmarks.measure import Run

REPOSITORY: Final = Path(__file__).parents[1]
STACK: Final = "bench"
_LINKED: Final = ("__main__.py", "Pulumi.yaml", "components", "embedded", "operate", "policies", ".venv")
_OTHER_PROJECT: Final = "name: many\nruntime: {name: python, options: {toolchain: pip, virtualenv: .venv}}\n"


class Workspace:
    """A folder with one stack. `engine` is the command that is measured: the embedded engine, or `pulumi`."""

    def __init__(self, root: Path, program: str = "", engine: tuple[str, ...] = ()) -> None:
        """Link the repository's program into `root`, or write `program` there instead."""
        self.root = root
        self.engine = engine or (sys.executable, "-P", "-m", "embedded")
        for folder in ("state", "home"):
            (root / folder).mkdir(mode=0o700)
        for name in _LINKED if not program else (".venv",):
            (root / name).symlink_to(REPOSITORY / name)
        if program:
            (root / "__main__.py").write_text(program)
            (root / "Pulumi.yaml").write_text(_OTHER_PROJECT)
        inherited = {key: value for key, value in os.environ.items() if not key.startswith(("PULUMI", "PYTHON"))}
        self.env = {
            **inherited,
            "PYTHONPATH": str(REPOSITORY),
            "PULUMI_BACKEND_URL": f"file://{root / 'state'}",
            "PULUMI_HOME": str(root / "home"),
            "PULUMI_CONFIG_PASSPHRASE": "benchmark",
            "PULUMI_SKIP_UPDATE_CHECK": "true",
        }
        self.configure({})
        self.call("stack", "init", STACK)

    @property
    def file(self) -> Path:
        """The stack file."""
        return self.root / f"Pulumi.{STACK}.yaml"

    def configure(self, config: dict[str, Any]) -> None:
        """Write the stack file's keys; the salt that the engine has put there stays."""
        found = yaml.safe_load(self.file.read_text()) if self.file.exists() else {}
        self.file.write_text(yaml.safe_dump({**(found or {}), "config": config}, sort_keys=False))

    def call(self, *arguments: str) -> Run:
        """Run a command of the engine. Exits with its output when it fails."""
        return measure.run([*self.engine, *arguments], self.root, self.env)

    def stack(self, *arguments: str) -> Run:
        """`call` on the stack."""
        return self.call(*arguments, "--stack", STACK)

    def deployment(self) -> dict[str, Any]:
        """The state, secrets in plain."""
        found: dict[str, Any] = json.loads(self.stack("stack", "export", "--show-secrets").out)["deployment"]
        return found
