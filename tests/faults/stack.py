"""The stack of `program.py` on a real daemon and server: run with faults, and compared with what is really there."""

from __future__ import annotations

import json
import secrets
import shutil
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path
from typing import Any

import docker

from tests import busybox
from tests.embedded.conftest import Result, Workspace
from tests.embedded.providers.postgresql.conftest import PostgresServer

SECONDS = 120  # no run of these stacks takes a tenth of it
DOCKER = {
    "docker:index/container:Container": "containers",
    "docker:index/network:Network": "networks",
    "docker:index/volume:Volume": "volumes",
}
POSTGRESQL = {"postgresql:index/role:Role": "roles", "postgresql:index/database:Database": "databases"}
World = dict[str, list[str]]


def run(workspace: Workspace, spec: str, *arguments: str) -> Result:
    """One call of the engine with a fault in it; a code below zero is the signal that ended it."""
    done = subprocess.run(
        [sys.executable, "-m", "tests.faults.engine", spec, *arguments],
        cwd=workspace.root,
        env=workspace.env,
        capture_output=True,
        text=True,
        timeout=SECONDS,
        check=False,
    )
    return Result(done.returncode, done.stdout, done.stderr)


class Going:
    """A run that goes on while a test does something to it; what it prints is in files, so that nothing is lost."""

    def __init__(self, workspace: Workspace, spec: str, *arguments: str, said: str = "") -> None:
        """`said` begins the names of those files."""
        self._out, self._err = workspace.root / f"{said}out", workspace.root / f"{said}err"
        with self._out.open("w") as out, self._err.open("w") as err:
            command = [sys.executable, "-m", "tests.faults.engine", spec, *arguments]
            self.process = subprocess.Popen(
                command, cwd=workspace.root, env=workspace.env, stdout=out, stderr=err, start_new_session=True
            )

    def until(self, text: str) -> Going:
        """Wait until it has printed `text`."""
        end = time.monotonic() + SECONDS
        while text not in self._out.read_text():
            assert self.process.poll() is None, self.said()
            assert time.monotonic() < end, self.said()
            time.sleep(0.02)
        return self

    def result(self, seconds: float = SECONDS) -> Result:
        """Its end, which comes within `seconds`."""
        code = self.process.wait(seconds)
        return Result(code, self._out.read_text(), self._err.read_text())

    def said(self) -> str:
        """All that it has printed so far."""
        return self._out.read_text() + self._err.read_text()


