"""Which of the parts that only some stacks have a stack file asks for: an image is built for no other.

Pure. Reads keys that nobody has checked yet: what isn't as it should be is the program's to say.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any


def asked(settings: Mapping[str, Any]) -> set[str]:
    """The parts, as `images.build` calls them, for the stack file's own keys."""
    servers = list(_servers(settings))
    found = {"monitoring"} if settings.get("monitoring") is not None else set()
    found |= {"haproxy"} if any(server.get("standbys") is not None for server in servers) else set()
    return found | ({"backup"} if any(_backed_up(server.get("backup")) for server in servers) else set())


def _backed_up(backup: Any) -> bool:
    return isinstance(backup, Mapping) and backup.get("enabled", True) is not False


def _servers(settings: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """The PostgreSQL servers' sections: the shared one's, and those of apps' own."""
    yield _section(settings, "postgres")
    for app in _section(settings, "apps").values():
        yield _section(_section(app, "postgres"), "server")


def _section(of: Any, key: str) -> Mapping[str, Any]:
    found = of.get(key) if isinstance(of, Mapping) else None
    return found if isinstance(found, Mapping) else {}
