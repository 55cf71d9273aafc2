"""What of a stack runs: every container that should, what it uses, and who is connected to which database.

Expected is what the stack's outputs say; found is what Docker and the servers themselves say. Changes nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Any

import docker
from rich.console import Group
from rich.markup import escape
from rich.table import Table

from operate import certificates, connections, daemon, members, pools, printing, prometheus, usage
from operate.connections import Use
from operate.errors import OperateError
from operate.members import Member
from operate.pools import Pool
from operate.prometheus import Alert
from operate.stack import Server, Stack

_SHORT = len("2026-01-01T00:00:00")


@dataclass(frozen=True, kw_only=True)
class Part:
    """One container that the stack has: what it is for and how it does. `problem` is empty while all is well.

    `since` is when it was started (UTC), memory is in bytes.
    """

    name: str
    role: str
    app: str | None
    state: str
    problem: str = ""
    health: str | None = None
    restarts: int = 0
    since: str | None = None
    memory: int | None = None
    memory_limit: int | None = None


@dataclass(frozen=True, kw_only=True)
class Report:
    """The whole stack as it is now; `running` is False after `make down`, when nothing is expected to run."""

    stack: str
    running: bool
    parts: tuple[Part, ...]
    uses: tuple[Use, ...]
    volumes: dict[str, int | None]
    certificates: dict[str, datetime]
    pools: tuple[Pool, ...] = ()
    lost: tuple[str, ...] = ()
    alerts: tuple[Alert, ...] = ()
    members: dict[str, list[Member]] = field(default_factory=dict)

    @property
    def problems(self) -> list[str]:
        """What should run and doesn't, what data is gone, what no client takes any more, what is paused."""
        ended = [name for name, end in self.certificates.items() if certificates.days_left(end) < 0]
        return [
            *(f"{part.name}: {part.problem}" for part in self.parts if part.problem),
            *self.lost,
            *(problem for each in self.members.values() for problem in members.problems(each)),
            *(f"{name}: its certificate has expired; {certificates.RENEWS}" for name in ended),
            *(f"{pool.name}: paused; `./operatew pooler resume` ends it" for pool in self.pools if pool.paused),
        ]

    def as_json(self) -> dict[str, Any]:
        """The document of --json; volumes in bytes, None where not known."""
        return {
            "stack": self.stack,
            "running": self.running,
            "containers": [asdict(part) for part in self.parts],
            "connections": [asdict(use) for use in self.uses],
            "volumes": self.volumes,
            "certificates": {name: end.isoformat() for name, end in self.certificates.items()},
            "pools": [pool.as_json() for pool in self.pools],
            "alerts": [asdict(alert) for alert in self.alerts],
            **({"members": [one.as_json() for each in self.members.values() for one in each]} if self.members else {}),
            "problems": self.problems,
        }


def gather(stack: Stack, client: docker.DockerClient) -> Report:
    """Ask Docker and the servers, all at once. Raises OperateError where Docker doesn't answer."""
    roles = _roles(stack) if stack.running else []
    with ThreadPoolExecutor(max_workers=16) as pool:
        parts = tuple(pool.map(lambda role: _part(client, *role), roles))
        well = {part.name for part in parts if part.state == "running"}
        beside = members.of_stack(stack, client)
        serving = {server.name: _serving(server, beside) for server in stack.servers.values()}
        servers = [server for server in stack.servers.values() if serving[server.name] in well]
        containers = {server.name: client.containers.get(serving[server.name]) for server in servers}
        found = list(pool.map(lambda server: connections.of(containers[server.name], server, stack), servers))
        ends = list(pool.map(lambda server: certificates.expiry(containers[server.name], server), servers))
        poolers = [pooler.name for pooler in stack.poolers.values() if pooler.name in well]
        behind = tuple(its for found in pool.map(lambda name: _pools(client, name), poolers) for its in found)
    answered = [(server, uses) for server, (uses, size) in zip(servers, found, strict=True) if size is not None]
    volumes: dict[str, int | None] = {server.volume: None for server in stack.servers.values()}
    volumes |= {server.volume: size for server, (_, size) in zip(servers, found, strict=True)}
    return Report(
        stack=stack.name,
        running=stack.running,
        parts=parts,
        uses=tuple(use for its, _ in found for use in its),
        volumes=volumes,
        certificates={server.name: end for server, end in zip(servers, ends, strict=True) if end},
        pools=behind,
        alerts=tuple(prometheus.firing(stack, client)),
        members=beside,
        lost=tuple(one for server, uses in answered for one in connections.lost(server, stack, uses)),
    )


def render(report: Report) -> Group:
    """The report for people."""
    if not report.running:
        return Group(f"{report.stack} is down, its data is kept: `make up STACK={report.stack}` brings it back.")
    closing = [f"[red]{problem}[/red]" for problem in report.problems] or ["[green]Everything runs.[/green]"]
    behind = [pools.render(report.pools)] if report.pools else []
    beside = [members.render(report.members)] if report.members else []
    tables = _containers(report.parts), *beside, _uses(report.uses), *behind, _volumes(report.volumes)
    return Group(*tables, *_certificates(report.certificates), *_alerts(report.alerts), "", *closing)