class FaultStack:
    """A stack with names of its own. `secret` texts may stand in no file of the state folder."""

    def __init__(self, root: Path, server: PostgresServer) -> None:
        self.name = f"flt-{secrets.token_hex(3)}"
        self.workspace = Workspace(root)
        self.log = root / "log"
        self.log.touch()
        self._server = server
        self._daemon = docker.from_env()
        self._secret = secrets.token_urlsafe(18)
        shutil.copy(Path(__file__).with_name("program.py"), root / "__main__.py")
        self.workspace.pulumi("stack", "init", "test")
        image = busybox.ensure(docker.APIClient())
        values = {"name": self.name, "log": str(self.log), "image": image, "host": server.host}
        for key, value in values.items():
            self.workspace.set(key, value)
        for key, value in {"secret": self._secret, "admin": server.password}.items():
            self.workspace.pulumi("config", "set", "--secret", key, value)

    def version(self, number: int) -> None:
        """Which of its two versions the program is."""
        self.workspace.set("version", str(number))

    def deployment(self, *flags: str) -> dict[str, Any]:
        """The state as it is written."""
        found: dict[str, Any] = json.loads(self.workspace.pulumi("stack", "export", *flags).out)["deployment"]
        return found

    def differences(self) -> list[str]:
        """Where the state isn't what is there, each in words; empty when all is well."""
        deployment = self.deployment("--show-secrets")
        resources = deployment.get("resources", [])
        urns = Counter(item["urn"] for item in resources)
        found = [f"{urn} is {count} times in the state" for urn, count in urns.items() if count > 1]
        found += [f"{item['urn']} still waits for its deletion" for item in resources if item.get("delete")]
        pending = deployment.get("pending_operations", [])
        found += [f"{item['resource']['urn']} is still {item['type']}" for item in pending]
        return found + _compared(self._wanted(resources), self.world()) + self.leaks(deployment)

    def world(self) -> World:
        """What there is on daemon and server, whoever knows of it; containers and networks with their ids."""
        mine = {"label": f"faults={self.name}"}
        like = self.name.replace("-", "\\_") + "\\_%"
        return {
            "containers": [
                f"{one.name} {one.id} {one.status}" for one in self._daemon.containers.list(all=True, filters=mine)
            ],
            "networks": [f"{one.name} {one.id}" for one in self._daemon.networks.list(filters=mine)],
            "volumes": [str(one.name) for one in self._daemon.volumes.list(filters=mine)],
            "roles": self._names(f"SELECT rolname FROM pg_roles WHERE rolname LIKE '{like}'"),
            "databases": self._names(f"SELECT datname FROM pg_database WHERE datname LIKE '{like}'"),
        }

    def leaks(self, deployment: dict[str, Any]) -> list[str]:
        """Files of the state folder in which a secret of the deployment stands in plain."""
        plain = {self._secret, self._server.password, *_passwords(deployment)}
        files = [path for path in (self.workspace.root / "state").rglob("*") if path.is_file()]
        return [f"{path.name} has a secret in plain" for path in files if _any(plain, path.read_bytes())]

    def remove(self) -> None:
        """Take everything away, whatever state it is in."""
        mine = {"label": f"faults={self.name}"}
        for container in self._daemon.containers.list(all=True, filters=mine):
            container.remove(force=True, v=True)
        for network in self._daemon.networks.list(filters=mine):
            network.remove()
        for volume in self._daemon.volumes.list(filters=mine):
            volume.remove(force=True)
        world = self.world()
        for name in world["databases"]:
            self._server.sql(f"DROP DATABASE {name} WITH (FORCE)")
        for name in world["roles"]:
            self._server.sql(f"DROP ROLE {name}")
        self._daemon.close()

    def _names(self, query: str) -> list[str]:
        return [str(row[0]) for row in self._server.sql(query)]

    def _wanted(self, resources: list[dict[str, Any]]) -> World:
        """What has to be there for the state to be true."""
        wanted: World = {kind: [] for kind in (*DOCKER.values(), *POSTGRESQL.values())}
        for item in resources:
            name, kind = str(item.get("outputs", {}).get("name")), str(item["type"])
            if kind in POSTGRESQL:
                wanted[POSTGRESQL[kind]].append(name)
            elif kind in DOCKER:
                wanted[DOCKER[kind]].append(_described(DOCKER[kind], name, item))
        return wanted


def _passwords(deployment: dict[str, Any]) -> set[str]:
    """What RandomPassword has made, in a deployment with its secrets in plain."""
    made = [item["outputs"] for item in deployment.get("resources", []) if item["type"].endswith(":RandomPassword")]
    return {json.loads(outputs["result"]["plaintext"]) for outputs in made}


def _described(kind: str, name: str, item: dict[str, Any]) -> str:
    if kind == "volumes":
        return name
    ended = kind == "containers" and item["inputs"].get("mustRun") is False
    status = {"containers": " exited" if ended else " running"}.get(kind, "")
    return f"{name} {item['id']}{status}"


def _compared(wanted: World, found: World) -> list[str]:
    lines = []
    for kind, names in wanted.items():
        lines += [f"{kind}: {name} is in the state and not there" for name in sorted({*names} - {*found[kind]})]
        lines += [f"{kind}: {name} is there and not in the state" for name in sorted({*found[kind]} - {*names})]
        lines += [f"{kind}: {name} is there twice" for name, count in Counter(found[kind]).items() if count > 1]
    return lines


def _any(texts: set[str], content: bytes) -> bool:
    return any(text.encode() in content for text in texts)
