"""A stack of a test's own, from its first `up` to its purge, and what tests ask of it meanwhile.

What the stack file holds belongs to each test, how it is kept apart from other stacks to `stackfile`.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cached_property
from typing import Any, TypeVar

import docker

from tests.integration.daemon import Host
from tests.integration.project import Project

L = TypeVar("L", bound="Life")


class Life:
    """A stack: its project and its host."""

    def __init__(self, project: Project, host: Host) -> None:
        self.project, self.host = project, host

    def change(self, **keys: Any) -> None:
        """Set keys of the stack file; None takes one away."""
        file = self.project.edit()
        for key, value in keys.items():
            file["config"][f"data-tier:{key}"] = value
            if value is None:
                del file["config"][f"data-tier:{key}"]
        self.project.write(file)

    @property
    def apps(self) -> dict[str, Any]:
        """The apps as the stack file has them."""
        found: dict[str, Any] = self.project.edit()["config"]["data-tier:apps"]
        return found

    def up(self) -> None:
        self.project.pulumi("up", "--yes", "--skip-preview")
        self.__dict__.pop("told", None)

    def refused(self, *commands: list[str], wanted: tuple[str, ...]) -> None:
        """The commands are not let through and change nothing."""
        before = self.host.ids()
        for command in commands:
            done = self.project.pulumi(*command, ok=False)
            assert done.code != 0, f"{command} went through: {done.text}"
            assert all(part in done.text for part in wanted), done.text
        assert self.host.ids() == before

    @cached_property
    def told(self) -> dict[str, Any]:
        """The stack's outputs after the last `up`, secrets in plain."""
        found: dict[str, Any] = json.loads(self.project.pulumi("stack", "output", "--show-secrets", "--json").out)
        return found

    def servers(self) -> dict[str, tuple[str, int]]:
        return {key: (its["address"], its["port"]) for key, its in self.told["servers"].items()}

    def url(self, app: str, file: str, server: str) -> str:
        """An app's URL with the address of its server in place of the name, or of the pooler that it leads to."""
        secrets = self.told["secrets"]
        url = secrets["migrate_urls"][app] if file == "migrate_url" else secrets["urls"][app][file]
        login, _, where = url.rpartition("@")
        ca = self.project.root / "ca.crt"
        ca.write_text(self.told["ca"])
        rest = where.partition(":")[2].replace("/run/secrets/ca.crt", str(ca))
        pooler = self.told["poolers"].get(server) if file == "database_url" else None
        return f"{login}@{pooler['address'] if pooler else self.servers()[server][0]}:{rest}"


@contextmanager
def lived(client: docker.DockerClient, project: Project, kind: type[L], *, up: bool = True) -> Iterator[L]:
    """The project's stack, `up` or not yet; purged at the end, and then nothing of it is left."""
    host = Host(client, project.edit()["config"]["data-tier:prefix"])
    try:
        project.pulumi("stack", "init")
        if up:
            project.pulumi("up", "--yes", "--skip-preview")
        yield kind(project, host)
        project.operate("down", "--purge")
        assert [*host.containers(ended=True), *host.networks(), *host.volumes()] == []
    finally:
        host.remove_everything()
