"""What a store's unit says about its server: databases, extensions, admin, limits. Pure but for init scripts.

Owns what is read of one server. Which app uses it is `uses`' to find, what becomes of it `plan`'s to decide.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from components.config.mongo_fields import MONGOS_OWN
from operate.adopt.unit import Left, Unit, scripts

_STATEMENT: Final = re.compile(
    r"^\s*(?:\\c(?:onnect)?\s+\"?(?P<into>[\w-]+)|CREATE\s+DATABASE\s+\"?(?P<database>[\w-]+)"
    r"|CREATE\s+EXTENSION\s+(?:IF\s+NOT\s+EXISTS\s+)?\"?(?P<extension>[\w-]+))",
    flags=re.IGNORECASE | re.MULTILINE,
)
_LARGEST_SCRIPT: Final = 1 << 20  # a dump that is loaded at the first start isn't read to its end
_TEXTS: Final = (".sql", ".sh")
_SECRET_OPTIONS: Final = {"requirepass", "masterauth", "user"}
_SIZE: Final = re.compile(r"([0-9]+)\s*([kmg]?)i?b?", flags=re.IGNORECASE)
_BYTES: Final = {"": 1, "k": 1 << 10, "m": 1 << 20, "g": 1 << 30}
_SIBLINGS: Final = re.compile(r"getSiblingDB\(\s*[\"']([\w-]+)[\"']\s*\)|^\s*use\s+([\w-]+)\s*;?$", flags=re.MULTILINE)
_MAIN_DOCUMENTS: Final = "test"  # what drivers and the shell take where nothing names a database
_SOFT: Final = ("statement_timeout", "idle_in_transaction_session_timeout")
_TIME: Final = re.compile(r"([1-9][0-9]*)(ms|s|min|h)?")


@dataclass(frozen=True, kw_only=True)
class Postgres:
    """A PostgreSQL server as it is: its databases with the extensions that scripts make in them, in order."""

    unit: Unit
    user: str
    main: str
    databases: Mapping[str, tuple[str, ...]]
    connections: int | None
    timeouts: Mapping[str, str]
    left: tuple[Left, ...] = field(default=())


@dataclass(frozen=True, kw_only=True)
class Mongo:
    """A MongoDB server as it is; `user` is "" where it asks for no password."""

    unit: Unit
    user: str
    main: str
    databases: tuple[str, ...]
    left: tuple[Left, ...] = field(default=())


@dataclass(frozen=True, kw_only=True)
class Redis:
    """A Redis server as it is; `memory` is that of its container in MiB, None where nothing says."""

    unit: Unit
    memory: int | None
    left: tuple[Left, ...] = field(default=())


def postgres(unit: Unit) -> Postgres:
    """What a PostgreSQL unit says: the official image's variables, Bitnami's, options of the command, init scripts."""
    env = unit.env
    user = env.get("POSTGRES_USER") or env.get("POSTGRESQL_USERNAME") or "postgres"
    main = env.get("POSTGRES_DB") or env.get("POSTGRESQL_DATABASE") or user
    databases: dict[str, list[str]] = {main: []}
    for name in re.split(r"[,\s]+", env.get("POSTGRES_MULTIPLE_DATABASES") or env.get("POSTGRES_DATABASES") or ""):
        if name:
            databases.setdefault(name, [])
    for name in re.split(r"[,\s]+", env.get("POSTGRES_EXTENSIONS") or ""):
        _add(databases[main], name)
    left = list(_scripted(unit, main, databases))
    options = _options(unit.command)
    left += _unsized(unit, options)
    declared = options.get("max_connections") or env.get("POSTGRES_MAX_CONNECTIONS") or ""
    return Postgres(
        unit=unit,
        user=user,
        main=main,
        databases={name: tuple(found) for name, found in databases.items()},
        connections=int(declared) if declared.isdecimal() else None,
        timeouts={key: time for key in _SOFT if (time := _time(options.get(key, "")))},
        left=tuple(left),
    )


def mongo(unit: Unit) -> Mongo:
    """What a MongoDB unit says: the official image's variables, Bitnami's, options of the command, init scripts."""
    env = unit.env
    named = [env.get("MONGO_INITDB_DATABASE") or "", env.get("MONGODB_DATABASE") or ""]
    named += re.split(r"[,\s]+", env.get("MONGODB_EXTRA_DATABASES") or "")
    left = list(_mongo_options(unit))
    for script in scripts(unit):
        if script.suffix in (".js", ".sh") and script.stat().st_size <= _LARGEST_SCRIPT:
            text = script.read_text(errors="replace")
            named += [one or other for one, other in _SIBLINGS.findall(text)]
        reason, todo = "databases that it names are declared, and it isn't run", "do by hand what is left of it"
        left.append(_init_script(unit, script, reason, todo))
    databases = [name for name in dict.fromkeys(named) if name and name not in MONGOS_OWN]
    return Mongo(
        unit=unit,
        user=env.get("MONGO_INITDB_ROOT_USERNAME") or env.get("MONGODB_ROOT_USER") or "",
        main=databases[0] if databases else _MAIN_DOCUMENTS,
        databases=tuple(databases),
        left=tuple(left),
    )


def redis(unit: Unit) -> Redis:
    """What a Redis unit says by the options of its command."""
    options = _redis_options(unit.command)
    left = []
    for key, value in options.items():
        if key in ("requirepass", "appendonly", "port", "save", "appendfsync") or key == "maxmemory":
            continue
        if key == "maxmemory-policy" and value == "noeviction":
            continue
        left.append(_redis_left(unit, key, value))
    memory = unit.memory or _with_room(options.get("maxmemory", ""))
    return Redis(unit=unit, memory=memory, left=tuple(left))


def _scripted(unit: Unit, main: str, databases: dict[str, list[str]]) -> Iterator[Left]:
    for script in scripts(unit):
        todo = "make what is left of it a migration of the app"
        if script.suffix in _TEXTS and script.stat().st_size <= _LARGEST_SCRIPT:
            _read(script.read_text(errors="replace"), main, databases)
        if script.suffix in (".sh", ".gz"):
            todo = "do by hand what it does"
        yield _init_script(
            unit, script, "databases and extensions that it makes are declared, the rest of it isn't run", todo
        )


def _init_script(unit: Unit, script: Path, reason: str, todo: str) -> Left:
    return Left(service=unit.name, key=f"/docker-entrypoint-initdb.d/{script.name}", reason=reason, todo=todo)


def _read(text: str, main: str, databases: dict[str, list[str]]) -> None:
    current = main
    for found in _STATEMENT.finditer(text):
        if found["into"]:
            current = found["into"]
        elif found["database"]:
            databases.setdefault(found["database"], [])
        elif current in databases:
            _add(databases[current], found["extension"])


def _add(extensions: list[str], name: str) -> None:
    known = {"pgvector": "vector"}.get(name.lower(), name.lower())
    if known and known not in (*extensions, "plpgsql"):
        extensions.append(known)


def _options(command: tuple[str, ...]) -> dict[str, str]:
    """The settings of `postgres -c name=value --name=value`."""
    found: dict[str, str] = {}
    for at, word in enumerate(command):
        text = command[at + 1] if word == "-c" and at + 1 < len(command) else word.removeprefix("-c")
        if word.startswith("--"):
            text = word[2:].replace("-", "_")
        name, equals, value = text.partition("=")
        if equals and re.fullmatch(r"[a-z_.]+", name):
            found[name] = value.strip("'\"")
    return found


def _unsized(unit: Unit, options: Mapping[str, str]) -> Iterator[Left]:
    for name in options:
        if name in ("max_connections", *_SOFT):
            continue
        reason, todo = "the server's settings follow from its memory and processors", "give memory and cpu"
        if re.match(r"wal_level|archive|hot_standby|primary_|synchronous_|max_wal_senders|recovery", name):
            reason, todo = "replication and archiving aren't taken over", "set them up anew once the data is there"
        if name == "shared_preload_libraries":
            reason, todo = "the server loads what the stack needs", "see docs/settings.md for what it brings"
        yield Left(service=unit.name, key=f"command: {name}", reason=reason, todo=todo)
    if any(key.startswith(("POSTGRES_REPLICATION", "POSTGRESQL_REPLICATION", "REPMGR_")) for key in unit.env):
        yield Left(
            service=unit.name,
            key="environment: replication",
            reason="replication isn't taken over",
            todo="adopt the primary only",
        )
    if unit.env.get("POSTGRES_INITDB_ARGS"):
        yield Left(
            service=unit.name,
            key="environment: POSTGRES_INITDB_ARGS",
            reason="clusters are made with checksums and UTF-8",
            todo="nothing for a dump; look at locales",
        )


def _mongo_options(unit: Unit) -> Iterator[Left]:
    """What is said of each option of `mongod`; those of TLS, log-in and addresses are the stack's own to set."""
    for word in unit.command:
        name = word[2:].partition("=")[0]
        if not word.startswith("--") or name in ("auth", "noauth", "bind_ip", "bind_ip_all", "port", "dbpath", "quiet"):
            continue
        reason, todo = "the server has no options of its own", "see `data-tier:mongo` in docs/settings.md"
        if name in ("replSet", "keyFile", "shardsvr", "configsvr"):
            reason = "it has no replica set: no transactions over several documents, no change streams"
            todo = "leave it outside of the stack where an app needs those"
        elif name == "wiredTigerCacheSizeGB":
            reason, todo = "the cache is half of the memory", "give memory"
        yield Left(service=unit.name, key=f"command: {name}", reason=reason, todo=todo)
    if unit.env.get("MONGODB_REPLICA_SET_MODE"):
        reason, todo = "it has no replica set, and replication isn't taken over", "adopt the primary only"
        yield Left(service=unit.name, key="environment: MONGODB_REPLICA_SET_MODE", reason=reason, todo=todo)


