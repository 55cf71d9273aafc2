"""Backups of one app's stores: a database by pg_dump, keys of Redis as a stream for `redis-cli --pipe`, a MongoDB
database as the files of mongodump.

Written inside the server's container and streamed out, so that the tools have the server's version; a file is 0600 and
gets its name only when it is whole and has been read again. Restoring belongs to a person (docs/operate.md).
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, BinaryIO, Final

import docker

from operate import connections, daemon, inside, mongo, postgres_tools
from operate.errors import OperateError
from operate.postgres_tools import Tools
from operate.stack import Server, Stack

_SILENCE_SECONDS: Final = 600  # a large table may be read for minutes before the next block comes
_BATCH: Final = 200
_GLOB: Final = str.maketrans({character: f"\\{character}" for character in "*?[]\\^-"})
# One page of SCAN with each key's remaining milliseconds and contents, in hex: what a terminal could mangle is none.
_PAGE: Final = """\
local function hex(text) return (text:gsub('.', function(one) return string.format('%02x', one:byte()) end)) end
local page = redis.call('SCAN', ARGV[1], 'MATCH', ARGV[2], 'COUNT', ARGV[3])
local found = {page[1]}
for _, key in ipairs(page[2]) do
  local content, left = redis.call('DUMP', key), redis.call('PTTL', key)
  if content then found[#found + 1] = hex(key) .. ' ' .. math.max(left, 0) .. ' ' .. hex(content) end
end
return found"""


@dataclass(frozen=True, kw_only=True)
class Backup:
    """One file: what it holds, `entries` tables and other objects, or keys."""

    file: str
    store: str
    bytes: int
    entries: int

    def as_json(self) -> dict[str, Any]:
        """The backup as --json has it."""
        return asdict(self)


def write(stack: Stack, app: str, client: docker.DockerClient, folder: Path, stamp: str) -> list[Backup]:
    """Back up every store of `app`, in each place where it has one. Raises OperateError; no half file is left."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    made = []
    for key, server in ((key, one) for key, one in stack.servers.items() if stack.holds(one, app)):
        place = "isolated" if server.app else "unified"
        if server.kind == "postgres" and app in stack.databases:
            path = folder / f"{app}-{place}-{stamp}.dump"
            made.append(_database_of(stack, key, app, client, path))
        if server.kind == "redis" and app in stack.redis_users:
            path = folder / f"{app}-{place}-{stamp}{f'.{server.purpose}' if server.purpose else ''}.redis"
            made.append(keys(daemon.running(client, server.name), app, stack.numbers_on(server, app), path))
        if server.kind == "mongo" and app in stack.mongo_users:
            path = folder / f"{app}-{place}-{stamp}.mongo"
            made.append(documents(daemon.running(client, server.name), server, stack.mongo_users[app].database, path))
    for key, outside in stack.external_servers.items():
        if outside.app == app:
            made.append(_database_of(stack, key, app, client, folder / f"{app}-isolated-{stamp}.dump"))
    return made


def documents(container: Any, server: Server, name: str, path: Path) -> Backup:
    """Copy one MongoDB database and read it all again. Raises OperateError."""

    def fill(file: BinaryIO) -> int:
        written = mongo.copy(container, server, name, file)
        file.flush()
        file.seek(0)
        if mongo.read(file) != written:
            raise OperateError(f"the copy of {name} isn't what was written")
        return written

    return _written(path, f"{server.name}/{name}", fill)


def _database_of(stack: Stack, key: str, app: str, client: docker.DockerClient, path: Path) -> Backup:
    with postgres_tools.on(stack, key, client) as tools:
        return database(tools, stack.databases[app].database, path)


def database(tools: Tools, name: str, path: Path) -> Backup:
    """Dump one database in pg_dump's own format and read it all again. Raises OperateError."""
    command = tools.as_admin("pg_dump", name, "--format=custom")

    def fill(file: BinaryIO) -> int:
        _carried(tools.capture(command, out=file, seconds=_SILENCE_SECONDS), f"dump {name}")
        return _verified(tools, file, name)

    return _written(path, f"{tools.where}/{name}", fill)


def keys(container: Any, app: str, numbers: list[int], path: Path) -> Backup:
    """Write every key of `app` as commands that make it again. Raises OperateError."""

    def fill(file: BinaryIO) -> int:
        count = 0
        for number in numbers:
            file.write(_command(b"SELECT", str(number).encode()))
            for key, left, content in _scan(container, number, f"{app.translate(_GLOB)}:*"):
                file.write(_command(b"RESTORE", key, left, content, b"REPLACE"))
                count += 1
        return count

    return _written(path, f"{container.name}/{app}", fill)


def _written(path: Path, store: str, fill: Callable[[BinaryIO], int]) -> Backup:
    descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")  # 0600 from the start
    try:
        with os.fdopen(descriptor, "w+b") as file:
            entries = fill(file)
            file.flush()
            os.fsync(file.fileno())
            size = file.seek(0, os.SEEK_END)
        Path(name).replace(path)
    except OSError as error:
        raise OperateError(f"{path} can't be written: {error.strerror}") from None
    finally:
        Path(name).unlink(missing_ok=True)
    return Backup(file=str(path), store=store, bytes=size, entries=entries)


def _verified(tools: Tools, file: BinaryIO, name: str) -> int:
    """How many objects a dump has; all of it is read, because the list alone stands at its beginning."""
    file.flush()
    file.seek(0)
    listed = _carried(tools.capture(["pg_restore", "--list"], given=file), f"list {name}")
    file.seek(0)
    whole = ["pg_restore", "--file=/dev/null"]
    _carried(tools.capture(whole, given=file, seconds=_SILENCE_SECONDS), f"read the dump of {name}")
    return sum(1 for line in listed.out.splitlines() if line and not line.startswith(b";"))


def _scan(container: Any, number: int, pattern: str) -> Iterator[tuple[bytes, bytes, bytes]]:
    """Key, remaining milliseconds (0 for ever) and contents; SCAN may name a key twice, a later one wins on restore."""
    cursor, seen = "0", set()
    while True:
        command = connections.redis_as_admin("-n", str(number), "-e", "EVAL", _PAGE, "0", cursor, pattern, str(_BATCH))
        done = _carried(inside.capture(container, command, seconds=_SILENCE_SECONDS), f"read number {number}")
        cursor, *lines = done.out.decode().split("\n")
        for key, left, content in (line.split(" ") for line in lines if line):
            if key not in seen:
                seen.add(key)
                yield bytes.fromhex(key), left.encode(), bytes.fromhex(content)
        if cursor == "0":
            return


def _command(*words: bytes) -> bytes:
    """A command in Redis' protocol."""
    return b"*%d\r\n" % len(words) + b"".join(b"$%d\r\n%b\r\n" % (len(word), word) for word in words)


def _carried(done: inside.Done, what: str) -> inside.Done:
    if done.code:
        raise OperateError(f"can't {what}: {done.reason}")
    return done
