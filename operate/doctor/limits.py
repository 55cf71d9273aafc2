"""Whether each app's logins have the limits that were declared: an app may change its own, and no refresh sees it."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

import docker

from components import limits
from components.config import SettingsError, parse, postgres_servers
from operate import daemon, inside
from operate.doctor.finding import Finding, ok, warn
from operate.doctor.stack_file import StackFile
from operate.errors import OperateError

_SECONDS: Final = 10
_ROLES: Final = """\
select rolname, coalesce(array_to_json(rolconfig), '[]'), shobj_description(oid, 'pg_authid')
from pg_roles where starts_with(shobj_description(oid, 'pg_authid'), 'data-tier limits ') order by 1"""

Role = tuple[str, list[str], Mapping[str, str | int]]


def findings(file: StackFile, client: docker.DockerClient | None) -> list[Finding]:
    """One finding for each limit that a login hasn't as declared; nothing where nothing can be asked: others say so."""
    if client is None or not file.config:
        return []
    try:
        settings = parse(file.config)
    except SettingsError:
        return []
    servers = postgres_servers.declared(settings)
    return judged([role for its in servers for role in _roles(client, its.container, its.server.admin)])


def judged(roles: Sequence[Role]) -> list[Finding]:
    """What is other than declared; one `ok` where all is as declared, nothing where nothing is."""
    found = [
        _finding(login, limit, declared, has)
        for login, settings, its in roles
        for limit, (declared, has) in limits.changed(settings, its).items()
    ]
    return found or ([ok("limits", f"of {len(roles)} logins, as declared")] if roles else [])


def _finding(login: str, limit: str, declared: int, has: str | None) -> Finding:
    wanted = limits.written(limit, declared)
    return warn(
        "limits",
        f"{login} has {limit} = {has or 'nothing'}, declared is {wanted}",
        f"as the admin (`./operatew psql APP --admin`): ALTER ROLE {login} SET {limit} TO '{wanted}'",
    )


def _roles(client: docker.DockerClient, server: str, admin: str) -> Iterator[Role]:
    container = daemon.find(client, server)
    if container is None or container.status != "running":
        return
    command = ["psql", "--no-psqlrc", "--username", admin, "--dbname", "postgres", "--csv", "--tuples-only"]
    command += ["--command", _ROLES]
    done = inside.capture(container, command, user="postgres", seconds=_SECONDS)
    if done.code:
        raise OperateError(f"{server}: {done.reason}")
    for name, settings, comment in csv.reader(done.out.decode().splitlines()):
        content: Any = json.loads(settings)
        yield name, content, limits.declared_in(comment)
