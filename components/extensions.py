"""The extensions that the images offer which are made from Debian's packages, by PostgreSQL's major version. Pure.

As `ls /usr/share/postgresql/<major>/extension/*.control` shows them in the image; a test holds the list against it.
What an image from a registry offers only its server can say.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

_CONTRIB: Final = frozenset(
    {
        "amcheck", "autoinc", "bloom", "btree_gin", "btree_gist", "citext", "cube", "dblink", "dict_int", "dict_xsyn",
        "earthdistance", "file_fdw", "fuzzystrmatch", "hstore", "insert_username", "intagg", "intarray", "isn", "lo",
        "ltree", "moddatetime", "pageinspect", "pg_buffercache", "pg_freespacemap", "pg_prewarm", "pg_stat_statements",
        "pg_surgery", "pg_trgm", "pg_visibility", "pg_walinspect", "pgcrypto", "pgrowlocks", "pgstattuple", "plpgsql",
        "postgres_fdw", "refint", "seg", "sslinfo", "tablefunc", "tcn", "tsm_system_rows", "tsm_system_time",
        "unaccent", "uuid-ossp", "xml2",
    }
)  # fmt: skip
OFFERED: Final[Mapping[int, frozenset[str]]] = {
    15: _CONTRIB | {"adminpack", "old_snapshot", "pgaudit"},
    17: _CONTRIB | {"pgaudit", "vector"},
}
