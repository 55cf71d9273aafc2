"""A project of its own for each test: program, stack file, state, and the engine as a person calls it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import textwrap
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

REPOSITORY = Path(__file__).parents[2]
PACK = """
from pulumi_policy import EnforcementLevel, PolicyPack, ResourceValidationPolicy, StackValidationPolicy

"""


@dataclass
class Result:
    """One call of the engine."""

    code: int
    out: str
    err: str


class Workspace:
    """A project folder with a stack `test`; `program` and `pack` replace the code, `pulumi` calls the engine."""

    def __init__(self, root: Path) -> None:
        self.root = root
        (root / "state").mkdir()
        (root / "Pulumi.yaml").write_text("name: demo\nruntime: python\n")
        self.env = {
            **os.environ,
            "PULUMI_BACKEND_URL": f"file://{root}/state",
            "PULUMI_HOME": str(root / "home"),
            "PULUMI_CONFIG_PASSPHRASE": "x",
            "PYTHONPATH": str(REPOSITORY),
        }

    def program(self, code: str) -> None:
        """Replace the program; the usual modules are imported."""
        head = (
            "import pulumi\nimport pulumi_command as command\nimport pulumi_random as random\n"
            "from pulumi import ResourceOptions as Opts\nconfig = pulumi.Config()\n"
        )
        (self.root / "__main__.py").write_text(head + textwrap.dedent(code))

    def pack(self, code: str) -> Path:
        """Write a policy pack."""
        folder = self.root / "pack"
        folder.mkdir(exist_ok=True)
        (folder / "PulumiPolicy.yaml").write_text("runtime: python\nversion: 1.2.3\n")
        (folder / "__main__.py").write_text(PACK + textwrap.dedent(code))
        return folder

    def pulumi(self, *arguments: str, ok: bool = True) -> Result:
        """Call the engine; with `ok` a failure of it fails the test."""
        done = subprocess.run(
            [sys.executable, "-m", "embedded", *arguments],
            cwd=self.root,
            env=self.env,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        assert not ok or done.returncode == 0, done.stdout + done.stderr
        return Result(done.returncode, done.stdout, done.stderr)

    def up(self, *arguments: str, ok: bool = True) -> Result:
        """`up` without preview and questions."""
        return self.pulumi("up", "--yes", "--skip-preview", *arguments, ok=ok)

    def set(self, key: str, value: str) -> None:
        """Set a plain config value."""
        self.pulumi("config", "set", key, value)

    def state(self) -> dict[str, Any]:
        """The exported deployment."""
        found: dict[str, Any] = json.loads(self.pulumi("stack", "export").out)["deployment"]
        return found

    def resources(self) -> dict[str, dict[str, Any]]:
        """Resources of the state by name."""
        return {item["urn"].rsplit("::", 1)[-1]: item for item in self.state().get("resources", [])}

    def steps(self) -> dict[str, str]:
        """What a preview would do, by resource name; unchanged ones are left out."""
        steps = json.loads(self.pulumi("preview", "--json").out)["steps"]
        return {step["urn"].rsplit("::", 1)[-1]: step["op"] for step in steps if step["op"] != "same"}

    def files(self) -> str:
        """Everything that was written, as one text."""
        return "".join(path.read_text() for path in (self.root / "state").rglob("*") if path.is_file())


def descendants(pid: int) -> list[int]:
    """Processes that a process has started, and theirs."""
    direct = [
        int(child) for task in Path(f"/proc/{pid}/task").iterdir() for child in (task / "children").read_text().split()
    ]
    return [found for child in direct for found in (child, *descendants(child))]


@pytest.fixture
def workspace(tmp_path: Path) -> Callable[[str], Workspace]:
    """Make the workspace with its first program and an empty stack."""

    def make(code: str) -> Workspace:
        made = Workspace(tmp_path)
        made.program(code)
        made.pulumi("stack", "init", "test")
        return made

    return make
