"""A copy of an app's keys in Redis: a stream of SELECT and RESTORE commands, as `redis-cli --pipe` takes it.

Redis has no snapshot: a key's content and its checksum are of one moment, two keys may be of two. What makes a checksum
is what clients see of a key, not how the server keeps it, so that it is the same after a restore.
"""

from __future__ import annotations

import hashlib
import io
import re
import secrets
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, BinaryIO, Final

from operate import connections, inside
from operate.backup.manifest import Facts, Table, summed
from operate.errors import OperateError

SCRATCH: Final = "data-tier-scratch:"  # no app may have this prefix: an app's name has no key of another's
_SILENCE_SECONDS: Final = 600
_BATCH: Final = 200
_LONGEST: Final = 512 * 1024**2  # what Redis itself takes as one value
_GLOB: Final = str.maketrans({character: f"\\{character}" for character in "*?[]\\^-"})
_VERSION: Final = re.compile(rb"^redis_version:(\S+)", re.MULTILINE)
# Sums for what has no order, chains for what has one; 48 bits of each SHA-1, which Lua's numbers hold exactly.
_DIGEST: Final = """\
local function hex(text) return (text:gsub('.', function(one) return string.format('%02x', one:byte()) end)) end
local function number(text) return tonumber(redis.sha1hex(text):sub(1, 12), 16) end
local function chain(items)
  local sum = ''
  for _, item in ipairs(items) do
    sum = redis.sha1hex(sum .. (type(item) == 'table' and chain(item) or #item .. ':' .. item))
  end
  return sum
end
local function unordered(items, step)
  local sum = 0
  for at = 1, #items, step do
    local text = step == 1 and items[at] or #items[at] .. ':' .. items[at] .. items[at + 1]
    sum = (sum + number(text)) % 2^50
  end
  return string.format('%.0f', sum) .. '/' .. #items
end
local function digest(key)
  local kind = redis.call('TYPE', key).ok
  if kind == 'string' then return kind .. redis.sha1hex(redis.call('GET', key)) end
  if kind == 'list' then return kind .. chain(redis.call('LRANGE', key, 0, -1)) end
  if kind == 'set' then return kind .. unordered(redis.call('SMEMBERS', key), 1) end
  if kind == 'zset' then return kind .. chain(redis.call('ZRANGE', key, 0, -1, 'WITHSCORES')) end
  if kind == 'hash' then return kind .. unordered(redis.call('HGETALL', key), 2) end
  if kind == 'stream' then return kind .. chain(redis.call('XRANGE', key, '-', '+')) end
  return kind
end
"""
# One page of SCAN with each key's digest, remaining milliseconds and contents, in hex: what a terminal could mangle is
# none.
_PAGE: Final = f"""\
{_DIGEST}
local page = redis.call('SCAN', ARGV[1], 'MATCH', ARGV[2], 'COUNT', ARGV[3])
local found = {{page[1]}}
for _, key in ipairs(page[2]) do
  local content = ARGV[4] == 'all' and redis.call('DUMP', key) or ''
  if content then
    local left = string.format('%.0f', math.max(redis.call('PTTL', key), 0))
    found[#found + 1] = hex(key) .. ' ' .. digest(key) .. ' ' .. left .. ' ' .. hex(content)
  end
end
return found"""
# One key restored under another name, looked at, and gone again; it would go by itself after a minute.
_TRY: Final = f"""\
{_DIGEST}
local function bytes(text) return (text:gsub('..', function(two) return string.char(tonumber(two, 16)) end)) end
redis.call('RESTORE', ARGV[1], 60000, bytes(ARGV[2]))
local found = digest(ARGV[1])
redis.call('UNLINK', ARGV[1])
return found"""


@dataclass(frozen=True)
class Key:
    """A key of a copy: `left` are the milliseconds that it had to live, 0 for ever."""

    number: int
    name: bytes
    left: int
    content: bytes


