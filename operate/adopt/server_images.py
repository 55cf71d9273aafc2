"""Which image a server of the stack extends, for the image that was there. Pure."""

from __future__ import annotations

import re
from typing import Final

from operate.adopt.unit import Unit

_POSTGRES: Final = re.compile(r"(?:^|-)pg([0-9]+)")
_FIRST: Final = re.compile(r"(?:[a-z]+-)*v?([0-9]+)")
_OLDEST: Final = {"postgres": 14, "redis": 6, "mongo": 5}  # MongoDB takes a renewed certificate since 5.0
DEFAULTS: Final = {"postgres": "postgres:17", "redis": "redis:8", "mongo": "mongo:7"}
_OFFICIAL: Final = {
    "postgres": {"pgvector/pgvector", "postgis/postgis"},
    "redis": {"valkey/valkey"},
    "mongo": frozenset[str](),
}
_ALIKE: Final = {
    "pgvector/pgvector": "pgvector/pgvector:pg{major}",
    "supabase/postgres": "pgvector/pgvector:pg{major}",
    "postgis/postgis": "postgis/postgis:{major}-3.5",
    "valkey/valkey": "valkey/valkey:{major}",
}
_CONTRACTS: Final = {
    "bitnami": "Bitnami's image has a contract of its own",
    "supabase": "Supabase's image has roles and extensions of its own",
    "timescale": "the image that a server is built from here has no timescaledb",
}


def choose(unit: Unit, kind: str) -> tuple[str, str]:
    """The image to write for a server of `kind` postgres, redis or mongo, and why it isn't its own, "" where it is.

    Servers are extended with Debian's packages, by the official images' contract, and a tag must name the major.
    """
    oldest, newest = _OLDEST[kind], major(DEFAULTS[kind])
    found, why = major(unit.image or ""), ""
    if unit.image and unit.image.startswith("data-tier/"):
        return f"{kind}:{found or newest}", ""
    path = _path(unit.image or "")
    if not found:
        why = "it is built from sources" if unit.built else "its tag names no major version"
    elif found < oldest:
        why = f"version {found} is older than {oldest}, the oldest that is built"
    if path not in _OFFICIAL[kind] and "/" in path:
        why = why or _CONTRACTS.get(path.partition("/")[0], "its contract may be another one than the official image's")
    if kind == "postgres" and "alpine" in (unit.image or ""):
        why = why or "it is built on Alpine, and servers are extended with Debian's packages"
    if not why:
        return unit.image or "", ""
    wanted = found if found >= oldest else newest
    return _ALIKE.get(path, f"{kind}:{{major}}").format(major=wanted), why


def major(image: str) -> int:
    """The major version that an image's tag names, 0 for none: 16 of `2.15.2-pg16`, `16-3.4` and `pg16`."""
    tag = image.rsplit("/", 1)[-1].partition("@")[0].partition(":")[2]
    found = _POSTGRES.search(tag) or _FIRST.match(tag)
    return int(found[1]) if found else 0


def _path(image: str) -> str:
    """`pgvector/pgvector` of `docker.io/pgvector/pgvector:pg16`; a registry and Docker's own `library` don't count."""
    parts = image.partition("@")[0].split("/")
    if len(parts) > 1 and (set(".:") & set(parts[0]) or parts[0] == "localhost"):
        parts = parts[1:]
    return "/".join(parts).removeprefix("library/").partition(":")[0].lower()
