"""What a stack's poolers do: their pools by database, a pause for operations and its end.

A pooler's processes count together. How they are asked belongs to `pooler_console`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Final

import docker
from docker.models.containers import Container
from rich.table import Table

from operate import daemon, printing
from operate.errors import OperateError
from operate.pooler_console import Rows, ask
from operate.stack import Pooler, Stack

EVERYTHING: Final = "*"  # a pause of the whole pooler, with its look-ups
_HIDDEN: Final = frozenset({"pgbouncer", "pgbouncer_auth"})  # the console, and where logins are looked up


@dataclass(frozen=True, kw_only=True)
class Pool:
    """One database behind one pooler: `clients` connected, `waiting` for one of `size` server connections, `servers`
    open, `longest` the longest wait in seconds.
    """

    pooler: str
    database: str
    paused: bool
    clients: int = 0
    waiting: int = 0
    servers: int = 0
    size: int = 0
    longest: float = 0.0

    @property
    def name(self) -> str:
        """What a message calls it."""
        return f"{self.pooler}/{self.database}"

    def as_json(self) -> dict[str, Any]:
        """The pool as --json has it."""
        return asdict(self)


def look(stack: Stack, client: docker.DockerClient) -> list[Pool]:
    """The pools of all poolers. Raises OperateError where there is none, or one doesn't answer."""
    return [pool for _, pooler in _poolers(stack, None) for pool in of(daemon.running(client, pooler.name))]


def of(container: Container) -> list[Pool]:
    """The pools of one pooler, by database; one named `*` where all of it is paused. Raises OperateError."""
    databases, pools = ask(container, "SHOW DATABASES"), ask(container, "SHOW POOLS")
    whole = any(row == {"key": "paused", "value": "yes"} for rows in ask(container, "SHOW STATE") for row in rows)
    names = dict.fromkeys(row["name"] for rows in databases for row in rows if row["name"] not in _HIDDEN)
    named = str(container.name)
    found = [_pool(named, database, databases, pools) for database in names]
    return [*([Pool(pooler=named, database=EVERYTHING, paused=True)] if whole else []), *found]


def _pool(pooler: str, database: str, databases: Sequence[Rows], pools: Sequence[Rows]) -> Pool:
    its = [row for rows in databases for row in rows if row["name"] == database]
    rows = [row for rows in pools for row in rows if row["database"] == database]
    return Pool(
        pooler=pooler,
        database=database,
        clients=sum(int(row["cl_active"]) + int(row["cl_waiting"]) for row in rows),
        waiting=sum(int(row["cl_waiting"]) for row in rows),
        servers=sum(int(row["current_connections"]) for row in its),
        size=sum(int(row["pool_size"]) for row in its),
        longest=max((int(row["maxwait"]) + int(row["maxwait_us"]) / 1e6 for row in rows), default=0.0),
        paused=any(row["paused"] == "1" for row in its),
    )


def pause(stack: Stack, app: str | None, client: docker.DockerClient, seconds: int) -> list[str]:
    """Pause the pools of an app, or all; what was paused. Raises OperateError, and then nothing stays paused."""
    done: list[str] = []
    try:
        for container, command, name in _each(stack, app, client, "PAUSE"):
            done.append(name)
            ask(container, command, seconds)
    except OperateError as error:
        resume(stack, app, client)
        why = f"a transaction didn't end within {seconds} s, or is open and idle" if "no answer" in str(error) else ""
        raise OperateError(f"nothing is paused: {error}{f' ({why})' if why else ''}") from None
    return done


def resume(stack: Stack, app: str | None, client: docker.DockerClient) -> list[str]:
    """Let the pools of an app, or all, go on, also those paused by themselves; what was paused. Raises OperateError."""
    done = []
    for container, _, name in _each(stack, app, client, "RESUME"):
        for pool in of(container):
            if pool.paused and name in {pool.name, container.name}:
                _resume(container, pool)
                done.append(pool.name)
    return done


def _resume(container: Container, pool: Pool) -> None:
    """Raises OperateError where it stays paused: a process that wasn't says so, which is none."""
    try:
        ask(container, "RESUME" if pool.database == EVERYTHING else f"RESUME {pool.database}", all_of_them=True)
    except OperateError:
        if any(one.paused and one.name == pool.name for one in of(container)):
            raise


def _each(
    stack: Stack, app: str | None, client: docker.DockerClient, verb: str
) -> Iterator[tuple[Container, str, str]]:
    for key, pooler in _poolers(stack, app):
        container = daemon.running(client, pooler.name)
        its = stack.databases.get(app) if app else None
        if its is None:
            yield container, verb, pooler.name
        elif its.server == key:
            yield container, f"{verb} {its.database}", f"{pooler.name}/{its.database}"


def _poolers(stack: Stack, app: str | None) -> list[tuple[str, Pooler]]:
    """Those that `app` is behind, or all. Raises OperateError for none."""
    if not stack.running:
        raise OperateError(f"{stack.name} is down: `make up STACK={stack.name}` brings it back")
    if app is not None:
        stack.require(app)
    keys = list(stack.poolers)
    if app is not None:
        keys = [stack.databases[app].server] if app in stack.databases else []
    found = [(key, stack.poolers[key]) for key in keys if key in stack.poolers]
    if not found:
        of_whom = f"{app} has no database behind a pooler" if app else f"{stack.name} has no pooler"
        raise OperateError(f"{of_whom}: data-tier:postgres.pooler in the stack file declares one")
    return found


def render(pools: Sequence[Pool]) -> Table:
    """The table for people."""
    table = printing.table("\nPools", "pooler", "database", "clients", "waiting", "longest", "servers", "of", "state")
    for pool in pools:
        state = "[red]paused[/red]" if pool.paused else "[green]active[/green]"
        numbers = (pool.clients, pool.waiting, f"{pool.longest:.1f} s", pool.servers, pool.size)
        table.add_row(pool.pooler, pool.database, *(str(number) for number in numbers), state)
    return table
