"""Plays a script on the embedded engine, on real Docker and a real PostgreSQL, and tells what was seen of each step.

Owns the stack's folder and what is done by hand between steps. Names, subnets and ports are of its own; in what was
seen they are exchanged for the recorded ones.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import psycopg

from tests.conformance import calls, facts
from tests.conformance.extract import PASSPHRASE, opened
from tests.conformance.facts import Seen
from tests.conformance.host import Host
from tests.conformance.normal import Json
from tests.conformance.scripts import Script, Step

REPOSITORY = Path(__file__).parents[2]
SECONDS = 180  # for one command
CHANGED = {"02-up-json-same": ("--json",)}  # flags of a recorded step that the engine has not: see known.py


class Play:
    """A stack of its own for one script."""

    def __init__(self, script: Script, root: Path, host: Host) -> None:
        self._script, self._host = script, host
        self._root = root / script.name
        shutil.copytree(script.folder, self._root)
        (self._root / "state").mkdir()
        self._env = {
            **os.environ,
            "PULUMI_BACKEND_URL": f"file://{self._root}/state",
            "PULUMI_HOME": str(self._root / "home"),
            "PULUMI_CONFIG_PASSPHRASE": PASSPHRASE,
            "PYTHONPATH": str(REPOSITORY),
        }

    def run(self, commands: Json) -> Json:
        """The facts of every step. `commands` are the steps' recorded ones."""
        self._engine("stack", "init", self._script.stack)
        for name, value in self._host.config(self._script).items():
            self._engine("config", "set", name, value)
        for name, value in self._script.config.items():
            self._engine("config", "set", "--secret", name, value)
        found: Json = {}
        before: Json = {}
        for step in self._script.steps:
            seen = self._step(step, commands[step.name]["command"], before)
            found[step.name] = facts.of(seen) if not step.apart else {"exit": seen.code, "out": seen.out}
            before = seen.after
        return found

    def _step(self, step: Step, command: str, before: Json) -> Seen:
        if step.number:
            self._engine("config", "set", "step", str(step.number))
        if step.before:
            getattr(self, f"_{step.before}")(before)
        log = self._root / f"{step.name}.jsonl"
        arguments = [word for word in command.split() if word not in CHANGED.get(step.name, ())]
        done = self._call(str(log), *arguments)
        after = self._state()
        rows = [json.loads(line) for line in log.read_text().splitlines()] if log.exists() else []
        states = [self._host.recorded(item).get("resources") or [] for item in (before, after)]
        rows = calls.logged(self._host.recorded(rows), *states)
        return Seen(
            command=command,
            code=done.returncode,
            out=self._host.text(done.stdout),
            err=done.stderr,
            rows=list(rows),
            before=self._host.recorded(before),
            after=self._host.recorded(after),
        )

    def _call(self, log: str, *arguments: str) -> subprocess.CompletedProcess[str]:
        words = [sys.executable, "-m", "tests.conformance.engine", log, *arguments]
        return subprocess.run(
            words, cwd=self._root, env=self._env, capture_output=True, text=True, timeout=SECONDS, check=False
        )

    def _engine(self, *arguments: str) -> str:
        words = [sys.executable, "-m", "embedded", *arguments]
        done = subprocess.run(words, cwd=self._root, env=self._env, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def _state(self) -> Json:
        """The exported deployment, its secrets opened."""
        return opened(json.loads(self._engine("stack", "export"))["deployment"] or {})

    def _killed(self, _: Json) -> None:
        """A run is killed while a command of its program sleeps."""
        words = [sys.executable, "-m", "embedded", "up", "--yes", "--skip-preview"]
        run = subprocess.Popen(words, cwd=self._root, env=self._env, stdout=subprocess.PIPE, text=True)
        assert run.stdout is not None
        end = time.monotonic() + SECONDS
        while "slow creating" not in (line := run.stdout.readline()):
            assert line, "the run ended before it could be killed"
        while not self._state().get("pending_operations"):
            assert time.monotonic() < end, "the step to be killed in was never noted"
        run.send_signal(signal.SIGKILL)
        run.wait()
        run.stdout.close()

    def _drift(self, before: Json) -> None:
        """Somebody removes the client and changes a role."""
        self._host.remove_container("web")
        passwords = [item for item in before["resources"] if item["urn"].endswith("::admin-password")]
        address: dict[str, Any] = {"host": f"{self._host.data}.10", "user": "postgres", "dbname": "postgres"}
        password = passwords[0]["outputs"]["result"]["secret"]
        with psycopg.connect(**address, password=password, sslmode="disable", autocommit=True) as connection:
            connection.execute("ALTER ROLE shop_a CONNECTION LIMIT 3")
