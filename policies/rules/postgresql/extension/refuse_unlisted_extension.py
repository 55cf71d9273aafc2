"""Refuses extensions that aren't listed: some run programs, read files or open connections from inside the server."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from policies.rule import ResourceRule, Settings, Severity, Subject, names
from policies.rules.postgresql._types import EXTENSION
from policies.scalars import identifier

_NOT_KNOWN: Final = object()
_TRUSTED: Final = [
    "bloom", "btree_gin", "btree_gist", "citext", "cube", "dict_int", "dict_xsyn", "earthdistance", "fuzzystrmatch",
    "hstore", "intarray", "isn", "lo", "ltree", "pg_stat_statements", "pg_trgm", "pgaudit", "pgcrypto", "plpgsql",
    "postgis", "postgis_raster", "postgis_topology", "seg", "tablefunc", "tcn", "timescaledb", "tsm_system_rows",
    "tsm_system_time", "unaccent", "uuid-ossp", "vector",
]  # fmt: skip


def _check(subject: Subject, settings: Settings) -> Iterator[str]:
    """Without a name the provider invents one, which is no extension that anybody could have listed."""
    name = subject.get("name", unknown=_NOT_KNOWN)
    if name is not _NOT_KNOWN and identifier(name) not in {identifier(one) for one in settings["allow"]}:
        yield f"name: extension {name if isinstance(name, str) else '(none)'} isn't listed"


RULE = ResourceRule(
    name="refuse-unlisted-extension",
    description="Only listed extensions are installed.",
    why="dblink and postgres_fdw connect to other servers, file_fdw and adminpack read and write the host's files, "
    "untrusted languages such as plpython3u run anything as the server's user.",
    remedy="Do without it, or add it under `allow` once somebody has read what it can do",
    severity=Severity.HIGH,
    types=frozenset({EXTENSION}),
    settings={
        "allow": names(
            "Extensions that may be installed: PostgreSQL's trusted ones, others without a way out.", _TRUSTED
        )
    },
    check=_check,
)