def take(container: Any, app: str, numbers: Iterable[int], file: BinaryIO) -> Facts:
    """Write every key of `app` as commands that make it again, and what they hold. Raises OperateError."""
    tables = {}
    for number in numbers:
        file.write(_command(b"SELECT", str(number).encode()))
        hashes = []
        for key, digest in _scan(container, number, app, contents=True):
            file.write(_command(b"RESTORE", key.name, str(key.left).encode(), key.content, b"REPLACE"))
            hashes.append(_hash(key.name, digest))
        tables[str(number)] = Table(rows=len(hashes), checksum=summed(hashes))
    return Facts(server_version=version(container), tables=tables)


def now(container: Any, app: str, numbers: Iterable[int]) -> Facts:
    """What `app` has in these numbers now. Raises OperateError."""
    tables = {}
    for number in numbers:
        hashes = [_hash(key.name, digest) for key, digest in _scan(container, number, app, contents=False)]
        tables[str(number)] = Table(rows=len(hashes), checksum=summed(hashes))
    return Facts(server_version=version(container), tables=tables)


def read(file: BinaryIO, app: str) -> int:
    """How many keys a copy has; all of it is read. Raises OperateError for one that isn't whole, or another app's."""
    return sum(1 for _ in keys(file, app))


def numbers(file: BinaryIO) -> list[int]:
    """The numbers that a copy selects. Raises OperateError."""
    return [int(words[1]) for words in _commands(file) if words[0] == b"SELECT"]


def keys(file: BinaryIO, app: str) -> Iterator[Key]:
    """The keys of a copy. Raises OperateError."""
    number = 0
    for words in _commands(file):
        match words:
            case [b"SELECT", selected]:
                number = int(selected)
            case [b"RESTORE", name, left, content, b"REPLACE"] if name.startswith(f"{app}:".encode()):
                yield Key(number, name, int(left), content)
            case _:
                raise OperateError(f"the copy has more than keys of {app}: it isn't one that `backup` has made")


def prove(container: Any, file: BinaryIO, app: str) -> Facts:
    """Restore each key of a copy under a name that no app may use, one at a time, and what they hold.

    Raises OperateError.
    """
    hashes: dict[str, list[int]] = {str(number): [] for number in numbers(file)}
    names: list[tuple[str, bytes]] = []  # in the order in which they are asked; the feeding thread runs ahead
    scratch = f"{SCRATCH}{secrets.token_hex(4)}"

    def lines() -> Iterator[bytes]:
        yield b'SCRIPT LOAD "%s"\n' % _escaped(_TRY)
        for key in keys(file, app):
            names.append((str(key.number), key.name))
            yield b"EVALSHA %s 0 %s %s\n" % (_sha1(_TRY), scratch.encode(), key.content.hex().encode())

    given: Any = Fed(lines())
    done = inside.capture(container, connections.redis_as_admin(), given=given, seconds=_SILENCE_SECONDS)
    if given.failed:
        raise given.failed
    answers = done.out.decode(errors="replace").split("\n")[1:-1]
    if done.code or len(answers) != len(names):
        raise OperateError(f"can't restore the copy of {app}: {(answers or [done.reason])[-1]}")
    for (number, name), digest in zip(names, answers, strict=True):
        hashes[number].append(_hash(name, digest))
    tables = {number: Table(rows=len(its), checksum=summed(its)) for number, its in hashes.items()}
    return Facts(server_version=version(container), tables=tables)


def put(container: Any, file: BinaryIO, app: str, *, none_there: bool) -> int:
    """Make the keys of a copy again, and take away those that it hasn't; how many there are.

    Raises OperateError; where there were none before there are none then.
    """
    wanted: dict[int, set[bytes]] = {number: set() for number in numbers(file)}
    for key in keys(file, app):
        wanted[key.number].add(key.name)
    file.seek(0)
    done = inside.capture(container, connections.redis_as_admin("--pipe"), given=file, seconds=_SILENCE_SECONDS)
    if done.code or b"errors: 0," not in done.out:
        said = done.out.decode(errors="replace").strip().splitlines()
        if none_there:
            for number in wanted:
                _remove(container, number, [key.name for key, _ in _scan(container, number, app)])
        raise OperateError(f"can't restore the keys of {app}: {(said or [done.reason])[0]}")
    for number, names in wanted.items():
        _remove(container, number, [key.name for key, _ in _scan(container, number, app) if key.name not in names])
    return sum(len(names) for names in wanted.values())


