"""The two processes beside the engine: the program and the policy pack. Owns starting, reading and ending them."""

from __future__ import annotations

import json
import os
import queue
import subprocess
import sys
import threading
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import yaml

from embedded.errors import EngineError

GRACE = 5  # seconds between asking a process to end and ending it


class Process:
    """A child whose output lines are handed to `on_line`, so that nothing it prints is lost or blocks it."""

    def __init__(self, command: list[str], directory: Path, env: Mapping[str, str], on_line: Callable[[str], None]):
        self._child = subprocess.Popen(  # noqa: S603  the interpreter and program of this project
            command,
            cwd=directory,
            env={**os.environ, **env},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            start_new_session=True,  # Ctrl-C is the engine's to handle: children end in order
        )
        self._reader = threading.Thread(target=self._read, args=(on_line,), daemon=True)
        self._reader.start()

    def _read(self, on_line: Callable[[str], None]) -> None:
        assert self._child.stdout is not None  # noqa: S101  made with a pipe above
        for line in self._child.stdout:
            on_line(line.rstrip("\n"))

    def tell(self, line: str) -> None:
        """Write one line to the child's input, which stays open: its end tells the child that the engine is gone."""
        assert self._child.stdin is not None  # noqa: S101  made with a pipe above
        try:
            self._child.stdin.write(line + "\n")
            self._child.stdin.flush()
        except BrokenPipeError:
            pass  # it has ended: wait() tells how

    def wait(self, timeout: float | None = None) -> int | None:
        """The exit code, or None while it still runs after `timeout` seconds."""
        try:
            code = self._child.wait(timeout)
        except subprocess.TimeoutExpired:
            return None
        self._reader.join(GRACE)
        return code

    def stop(self) -> None:
        """End it: politely, then for certain."""
        if self._child.poll() is None:
            self._child.terminate()
            if self.wait(GRACE) is None:
                self._child.kill()
        self.wait(GRACE)


def environment(
    *, project: str, stack: str, preview: bool, parallel: int, root: Path, config: Mapping[str, str], secret: list[str]
) -> dict[str, str]:
    """The variables that the CLI gives to programs and packs."""
    return {
        "PULUMI_PROJECT": project,
        "PULUMI_STACK": stack,
        "PULUMI_ORGANIZATION": "organization",
        "PULUMI_DRY_RUN": "true" if preview else "false",
        "PULUMI_PARALLEL": str(parallel),
        "PULUMI_ROOT_DIRECTORY": str(root),
        "PULUMI_CONFIG": json.dumps(dict(config)),
        "PULUMI_CONFIG_SECRET_KEYS": json.dumps(secret),
        "PYTHONUNBUFFERED": "1",
    }


def start_program(python: Path, program: Path, env: Mapping[str, str], on_line: Callable[[str], None]) -> Process:
    """Start a program directory or file; it waits until it is told the monitor's address."""
    command = [str(python), "-u", "-m", "embedded.engine.launch", str(program)]
    directory = program if program.is_dir() else program.parent
    return Process(command, directory, with_engine(env), on_line)


def with_engine(env: Mapping[str, str]) -> dict[str, str]:
    """`env` for a child in another Python that has to find this package too."""
    package_root = str(Path(__file__).parents[2])
    path = os.pathsep.join(part for part in (os.environ.get("PYTHONPATH", ""), package_root) if part)
    return {**env, "PYTHONPATH": path}


class Pack:
    """A policy pack's process and settings, started before anything asks it; `lines` is what it prints."""

    def __init__(self, directory: Path, engine_address: str, env: Mapping[str, str]) -> None:
        self.directory = directory.resolve()
        settings = self._settings()
        runtime = settings.get("runtime")
        options = runtime.get("options") if isinstance(runtime, dict) else None
        python = interpreter(self.directory, (options or {}).get("virtualenv"))
        self.version = str(settings.get("version", ""))
        self.lines: queue.SimpleQueue[str] = queue.SimpleQueue()
        main = str(self.directory / "__main__.py")
        command = [str(python), "-u", "-m", "embedded.engine.guard", "pulumi.policy", engine_address, main]
        self.process = Process(command, self.directory, with_engine(env), self.lines.put)

    def _settings(self) -> dict[str, Any]:
        path = self.directory / "PulumiPolicy.yaml"
        try:
            found = yaml.safe_load(path.read_text())
        except FileNotFoundError:
            raise EngineError(f"policy pack {self.directory}: no PulumiPolicy.yaml there; name its folder") from None
        except yaml.YAMLError as error:
            raise EngineError(f"policy pack {self.directory}: PulumiPolicy.yaml: {error}") from None
        return found if isinstance(found, dict) else {}


def interpreter(root: Path, virtualenv: str | None) -> Path:
    """The Python of a project or pack: its virtual environment's, else the engine's own."""
    if virtualenv:
        found = (root / virtualenv).resolve() / "bin" / "python"
        if found.exists():
            return found
    return Path(sys.executable)