def _redis_options(command: tuple[str, ...]) -> dict[str, str]:
    """The options of `redis-server --name value`, also inside `sh -c "..."`."""
    words = [part for word in command for part in (word.split() if " " in word else [word])]
    found: dict[str, str] = {}
    for at, word in enumerate(words):
        if word.startswith("--") and len(word) > len("--"):
            after = words[at + 1] if at + 1 < len(words) else ""
            found[word[2:].strip("\"'").lower()] = "" if after.startswith("--") else after.strip("\"'")
        elif at and word.endswith(".conf"):
            found["configuration file"] = word
    return found


def _redis_left(unit: Unit, key: str, value: str) -> Left:
    reason, todo = "the server has no options of its own", "see `data-tier:redis` in docs/settings.md"
    if key == "maxmemory-policy":
        reason, todo = f"shared servers evict nothing (noeviction), this one does ({value})", "see docs/settings.md"
    elif key in ("replicaof", "slaveof", "sentinel", "cluster-enabled"):
        reason, todo = "replication and clusters aren't taken over", "adopt the primary only"
    elif key in _SECRET_OPTIONS:
        reason, todo = "users and passwords are generated", "nothing to do"
    return Left(service=unit.name, key=f"command: {key}", reason=reason, todo=todo)


def _with_room(size: str) -> int | None:
    """MiB of a container for that much data: a quarter of it stays free."""
    match = _SIZE.fullmatch(size)
    if match is None or not int(match[1]):
        return None
    return max(32, -(-int(match[1]) * _BYTES[match[2].lower()] * 4 // 3 >> 20))


def _time(value: str) -> str:
    match = _TIME.fullmatch(value)
    return f"{match[1]}{match[2] or 'ms'}" if match else ""
