"""Physical backups of whole servers: asks the container that makes them, which has pgBackRest and the repository.

Owns which servers of a stack have one and how they are asked; what a backup is belongs to `images.backup`.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, BinaryIO, Final

import docker
from rich.table import Table

from components import backup_jobs, table_facts
from operate import daemon, inside, printing
from operate.backup import postgres_facts
from operate.backup.manifest import Facts
from operate.errors import OperateError
from operate.stack import Server, Stack

_PROGRAM: Final = ("python3", "-B", "-m", "images.backup")
_SILENCE_SECONDS: Final = 24 * 3600
_LIST_SECONDS: Final = 120
_COLUMNS: Final = ("server", "backup", "type", "size", "stored", "age", "log", "restored and compared")


@dataclass(frozen=True, kw_only=True)
class Beside:
    """A server and the container that makes its backups."""

    key: str
    server: Server
    container: Any

    def ask(self, *arguments: str, out: BinaryIO | None = None, seconds: float = _SILENCE_SECONDS) -> inside.Done:
        """Run the program there. Raises OperateError with its reason."""
        done = inside.capture(self.container, [*_PROGRAM, *arguments], out=out, seconds=seconds)
        if done.code:
            raise OperateError(f"{self.server.name}: {done.reason.removeprefix('error: ')}")
        return done


def of(stack: Stack, client: docker.DockerClient, app: str | None = None, only: str | None = None) -> Iterator[Beside]:
    """The servers with backups, that of one app's database, or the one with the key `only`.

    Raises OperateError where a container doesn't run.
    """
    if app:
        only = stack.databases[app].server if app in stack.databases else ""
    for key, server in stack.servers.items():
        if server.backup and only in (None, key):
            yield Beside(key=key, server=server, container=daemon.running(client, server.backup))


def require(stack: Stack, client: docker.DockerClient, app: str | None = None) -> list[Beside]:
    """As `of`, at least one. Raises OperateError."""
    if not stack.running:
        raise OperateError(f"{stack.name} is down: `make up STACK={stack.name}` first")
    if found := list(of(stack, client, app)):
        return found
    which = f"the server of {app}'s database" if app else f"no server of {stack.name}"
    has = "has no physical backups" if app else "has physical backups"
    raise OperateError(f"{which} {has}: write `backup: {{}}` into its section of the stack file")


def run(beside: Beside, kind: str) -> dict[str, Any]:
    """A backup of a type, or a restore test, now. Raises OperateError."""
    found: dict[str, Any] = json.loads(beside.ask("run", kind).out)
    return {"server": beside.server.name, **found}


def listed(beside: Beside) -> dict[str, Any]:
    """What the repository has, and how its jobs have done. Raises OperateError."""
    found: dict[str, Any] = json.loads(beside.ask("list", seconds=_LIST_SECONDS).out)
    return {"server": beside.server.name, **found}


def told(done: dict[str, Any]) -> str:
    """What a person is told about a job that has ended."""
    if done["kind"] == backup_jobs.RESTORE_TEST:
        what = f"{done['label']} restored and compared: {done['tables']} tables, {done['rows']} rows"
        return f"{done['server']}: {what}, {done['seconds']:g} s"
    size = printing.size(done["stored"])
    return f"{done['server']}: {done['type']} backup {done['label']}, {size} stored, {done['seconds']:g} s"


def render(found: list[dict[str, Any]]) -> Table:
    """The backups as a table."""
    table, now = printing.table("Physical backups", *_COLUMNS), datetime.now(UTC).timestamp()
    for server in found:
        for one in server["backups"]:
            table.add_row(
                server["server"],
                one["label"],
                one["type"],
                printing.size(one["bytes"]),
                printing.size(one["stored"]),
                f"{(now - one['stopped']) / 3600:.1f} h",
                f"{one['first_segment']} to {one['last_segment']}",
                _tested(one["evidence"]),
            )
    return table


def _tested(evidence: dict[str, Any] | None) -> str:
    if not evidence or not evidence["tests"]:
        return "not yet" if evidence else "[red]without a manifest[/]"
    last = evidence["tests"][-1]
    if not last["equal"]:
        return f"[red]{last['when']}: {'; '.join(last['differences'][:2])}[/]"
    return f"[green]{last['when']}: {last['tables']} tables, {last['rows']} rows ({last['seconds']:g} s)[/]"


def write_point(beside: Beside, database: str, moment: datetime, file: BinaryIO) -> tuple[Facts, dict[str, Any]]:
    """A dump of a database as it was at `moment`, what it holds, and from which backup. Raises OperateError."""
    done = beside.ask("point", database, moment.isoformat(), out=file)
    lines = done.err.decode(errors="replace").splitlines()
    said = [json.loads(line.removeprefix(table_facts.MARK)) for line in lines if line.startswith(table_facts.MARK)]
    if not said or "label" not in said[-1]:
        raise OperateError(f"{beside.server.name}: the backup container has told nothing about {database}")
    return postgres_facts.facts(said[:-1]), said[-1]


def moment(text: str) -> datetime:
    """A time with its zone. Raises OperateError."""
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        raise OperateError(f"--to {text}: write a time like '2026-11-21 09:30:00+00'") from None
    if found.tzinfo is None:
        raise OperateError(f"--to {text}: say in which zone, like '{text}+00' for UTC")
    return found.astimezone(UTC)
