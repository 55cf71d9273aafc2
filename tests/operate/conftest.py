"""A small stack on real Docker for the commands: shop is unified, wiki has servers of its own, front has no data.

Owns how commands are run in it, also with input. Without a Docker daemon these tests fail and say so.
"""

from __future__ import annotations

import json
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import docker
import pytest
from docker.errors import DockerException

from tests.integration import stackfile
from tests.integration.daemon import Host
from tests.integration.project import STACK, Project, Result, command_lines

PREFIX = f"oper-{stackfile.PREFIX.rpartition('-')[2]}"
PYTHON = ".venv/bin/python"
_SAMPLE_SECONDS = 0.05


@dataclass(frozen=True)
class Running:
    """The stack under test: its project, and its host."""

    project: Project
    host: Host

    def operate(self, command: str, *arguments: str, given: str = "", ok: bool = True) -> Result:
        """`./operatew` with `given` as its input; with `ok` a failure of it fails the test."""
        run = [PYTHON, "-m", "operate", command, "--stack", STACK, *arguments]
        done = subprocess.run(
            run,
            cwd=self.project.root,
            env=self.project.env,
            input=given,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        result = Result(done.returncode, done.stdout, done.stderr)
        assert not ok or result.code == 0, f"{' '.join(run)} failed with exit code {result.code}:\n{result.text}"
        return result

    def told(self, command: str, *arguments: str, ok: bool = True) -> Any:
        """What a command says with --json."""
        return json.loads(self.operate(command, "--json", *arguments, ok=ok).out)

    @cached_property
    def passwords(self) -> list[str]:
        """Every password that was generated for the stack."""
        kind = "random:index/randomPassword:RandomPassword"
        return [item["outputs"]["result"] for item in self.project.resources() if item["type"] == kind]

    @contextmanager
    def watched(self) -> Iterator[set[str]]:
        """The command lines of all processes meanwhile, looked at every few hundredths of a second."""
        over, seen = threading.Event(), set[str]()

        def watch() -> None:
            while not over.wait(_SAMPLE_SECONDS):
                seen.update(command_lines())

        watcher = threading.Thread(target=watch, daemon=True)
        watcher.start()
        yield seen
        over.set()
        watcher.join()


def settings(client: docker.DockerClient) -> dict[str, Any]:
    """The stack file's keys, with subnets and ports that nothing else on this host has."""
    data, backend, frontend, *_ = stackfile.free_subnets(client, 3)
    ports = [stackfile.free_port(4700, 4800), stackfile.free_port(3700, 3800)]
    return {
        "data-tier:prefix": PREFIX,
        "data-tier:images": dict(stackfile.IMAGES),
        "data-tier:network": {
            "data": {"internal": True, "subnet": str(data), "apps": str(stackfile.free_pool(client))},
            "backend": {"internal": True, "subnet": str(backend), "publish": "loopback", "ports": "4000-4999"},
            "frontend": {"subnet": str(frontend), "publish": "public", "ports": "3000-3999"},
        },
        "data-tier:postgres": {"image": "postgres:17", "resources": {"memory": "256Mi", "cpu": 1}, "connections": 40},
        "data-tier:redis": {"image": "redis:8", "memory": "64Mi", "databases": {"cache": 0, "queue": 1}},
        "data-tier:apps": {
            "shop": {
                "postgres": {"database": "shop_db", "connections": 5},
                "redis": ["cache", "queue"],
                "service": {"tier": "backend", "port": f"{ports[0]}:8000"},
            },
            "wiki": {"dedicated": True, "postgres": {"database": "wiki_db", "connections": 5}, "redis": ["queue"]},
            "front": {"service": {"tiers": ["frontend"], "port": f"{ports[1]}:3000"}},
        },
    }


@pytest.fixture(scope="session")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """The stack, up; everything of it is removed at the end."""
    try:
        client = docker.from_env()
        client.ping()
    except DockerException as error:
        pytest.fail(f"no Docker daemon answers ({type(error).__name__}): these tests need a real one", pytrace=False)
    host = Host(client, PREFIX)
    project = Project(tmp_path_factory.mktemp("operate"), settings(client))
    try:
        project.pulumi("stack", "init")
        project.pulumi("up", "--yes")
        yield Running(project, host)
    finally:
        host.remove_everything()
