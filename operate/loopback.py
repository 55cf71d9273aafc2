"""An app's data URLs for a program on this host: by the loopback ports that `expose` opens. Pure.

Servers outside of the stack are left as they are: this host connects to them directly.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Final
from urllib.parse import quote, urlsplit

from operate.errors import OperateError
from operate.stack import Stack

_HOST: Final = "localhost"  # a name that every server's certificate has
_FOLDER: Final = "/run/secrets/"


def urls(variables: Mapping[str, str], stack: Stack, authority: Path) -> dict[str, str]:
    """The same variables; `authority` is where the stack's one is on this host.

    Raises OperateError, naming all servers that no loopback port leads to.
    """
    lacking = sorted({host for url in variables.values() if (host := _host(url)) and not _is_reached(host, stack)})
    if lacking:
        raise OperateError(f"no loopback port leads to {', '.join(lacking)}: give it `expose` (docs/settings.md)")
    return {name: _here(url, stack, authority) for name, url in variables.items()}


def _host(url: str) -> str:
    return urlsplit(url).hostname or ""


def _is_reached(host: str, stack: Stack) -> bool:
    return host in _outside(stack) or any(its.name == host and its.expose for its in stack.servers.values())


def _outside(stack: Stack) -> dict[str, str | None]:
    """The names of servers outside of the stack, with the files of who verifies them."""
    return {its.host: its.ca for its in stack.external_servers.values()}


def _here(url: str, stack: Stack, authority: Path) -> str:
    host, outside = _host(url), _outside(stack)
    if host in outside:
        app = next(its.app for its in stack.external_servers.values() if its.host == host)
        return _verified(url, f"{_FOLDER}postgres-{app}.crt", Path(outside[host] or ""))
    port = next(its.expose for its in stack.servers.values() if its.name == host)
    parts = urlsplit(url)
    login = parts.netloc.rpartition("@")[0]
    here = parts._replace(netloc=f"{login}@{_HOST}:{port}").geturl()
    return _verified(here, f"{_FOLDER}ca.crt", authority)


def _verified(url: str, inside: str, outside: Path) -> str:
    """`url` with another path of the authority, as it stands there: plain, or within a parameter of asyncpg's."""
    where = quote(str(outside.absolute()))
    return url.replace(inside, where).replace(quote(inside, safe=""), quote(where, safe=""))
