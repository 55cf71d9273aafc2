"""Restores a copy of one app: a database beside the app's own, keys of Redis where none are or in place of others.

Nothing that an app uses is written over: a database comes under another name and takes the app's place only by a swap,
which keeps the former one; keys are replaced only on request, after a copy of those that are there. What is restored is
compared with the copy's manifest before anybody can use it.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import docker

from operate import daemon, postgres_tools
from operate.backup import manifest, mongo, postgres, postgres_facts, psql, redis, swap, take
from operate.backup.manifest import Check, Facts, Manifest
from operate.backup.take import Copy, Progress
from operate.errors import OperateError
from operate.postgres_tools import Tools
from operate.stack import Server, Stack

_NAME: Final = re.compile(r"[a-z_][a-z0-9_]{0,62}")
_ROLE: Final = "SELECT rolname FROM pg_roles WHERE rolname = :'name';"
_KINDS: Final = {"postgres": "database", "redis": "keys in Redis", "mongo": "database in MongoDB"}


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """What was asked for. `name` is the restored database's, where one was given."""

    app: str
    name: str | None = None
    swap: bool = False
    replace: bool = False


@dataclass(frozen=True, kw_only=True)
class Restored:
    """What was done: the store that was written, and `former`, where the app's own database is after a swap.

    `saved` are the copies of what was replaced, `away` the seconds for which the app couldn't connect.
    """

    app: str
    store: str
    entries: int
    seconds: float
    former: str | None = None
    away: float | None = None
    saved: tuple[str, ...] = ()

    def as_json(self) -> dict[str, Any]:
        """The restore as --json has it."""
        return asdict(self)


def look(stack: Stack, wanted: Wanted, file: Path | None) -> Copy | None:
    """The copy that is to be restored, whole and of this app, before anything is done. Raises OperateError."""
    stack.require(wanted.app)
    if not stack.running:
        raise OperateError(f"{stack.name} is down, so that nothing can be restored: `make up STACK={stack.name}` first")
    if wanted.name is not None and not _NAME.fullmatch(wanted.name):
        raise OperateError(f"--as {wanted.name}: a name here has a-z, 0-9 and underscores, no digit first, 63 at most")
    if file is None:
        if not (wanted.swap and wanted.name):
            raise OperateError("say what to restore: --from FILE, or --swap --as NAME for a database that is restored")
        return None
    copy = Copy(file=file, manifest=manifest.read(file))
    its = copy.manifest
    if its.app != wanted.app:
        raise OperateError(f"{file} is a copy of {its.app}, not of {wanted.app}")
    if its.stack != stack.name:
        raise OperateError(f"{file} is of stack {its.stack}, not of {stack.name}")
    if wrong := manifest.damage(file, its):
        raise OperateError(f"{file}: {wrong}; nothing was changed. `./operatew backups {wanted.app}` lists others")
    _fits(stack, wanted, its)
    return copy


def _fits(stack: Stack, wanted: Wanted, its: Manifest) -> None:
    holding = {"postgres": stack.databases, "redis": stack.redis_users, "mongo": stack.mongo_users}
    if its.kind not in holding or wanted.app not in holding[its.kind]:
        raise OperateError(f"{wanted.app} has no {_KINDS.get(its.kind, its.kind)} in stack {stack.name}")
    if its.kind == "redis" and (wanted.name or wanted.swap):
        raise OperateError("keys are restored into the app's own prefix: --as and --swap are for databases")
    if its.kind != "redis" and wanted.replace:
        raise OperateError("--replace is for keys in Redis; a database is restored under another name: add --swap")
    if its.kind == "mongo" and wanted.swap:
        raise OperateError(
            "MongoDB can't rename a database, so that nothing can be swapped: restore it under another name and copy "
            "what is needed from there"
        )


def carry(stack: Stack, wanted: Wanted, copy: Copy | None, client: docker.DockerClient, said: Progress) -> Restored:
    """Restore, and swap where that is wanted. Raises OperateError; then what the app uses is as it was."""
    with take.alone(stack.name) as folder:
        if copy and copy.manifest.kind == "redis":
            return _keys(stack, wanted, copy, client, folder, said)
        if copy and copy.manifest.kind == "mongo":
            return _documents(stack, wanted, copy, client)
        return _database(stack, wanted, copy, client, said)


def _database(stack: Stack, wanted: Wanted, copy: Copy | None, client: docker.DockerClient, said: Progress) -> Restored:
    began = time.monotonic()
    if wanted.app not in stack.databases:
        raise OperateError(f"{wanted.app} has no database in stack {stack.name}")
    its = stack.databases[wanted.app]
    name = wanted.name or swap.restored_name(its.database)
    with postgres_tools.on(stack, its.server, client) as tools:
        if copy:
            _is_free(tools, name)
            _require_version(copy, postgres.version(tools), tools.where)
            said(f"{wanted.app}: restoring into {name} on {tools.where}")
            _beside(tools, copy, its.database, name)
            said(f"{wanted.app}: {name} is as the copy says, {copy.manifest.facts.rows} rows")
        else:
            _is_its_own(tools, its.database, name)
        swapped = _swapped(tools, its.database, name, said) if wanted.swap else None
        return Restored(
            app=wanted.app,
            store=f"{tools.where}/{its.database if swapped else name}",
            entries=copy.manifest.entries if copy else 0,
            seconds=round(time.monotonic() - began, 2),
            former=swapped.former if swapped else None,
            away=swapped.seconds if swapped else None,
        )


