"""Why the parts of a stack are as large as they are: each value with its rule and source, and what the server has.

Reads the stack file by the program's own rules, so that it works before the first `up` and without Docker. What a
running server says goes beside it; it differs where the container was made by another stack file. Changes nothing.
"""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Final

import docker
from docker.models.containers import Container
from rich.console import Group

from components.config import Settings, SettingsError, parse
from components.tuning import Explained, Sized, sized
from components.tuning.catalogue import same
from operate import connections, daemon, inside, pools, printing
from operate.doctor.stack_file import StackFile
from operate.errors import OperateError

_SECONDS: Final = 10
_SETTINGS: Final = "select name, current_setting(name) from pg_settings where name = any(string_to_array('{}', ','))"


@dataclass(frozen=True, kw_only=True)
class Told:
    """One container: its values, and what it has of them, None where it doesn't run."""

    sized: Sized
    running: Mapping[str, str] | None

    def has(self, one: Explained) -> str | None:
        """What the running server says."""
        return self.running.get(one.name) if self.running is not None else None

    def differs(self, one: Explained) -> bool:
        """Whether the running server has another value."""
        has = self.has(one)
        return has is not None and not same(one.name, one.value, has)

    def as_json(self) -> dict[str, Any]:
        """The container as --json has it."""
        values = [{**asdict(one), "running": self.has(one), "differs": self.differs(one)} for one in self.sized.values]
        return {"container": self.sized.container, "kind": self.sized.kind, "values": values}


def settings_of(stack: str) -> Settings:
    """The stack file's settings. Raises OperateError where there is none, or it breaks a rule."""
    file = StackFile.read(stack)
    if not file.config:
        raise OperateError(f"{file.finding.found}: {file.finding.todo}")
    try:
        return parse(file.config)
    except SettingsError as error:
        raise OperateError(str(error)) from None


def client_if_there() -> docker.DockerClient | None:
    """A client of Docker, None where no daemon answers: the rules are told all the same."""
    try:
        return daemon.connect(seconds=5)
    except OperateError:
        return None


def gather(settings: Settings, what: str | None, client: docker.DockerClient | None) -> list[Told]:
    """Everything that sizes itself, of the container `what` or of all. Raises OperateError for an unknown name."""
    found = list(sized(settings))
    named = [one for one in found if what in (None, one.container, one.container.removeprefix(f"{settings.prefix}-"))]
    if not named:
        known = ", ".join(one.container for one in found) or "none"
        raise OperateError(f"no server {what} in the stack file; its servers: {known}")
    admin = settings.postgres.admin
    return [Told(sized=one, running=_running(one, admin, client) if client else None) for one in named]


def _running(one: Sized, admin: str, client: docker.DockerClient) -> dict[str, str] | None:
    container = daemon.find(client, one.container)
    if container is None or container.status != "running":
        return None
    ask = {"postgres": _postgres, "redis": _redis, "mongo": _mongo, "pgbouncer": _pgbouncer}.get(one.kind)
    try:
        return dict(ask(container, [value.name for value in one.values], admin)) if ask else None
    except OperateError:  # it has just stopped, or hangs: `status` says so
        return None


def _postgres(container: Container, names: Sequence[str], admin: str) -> Iterator[tuple[str, str]]:
    query = _SETTINGS.format(",".join(names))
    command = ["psql", "--no-psqlrc", "--username", admin, "--dbname", "postgres", "--csv", "--tuples-only"]
    rows = csv.reader(_output(container, [*command, "--command", query], "postgres").splitlines())
    return ((name, value) for name, value in rows)


def _redis(container: Container, names: Sequence[str], admin: str) -> Iterator[tuple[str, str]]:  # noqa: ARG001
    """Sizes as Redis takes them in its configuration; it tells them in bytes."""
    lines = _output(container, connections.redis_as_admin("config", "get", *names), "").split()
    for name, value in zip(lines[::2], lines[1::2], strict=False):
        mebibytes, rest = divmod(int(value), 1024**2) if value.isdigit() else (0, 1)
        yield name, value if rest else f"{mebibytes}mb"


def _mongo(container: Container, names: Sequence[str], admin: str) -> Iterator[tuple[str, str]]:  # noqa: ARG001
    """What the server was started with."""
    given = container.attrs["Args"]
    return ((name, given[given.index(f"--{name}") + 1]) for name in names if f"--{name}" in given)


def _pgbouncer(container: Container, names: Sequence[str], admin: str) -> Iterator[tuple[str, str]]:  # noqa: ARG001
    """The size of each pool, all processes together."""
    return ((f"pool {pool.database}", str(pool.size)) for pool in pools.of(container))


def _output(container: Container, command: Sequence[str], user: str) -> str:
    done = inside.capture(container, command, user=user, seconds=_SECONDS)
    if done.code:
        raise OperateError(f"{container.name}: {done.reason}")
    return done.out.decode()


def render(told: Iterable[Told]) -> Group:
    """The tables for people."""
    return Group(*(_table(one) for one in told))


def _table(told: Told) -> Any:
    state = "" if told.running is not None else " (doesn't run)"
    table = printing.table(f"\n{told.sized.container}{state}", "name", "value", "running", "rule", "source")
    for one in told.sized.values:
        has = told.has(one) or "-"
        table.add_row(one.name, one.value, f"[red]{has}[/red]" if told.differs(one) else has, one.rule, one.source)
    return table