def _roles(stack: Stack) -> list[tuple[str, str, str | None]]:
    servers = [
        (name, f"{server.kind} (stand-in)" if server.stand_in else server.kind, server.app)
        for server in stack.servers.values()
        for name in server.containers
    ]
    servers += [(name, "follower", server.app) for server in stack.servers.values() for name in server.ways]
    poolers = [(pooler.name, "pgbouncer", stack.servers[key].app) for key, pooler in stack.poolers.items()]
    outside = stack.external_servers.values()
    relays = [(name, "relay", its.app) for its in outside for name in (its.relay, its.outlet)]
    its = stack.monitoring
    watching = [(name, "exporter", stack.servers[key].app) for key, name in its.exporters.items()] if its else []
    watching += [(its.prometheus, "prometheus", None), *((one, "relay", None) for one in its.relays)] if its else []
    return [
        *servers,
        *relays,
        *poolers,
        *watching,
        *((service.name, "service", app) for app, service in stack.services.items()),
    ]


def _serving(server: Server, beside: Mapping[str, list[Member]]) -> str:
    """The container that takes a server's writes, the first member where none says that it does."""
    found = [one.name for one in beside.get(server.name, ()) if one.role == "primary" and one.named == one.number]
    return next(iter(found), server.containers[0])


def _pools(client: docker.DockerClient, name: str) -> list[Pool]:
    """None where it doesn't answer: its health says so."""
    try:
        return pools.of(daemon.running(client, name))
    except OperateError:
        return []


def _part(client: docker.DockerClient, name: str, role: str, app: str | None) -> Part:
    container = daemon.find(client, name)
    if container is None:
        return Part(
            name=name, role=role, app=app, state="missing", problem="missing; `./pulumiw up --refresh` makes it again"
        )
    state = container.attrs["State"]
    health = (state.get("Health") or {}).get("Status")
    return Part(
        name=name,
        role=role,
        app=app,
        state=state["Status"],
        problem=_problem(state, health, app),
        health=health,
        restarts=container.attrs.get("RestartCount", 0),
        since=state["StartedAt"][:_SHORT] + "Z",
        memory=usage.memory(container) if state["Status"] == "running" else None,
        memory_limit=container.attrs["HostConfig"].get("Memory") or None,
    )


def _problem(state: dict[str, Any], health: str | None, app: str | None) -> str:
    """What is wrong and what to do; "" for nothing. With `unless-stopped`, only a person leaves a container stopped."""
    if state["Status"] in {"exited", "created"}:
        return f"stopped by hand; `./operatew start {app or 'all'}` starts it"
    if state["Status"] != "running":
        return f"{state['Status']}{' (out of memory)' if state.get('OOMKilled') else ''}; see its logs"
    return {"unhealthy": "unhealthy; see its logs", "starting": "still starting"}.get(health or "", "")


def _containers(parts: Iterable[Part]) -> Table:
    table = printing.table("Containers", "container", "role", "app", "state", "restarts", "since", "memory")
    for part in parts:
        state = part.health or part.state if part.state == "running" else part.state
        colour = "red" if part.problem else "green"
        memory = f"{printing.size(part.memory)} of {printing.size(part.memory_limit)}" if part.memory else "-"
        table.add_row(
            part.name, part.role, part.app or "-", f"[{colour}]{state}[/{colour}]", str(part.restarts),
            part.since or "-", memory,
        )  # fmt: skip
    return table


def _uses(uses: Iterable[Use]) -> Table:
    table = printing.table("\nConnections", "app", "store", "connections", "limit", "size")
    for use in uses:
        limit = "-" if use.limit is None else str(use.limit)
        table.add_row(use.app, f"{use.server}/{use.store}", str(use.connections), limit, printing.size(use.bytes))
    return table


def _certificates(ends: dict[str, datetime]) -> list[Table]:
    """A table where servers have certificates."""
    table = printing.table("\nCertificates", "server", "valid until", "days")
    for name, end in ends.items():
        table.add_row(name, end.date().isoformat(), str(certificates.days_left(end)))
    return [table] if ends else []


def _alerts(alerts: Iterable[Alert]) -> list[Table]:
    """A table where some fire."""
    table = printing.table("\nAlerts", "alert", "since", "what", "what to do")
    for one in alerts:
        colour = "red" if one.severity == "critical" else "yellow"
        since = one.since[:_SHORT] + "Z"
        table.add_row(f"[{colour}]{one.name}[/{colour}]", since, escape(one.summary), escape(one.remedy))
    return [table] if table.rows else []


def _volumes(volumes: dict[str, int | None]) -> Table:
    table = printing.table("\nVolumes", "volume", "size")
    for name, size in volumes.items():
        table.add_row(name, printing.size(size))
    return table