def _remove(container: Any, number: int, names: Iterable[bytes]) -> None:
    lines = [b'UNLINK "%s"\n' % _escaped(name) for name in names]
    if lines:
        command = connections.redis_as_admin("-n", str(number))
        done = inside.capture(container, command, given=io.BytesIO(b"".join(lines)), seconds=_SILENCE_SECONDS)
        if done.code:
            raise OperateError(f"can't take away keys that the copy hasn't: {done.reason}")


def _scan(container: Any, number: int, app: str, *, contents: bool = False) -> Iterator[tuple[Key, str]]:
    """Each key with its digest; SCAN may name a key twice, the first one counts."""
    cursor, seen = "0", set()
    pattern, what = f"{app.translate(_GLOB)}:*", "all" if contents else "digests"
    while True:
        ask = ("-n", str(number), "-e", "EVAL", _PAGE, "0", cursor, pattern, str(_BATCH), what)
        done = inside.capture(container, connections.redis_as_admin(*ask), seconds=_SILENCE_SECONDS)
        if done.code:
            raise OperateError(f"can't read number {number}: {done.reason}")
        cursor, *lines = done.out.decode().split("\n")
        for name, digest, left, content in (line.split(" ") for line in lines if line):
            if name not in seen:
                seen.add(name)
                yield Key(number, bytes.fromhex(name), int(left), bytes.fromhex(content)), digest
        if cursor == "0":
            return


def _commands(file: BinaryIO) -> Iterator[list[bytes]]:
    """The commands of a copy from its beginning. Raises OperateError."""
    file.seek(0)
    while head := file.readline():
        yield [_word(file) for _ in range(_count(head, b"*", 10))]


def _word(file: BinaryIO) -> bytes:
    length = _count(file.readline(), b"$", _LONGEST)
    word = file.read(length + 2)
    if len(word) != length + 2 or not word.endswith(b"\r\n"):
        raise _broken()
    return word[:-2]


def _count(line: bytes, kind: bytes, most: int) -> int:
    number = line[1:-2]
    if not (line.startswith(kind) and line.endswith(b"\r\n") and number.isdigit() and int(number) <= most):
        raise _broken()
    return int(number)


def _broken() -> OperateError:
    return OperateError("the copy can't be read: it isn't a whole stream of Redis commands")


class Fed(io.RawIOBase):
    """Lines that are made while they are read. `failed` is the error that has ended them."""

    def __init__(self, lines: Iterator[bytes]) -> None:
        self._lines, self._left = lines, io.BytesIO()
        self.failed: OperateError | None = None

    def readable(self) -> bool:
        """It is there to be read."""
        return True

    def read(self, size: int = -1) -> bytes:
        """The next part, at most `size` bytes; empty at the end."""
        while not (part := self._left.read(size)):
            try:
                self._left = io.BytesIO(next(self._lines))
            except StopIteration:
                return b""
            except OperateError as error:
                self.failed = error
                return b""
        return part


def _hash(name: bytes, digest: str) -> int:
    return int.from_bytes(hashlib.sha256(name + b" " + digest.encode()).digest()[:12], "big")


def _sha1(script: str) -> bytes:
    return hashlib.sha1(script.encode(), usedforsecurity=False).hexdigest().encode()  # as Redis names scripts


def _escaped(text: str | bytes) -> bytes:
    """As redis-cli reads a quoted word."""
    raw = text.encode() if isinstance(text, str) else text
    return b"".join(b"\\x%02x" % byte for byte in raw)


def version(container: Any) -> str:
    """The server's version."""
    done = inside.capture(container, connections.redis_as_admin("INFO", "server"), seconds=_SILENCE_SECONDS)
    found = _VERSION.search(done.out)
    return found.group(1).decode() if found else ""


def _command(*words: bytes) -> bytes:
    """A command in Redis' protocol."""
    return b"*%d\r\n" % len(words) + b"".join(b"$%d\r\n%b\r\n" % (len(word), word) for word in words)
