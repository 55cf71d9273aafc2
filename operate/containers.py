"""Start, stop and restart what `up` has made: servers first at the start, last at the stop, with bounded waits.

Makes and removes nothing. A shared server is stopped only with everything else, because other apps use it.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from typing import Any, Final

import docker
from docker.errors import APIError
from docker.models.containers import Container

from operate import daemon
from operate.errors import OperateError
from operate.stack import Stack

EVERYTHING: Final = "all"
# seconds before Docker kills; as `up` has them
_GRACE: Final = {
    "postgres": 60,
    "redis": 30,
    "mongo": 60,
    "relay": 2,
    "pgbouncer": 10,
    "follower": 2,
    "service": 10,
    "exporter": 2,
    "prometheus": 30,
}
_HEALTHY_SECONDS: Final = 120
_POLL_SECONDS: Final = 0.25

Progress = Callable[[str], None]


@dataclass(frozen=True, kw_only=True)
class Member:
    """A container that is started or stopped with an app."""

    name: str
    kind: str


@dataclass(frozen=True, kw_only=True)
class Step:
    """What was done to one container, and how long it took in seconds."""

    name: str
    did: str
    seconds: float

    def as_json(self) -> dict[str, Any]:
        """The step as --json has it."""
        return asdict(self)


def members(stack: Stack, what: str) -> list[list[Member]]:
    """The containers of an app or of everything, servers, then poolers, then services. Raises OperateError."""
    if not stack.running:
        raise OperateError(f"{stack.name} is down: `make up STACK={stack.name}` brings it back")
    if what == EVERYTHING:
        servers, services = list(stack.servers.values()), list(stack.services.values())
        poolers = list(stack.poolers.values())
        relays = [name for its in stack.external_servers.values() for name in (its.outlet, its.relay)]
    else:
        stack.require(what)
        servers, poolers, relays = stack.own_servers(what), stack.own_poolers(what), stack.own_relays(what)
        services = [stack.services[what]] if what in stack.services else []
    stages = [
        [
            *(Member(name=name, kind=server.kind) for server in servers for name in server.containers),
            *(Member(name=name, kind="relay") for name in relays),
        ],
        [Member(name=name, kind="follower") for server in servers for name in server.ways],
        [Member(name=pooler.name, kind="pgbouncer") for pooler in poolers],
        [Member(name=service.name, kind="service") for service in services],
    ]
    if watching := _watching(stack, what):
        stages.append(watching)
    if not any(stages):
        raise OperateError(f"{what} has no container of its own: its server is shared, only `all` stops that")
    return [stage for stage in stages if stage]


def _watching(stack: Stack, what: str) -> list[Member]:
    """Prometheus with everything, an exporter with its server; they come last, as services do."""
    its = stack.monitoring
    if its is None:
        return []
    wanted = [name for key, name in its.exporters.items() if what in {EVERYTHING, stack.servers[key].app}]
    exporters = [Member(name=name, kind="exporter") for name in wanted]
    if what != EVERYTHING:
        return exporters
    relays = [Member(name=name, kind="relay") for name in its.relays]
    return [*exporters, *relays, Member(name=its.prometheus, kind="prometheus")]


def start(stack: Stack, what: str, client: docker.DockerClient, said: Progress) -> list[Step]:
    """Start what is stopped and wait until it is healthy. Raises OperateError for what is missing or stays unwell."""
    stages = members(stack, what)
    _require_all(client, stages)
    if what != EVERYTHING:
        _require_shared(stack, what, client)
    return [step for stage in stages for step in _side_by_side(stage, lambda one: _start(client, one, said))]


def stop(stack: Stack, what: str, client: docker.DockerClient, said: Progress) -> list[Step]:
    """Stop what runs, services first. Containers stay stopped, also over a reboot. Raises OperateError."""
    stages = members(stack, what)
    _require_all(client, stages)
    return [step for stage in reversed(stages) for step in _side_by_side(stage, lambda one: _stop(client, one, said))]


def restart(stack: Stack, what: str, client: docker.DockerClient, said: Progress) -> list[Step]:
    """Stop, then start. Raises OperateError."""
    return [*stop(stack, what, client, said), *start(stack, what, client, said)]


def _side_by_side(stage: Sequence[Member], do: Callable[[Member], Step]) -> list[Step]:
    with ThreadPoolExecutor(max_workers=8) as pool:
        return list(pool.map(do, stage))


def _require_all(client: docker.DockerClient, stages: Sequence[Sequence[Member]]) -> None:
    missing = [one.name for stage in stages for one in stage if daemon.find(client, one.name) is None]
    if missing:
        raise OperateError(
            f"missing: {', '.join(missing)}; nothing was changed. `./pulumiw up --refresh` makes them again"
        )


def _require_shared(stack: Stack, app: str, client: docker.DockerClient) -> None:
    """A service without its server, or the pooler in front of it, would only wait and fail."""
    shared = [server.name for server in stack.servers_used_by(app) if server.app is None]
    shared += [pooler.name for key, pooler in stack.poolers.items() if stack.servers[key].name in shared]
    for name in shared:
        found = daemon.find(client, name)
        if found is None or found.status != "running":
            raise OperateError(f"{app} needs {name}, which doesn't run: `./operatew start all` starts it too")


def _start(client: docker.DockerClient, member: Member, said: Progress) -> Step:
    begun, container = time.monotonic(), client.containers.get(member.name)
    did = "was running" if container.status == "running" else "started"
    if did == "started":
        said(f"{member.name}: starting")
        _asked(container.start, member)
    _wait_until_well(container, member)
    return _done(member, did, begun, said)


def _stop(client: docker.DockerClient, member: Member, said: Progress) -> Step:
    begun, container = time.monotonic(), client.containers.get(member.name)
    did = "stopped" if container.status in {"running", "restarting", "paused"} else "was stopped"
    if did == "stopped":
        said(f"{member.name}: stopping")
        _asked(lambda: container.stop(timeout=_GRACE[member.kind]), member)
    return _done(member, did, begun, said)


def _done(member: Member, did: str, begun: float, said: Progress) -> Step:
    step = Step(name=member.name, did=did, seconds=round(time.monotonic() - begun, 1))
    said(f"{member.name}: {did}" + (f" ({step.seconds:.1f} s)" if not did.startswith("was") else ""))
    return step


def _asked(do: Callable[[], None], member: Member) -> None:
    try:
        do()
    except APIError as error:
        raise OperateError(f"{member.name}: {error.explanation}; see `./operatew logs {member.name}`") from None


def _wait_until_well(container: Container, member: Member) -> None:
    """Running, and healthy where it is asked for its health. Raises OperateError after two minutes."""
    deadline = time.monotonic() + _HEALTHY_SECONDS
    while time.monotonic() < deadline:
        container.reload()
        state = container.attrs["State"]
        health = (state.get("Health") or {}).get("Status", "healthy")
        if state["Status"] == "running" and health == "healthy":
            return
        time.sleep(_POLL_SECONDS)
    raise OperateError(
        f"{member.name} isn't healthy after {_HEALTHY_SECONDS} s ({state['Status']}, {health}): "
        f"see `./operatew logs {member.name}`"
    )