def _beside(tools: Tools, copy: Copy, database: str, name: str) -> None:
    def restored() -> Facts:
        with copy.file.open("rb") as file:
            postgres.load(tools, scratch, file)
        return postgres_facts.of(tools, scratch)

    with postgres.scratch(tools, database) as scratch:
        _compared(copy, restored)
        postgres.settle(tools, scratch, database, name)


def _swapped(tools: Tools, database: str, name: str, said: Progress) -> swap.Swapped:
    former = swap.former_name(database, datetime.now(UTC).strftime("%Y%m%d%H%M%S"))
    try:
        swapped = swap.exchange(tools, database, name, former)
    except OperateError as error:
        raise OperateError(f"{error}; {database} is as it was, and the restored database is there as {name}") from None
    said(f"{database} is the restored one; the former is {former}, nobody could connect for {swapped.seconds:g} s")
    return swapped


def _is_free(tools: Tools, name: str) -> None:
    if swap.owner(tools, name) is not None:
        raise OperateError(f"{tools.where} has a database {name} already: give another name with --as")
    if _is_role(tools, name):
        raise OperateError(
            f"{name} is a role on {tools.where}, whose logins would enter the database: give another name"
        )


def _is_its_own(tools: Tools, database: str, name: str) -> None:
    found = swap.owner(tools, name)
    if name == database or name.startswith(postgres.SCRATCH) or found is None or found != swap.owner(tools, database):
        own = ", ".join(swap.beside(tools, database, postgres.SCRATCH)) or "none"
        raise OperateError(f"{tools.where} has no database {name} beside {database}; those there are: {own}")


def _is_role(tools: Tools, name: str) -> bool:
    return bool(psql.ask(tools, _ROLE, what=f"look for {name}", name=name))


def _keys(
    stack: Stack, wanted: Wanted, copy: Copy, client: docker.DockerClient, folder: Path, said: Progress
) -> Restored:
    began = time.monotonic()
    with _opened(copy) as file:
        numbers = redis.numbers(file)
        server = _redis_server(stack, wanted.app, numbers)
        container = daemon.running(client, server.name)
        _require_version(copy, redis.version(container), server.name)
        there = redis.now(container, wanted.app, numbers).rows
        if there and not wanted.replace:
            raise OperateError(
                f"{wanted.app} has {there} keys on {server.name}: add --replace, which takes a copy of them first"
            )
        saved = take.app(stack, wanted.app, client, folder, said=said, kinds=("redis",)) if there else []
        _compared(copy, lambda: redis.prove(container, file, wanted.app))
        count = redis.put(container, file, wanted.app, none_there=not there)
    return Restored(
        app=wanted.app,
        store=f"{server.name}/{wanted.app}",
        entries=count,
        seconds=round(time.monotonic() - began, 2),
        saved=tuple(str(one.file) for one in saved),
    )


def _redis_server(stack: Stack, app: str, numbers: list[int]) -> Server:
    for server in stack.servers_used_by(app):
        if server.kind == "redis" and set(numbers) <= set(stack.numbers_on(server, app)):
            return server
    raise OperateError(f"the copy has keys in number {', '.join(map(str, numbers))}, where {app} isn't any more")


def _documents(stack: Stack, wanted: Wanted, copy: Copy, client: docker.DockerClient) -> Restored:
    began, its = time.monotonic(), stack.mongo_users[wanted.app]
    server, name = stack.servers[its.server], wanted.name or swap.restored_name(its.database)
    container = daemon.running(client, server.name)
    _require_version(copy, mongo.version(container, server), server.name)
    if name in {one.database for one in stack.mongo_users.values()}:
        raise OperateError(f"{name} is an app's database: give another name with --as")
    with _opened(copy) as file:
        _compared(copy, lambda: mongo.restore(container, server, file, name, copy.manifest.facts))
    return Restored(
        app=wanted.app,
        store=f"{server.name}/{name}",
        entries=copy.manifest.entries,
        seconds=round(time.monotonic() - began, 2),
    )


def _opened(copy: Copy) -> Any:
    try:
        return copy.file.open("rb")
    except OSError as error:
        raise OperateError(f"{copy.file} can't be read: {error.strerror}") from None


def _require_version(copy: Copy, server: str, where: str) -> None:
    """Raises OperateError where the copy is of a newer major version than the server is."""
    its = copy.manifest.facts
    if its.major > Facts(server_version=server).major:
        raise OperateError(f"{copy.file} is of version {its.server_version}, and {where} is {server}: it can't take it")


def _compared(copy: Copy, restore: Callable[[], Facts]) -> None:
    """Restore, hold it against the manifest and write the evidence there. Raises OperateError for any difference."""
    began, when = time.monotonic(), manifest.now()
    found = manifest.differences(copy.manifest.facts, restore())
    seconds = round(time.monotonic() - began, 2)
    take.with_evidence(copy, Check(by=take.RESTORE, when=when, seconds=seconds, equal=not found, differences=found))
    if found:
        raise OperateError(f"{copy.file} doesn't restore to what was copied: {'; '.join(found)}")
