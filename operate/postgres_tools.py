"""PostgreSQL's own programs on any server of a stack, as its admin or as somebody else.

On a server of the stack they run inside its container. For one outside of the stack they run in a container that is
made for it and removed again, on the app's network and so by the way that the app goes; the password is in the
environment of that one command.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, BinaryIO, Final

import docker
from docker.errors import APIError, ImageNotFound
from docker.models.containers import Container

from operate import archive, daemon, inside, members, pulumi
from operate import stack as stacks
from operate.archive import File
from operate.errors import OperateError
from operate.stack import ExternalServer, Stack

_USER: Final = "postgres"
_AUTHORITY: Final = "/tmp/authority.crt"  # noqa: S108 - in the container that nobody else is in
_LONGEST: Final = "86400"  # seconds after which a container that was left behind ends


@dataclass(frozen=True, kw_only=True)
class Tools:
    """A container with the programs, and what they are told of the server in their environment.

    `where` is how people say which server it is; `admin` who manages it.
    """

    container: Container
    where: str
    admin: str
    environment: Mapping[str, str] = field(default_factory=dict, repr=False)

    def as_admin(self, program: str, database: str, *arguments: str) -> list[str]:
        """The command that runs a program on a database as the admin."""
        return [program, "--username", self.admin, "--dbname", database, *arguments]

    def capture(
        self,
        command: Sequence[str],
        *,
        environment: Mapping[str, str] | None = None,
        given: BinaryIO | None = None,
        out: BinaryIO | None = None,
        seconds: float = 60,
    ) -> inside.Done:
        """Run to the end, as `inside.capture`. Raises OperateError on silence."""
        told = {**self.environment, **(environment or {})}
        return inside.capture(
            self.container, command, user=_USER, environment=told, given=given, out=out, seconds=seconds
        )

    def interact(self, command: Sequence[str], environment: Mapping[str, str]) -> int:
        """Run with this terminal, as `inside.interact`; the exit code."""
        return inside.interact(self.container, command, user=_USER, environment={**self.environment, **environment})


@contextmanager
def on(stack: Stack, key: str, client: docker.DockerClient) -> Iterator[Tools]:
    """The programs for the server of that key, as its admin. Raises OperateError where it can't be asked."""
    if key in stack.servers:
        server = stack.servers[key]
        yield Tools(
            container=daemon.running(client, members.primary(client, server)), where=server.name, admin=server.admin
        )
        return
    outside = stack.external_servers[key]
    if not stack.running:
        raise OperateError(f"{stack.name} is down, and {outside.host} is reached through its network")
    told = {
        "PGHOST": outside.host,
        "PGPORT": str(outside.port),
        "PGSSLMODE": outside.sslmode,
        "PGPASSWORD": stacks.admin_password(stack.name, key),
        **({"PGSSLROOTCERT": _AUTHORITY} if outside.ca else {}),
    }
    with _beside(stack, outside, client) as container:
        yield Tools(container=container, where=outside.where, admin=outside.admin, environment=told)


@contextmanager
def _beside(stack: Stack, outside: ExternalServer, client: docker.DockerClient) -> Iterator[Container]:
    """A container with the programs on the network where the relay is, removed in any case. Raises OperateError."""
    image = f"data-tier/postgres:{outside.major}"
    try:
        container: Any = client.containers.create(
            image,
            ["sleep", _LONGEST],
            entrypoint=[],
            name=f"{stack.prefix}-tools-{secrets.token_hex(4)}",
            network=outside.network,
            labels={daemon.STACK_LABEL: stack.prefix, "data-tier.component": "tools"},
            cap_drop=["ALL"],
            init=True,
        )
    except ImageNotFound:
        raise OperateError(f"there is no image {image}: `make images` builds it") from None
    except APIError as error:
        raise OperateError(f"no container can be made on {outside.network}: {error.explanation}") from None
    try:
        if outside.ca:
            container.put_archive("/", _archive(outside.ca))
        container.start()
        yield container
    except APIError as error:
        raise OperateError(f"the way to {outside.where} isn't there: {error.explanation}") from None
    finally:
        container.remove(force=True)


def _archive(ca: str) -> bytes:
    try:
        content = (pulumi.REPOSITORY / ca).read_bytes()
    except OSError as error:
        raise OperateError(f"{ca} can't be read: {error.strerror}") from None
    return archive.pack({_AUTHORITY: File(data=content)})
