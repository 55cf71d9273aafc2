"""A project folder of its own for the tests: the repository's program, another stack file, another state.

Owns how commands are run in it and what they have said. What the stack file holds belongs to `stackfile`.
"""

from __future__ import annotations

import json
import os
import subprocess
import threading
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

REPOSITORY = Path(__file__).parents[2]
STACK = "dev"
_FOLDERS = ("components", "embedded", "examples", "images", "operate", "policies", ".venv")
_LINKED = ("__main__.py", "Pulumi.yaml", "pulumiw", "operatew", *_FOLDERS)
_OTHER_PROJECT = "name: tried\nruntime: {name: python, options: {toolchain: pip, virtualenv: .venv}}\n"
_TIMEOUT = 300
_SAMPLE_SECONDS = 0.2
_SECRET_SIGNATURE = "4dabf18193072939515e22adb298388d"


@dataclass(frozen=True)
class Result:
    """One command: its exit code and what it said."""

    code: int
    out: str
    err: str

    @property
    def text(self) -> str:
        """Everything it said."""
        return self.out + self.err


class Project:
    """A folder with one stack, its own backend and passphrase.

    `said` collects what every command printed, `seen` the command lines of every process that ran meanwhile.
    """

    def __init__(self, root: Path, config: dict[str, Any] | str, program: str = "") -> None:
        """Link the repository into `root`; `config` is the stack file, `program` replaces the project's own."""
        self.root, self.state, self.file = root, root / "state", root / f"Pulumi.{STACK}.yaml"
        self.said: list[str] = []
        self.seen: set[str] = set()
        self.state.mkdir(mode=0o700)
        for name in _LINKED:
            if not program or not (REPOSITORY / name).is_file() or name == "pulumiw":
                (root / name).symlink_to(REPOSITORY / name)
        if program:
            (root / "__main__.py").write_text(program)
            (root / "Pulumi.yaml").write_text(_OTHER_PROJECT)
        passphrase = root / "passphrase"
        passphrase.write_text(os.urandom(16).hex())
        passphrase.chmod(0o600)
        self.file.write_text(config if isinstance(config, str) else yaml.safe_dump({"config": config}, sort_keys=False))
        inherited = {key: value for key, value in os.environ.items() if not key.startswith(("PULUMI", "DATA_TIER"))}
        self.env = {
            **inherited,
            "PULUMIW_ENGINE": os.environ.get("PULUMIW_ENGINE", "embedded"),
            "PULUMI_BACKEND_URL": f"file://{self.state}",
            "PULUMI_HOME": str(root / "home"),
            "PULUMI_CONFIG_PASSPHRASE_FILE": str(passphrase),
        }

    def pulumi(self, *arguments: str, ok: bool = True, **env: str) -> Result:
        """`./pulumiw` with `arguments`; with `ok` a failure of it fails the test."""
        return self._run("./pulumiw", *arguments, "--stack", STACK, ok=ok, env=env)

    def operate(self, *arguments: str, ok: bool = True, **env: str) -> Result:
        """What `make` runs."""
        return self._run(".venv/bin/python", "-m", "operate", *arguments, "--stack", STACK, ok=ok, env=env)

    def plain(self, *arguments: str) -> Result:
        """Python with exactly these arguments, which end in what a client inside a server is given."""
        return self._run(".venv/bin/python", *arguments, ok=True, env={})

    def edit(self) -> dict[str, Any]:
        """The stack file as it is now; give it to `write` after a change."""
        found: dict[str, Any] = yaml.safe_load(self.file.read_text())
        return found

    def write(self, content: dict[str, Any]) -> None:
        """Replace the stack file, as an editor does."""
        self.file.write_text(yaml.safe_dump(content, sort_keys=False))

    def resources(self) -> list[dict[str, Any]]:
        """The resources in the state, secrets in plain; what this prints is not in `said`."""
        done = self._execute("./pulumiw", "stack", "export", "--show-secrets", "--stack", STACK, env={})
        assert done.code == 0, done.err
        found: list[dict[str, Any]] = json.loads(done.out)["deployment"].get("resources", [])
        return [_plain(resource) for resource in found]

    def outputs(self) -> dict[str, Any]:
        """The stack's outputs, secrets hidden."""
        found: dict[str, Any] = json.loads(self.pulumi("stack", "output", "--json").out)
        return found

    def steps(self) -> dict[str, set[str]]:
        """What a preview would do: the operations by resource name, unchanged resources left out."""
        found: dict[str, set[str]] = {}
        for step in json.loads(self.pulumi("preview", "--json").out)["steps"]:
            if step["op"] != "same":
                found.setdefault(step["urn"].rsplit("::", 1)[-1], set()).add(step["op"])
        return found

    def _run(self, *command: str, ok: bool, env: dict[str, str]) -> Result:
        done = self._execute(*command, env=env)
        self.said += [done.out, done.err]
        assert not ok or done.code == 0, f"{' '.join(command)} failed with exit code {done.code}:\n{done.text}"
        return done

    def _execute(self, *command: str, env: dict[str, str]) -> Result:
        over = threading.Event()
        watcher = threading.Thread(target=self._watch, args=(over,), daemon=True)
        watcher.start()
        try:
            done = subprocess.run(
                command,
                cwd=self.root,
                env={**self.env, **env},
                capture_output=True,
                text=True,
                timeout=_TIMEOUT,
                check=False,
            )
        finally:
            over.set()
            watcher.join()
        return Result(done.returncode, done.stdout, done.stderr)

    def _watch(self, over: threading.Event) -> None:
        while not over.wait(_SAMPLE_SECONDS):
            self.seen |= command_lines()


def command_lines() -> set[str]:
    """The command line of every process, as `ps axww` shows them; its threads and those just ended left out."""
    found = set()
    for process in filter(str.isdigit, os.listdir("/proc")):
        try:
            found.add(Path("/proc", process, "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace"))
        except OSError:
            continue  # it ended meanwhile
    return found - {""}


def _plain(value: Any) -> Any:
    """`value` with the contents of secrets in place of their envelopes."""
    if isinstance(value, dict):
        if _SECRET_SIGNATURE in value and "plaintext" in value:
            return _plain(json.loads(value["plaintext"]))
        return {key: _plain(item) for key, item in value.items()}
    return [_plain(item) for item in value] if isinstance(value, list) else value
