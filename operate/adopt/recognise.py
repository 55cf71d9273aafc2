"""What a unit is, by its image and never by its port: a store that can be taken over, another one, a tool, an app."""

from __future__ import annotations

import re
from enum import Enum
from typing import Final

from operate.adopt.unit import Unit
from policies import stores


class Kind(Enum):
    """What becomes of a unit."""

    POSTGRES = "PostgreSQL"
    REDIS = "Redis"
    MONGO = "MongoDB"
    OTHER_STORE = "another store"
    POOLER = "a pooler"
    TOOL = "a tool for a store"
    APP = "an app"


_POSTGRES: Final = re.compile(r"postgres(?!t)|pgvector|pgvecto-rs|postgis|timescaledb|pgroonga|paradedb|spilo")
_REDIS: Final = re.compile(r"redis(?!insight)|valkey|keydb|redict")
_MONGO: Final = re.compile(r"mongo(?!s)")
_TOOLS: Final = re.compile(
    r"pgadmin\d?|adminer|phpmyadmin|pgweb|phpredisadmin|phppgadmin|dbgate|cloudbeaver|redisinsight|redis-commander|mongo-express"
    r"|pghero|pgbackweb|pganalyze|postgres-backup\S*|pg-?backup\S*"
)
_PROXIES: Final = re.compile(
    r"(?:^|[-_])(?:nginx|traefik|caddy|haproxy|httpd|kong|envoy|swag|openresty|apisix)(?:$|[-_])"
)
_KINDS: Final = {
    "PostgreSQL pooler": Kind.POOLER,
    "MongoDB": Kind.MONGO,
    "PostgreSQL": Kind.POSTGRES,
    "Redis": Kind.REDIS,
}
_DATA: Final = {"/var/lib/postgresql": Kind.POSTGRES, "/data/db": Kind.MONGO}


def kind(unit: Unit) -> Kind:
    """The kind of a unit; one that is built here is a store where it keeps a store's data."""
    if unit.image is None or not stores.last_part(unit.image):
        return _built(unit)
    name = stores.last_part(unit.image)
    if _TOOLS.fullmatch(name) or stores.is_tool_image(unit.image):
        return Kind.TOOL
    found = stores.kind_of(unit.image)
    if _is_foreign(name) or (found == "PostgreSQL" and not _POSTGRES.search(name)):
        return Kind.OTHER_STORE if _is_foreign(name) else Kind.APP  # `shopdb` may be anything
    if (found == "Redis" and not _REDIS.search(name)) or (found == "MongoDB" and not _MONGO.search(name)):
        return Kind.OTHER_STORE
    return _KINDS.get(found, Kind.OTHER_STORE) if found else Kind.APP


def is_proxy(unit: Unit) -> bool:
    """Whether it passes requests on to services that only its own configuration names."""
    return bool(unit.image and _PROXIES.search(stores.last_part(unit.image)))


def takes_over(found: Kind) -> bool:
    """Whether a stack file has a place for a store of this kind."""
    return found in (Kind.POSTGRES, Kind.REDIS, Kind.MONGO)


def label(unit: Unit, found: Kind) -> str:
    """What a person calls it."""
    return (stores.kind_of(unit.image) or found.value) if found is Kind.OTHER_STORE else found.value


def _is_foreign(name: str) -> bool:
    """Whether it speaks PostgreSQL's protocol and is another server."""
    return bool(re.search("cockroach|yugabyte|edgedb|greenplum|opengauss|ivorysql|orioledb", name))


def _built(unit: Unit) -> Kind:
    targets = [mount.target for mount in unit.mounts]
    for path, found in _DATA.items():
        if any(target.startswith(path) for target in targets):
            return found
    return Kind.APP
