"""Who reaches which port: what the design says against what a real TCP connection finds.

From a container on every network of the stack, from this host, and from this host's outside addresses. Attaches one
short-lived container to each network and removes it.
"""

from __future__ import annotations

import json
import secrets
import socket
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import docker
from docker.errors import APIError, ImageNotFound, NotFound
from docker.models.containers import Container
from rich.table import Table

from images.exposition import Sample, exposition
from operate import addresses, daemon, printing
from operate.errors import OperateError
from operate.stack import Stack

_PROBE: Final = "data-tier/probe:1"
_LABEL: Final = "data-tier.component"
_SECONDS: Final = 2.0
_HOST: Final = "this host"
_OLD: Final = timedelta(minutes=5)
_WHOLE_SECONDS: Final = len("2026-01-01T00:00:00")
_NO_NETWORK_NAMED: Final = "bridge"  # what a container joins that names no network
_HELP: Final = {
    "data_tier_data_ports_open": "Ways to ports that are open and that the design closes.",
    "data_tier_reach_last_run_timestamp_seconds": "When that was looked at.",
}
_CODE: Final = """
import json, socket, sys
from concurrent.futures import ThreadPoolExecutor
def reach(target):
    try:
        socket.create_connection(tuple(target), 2).close()
        return True
    except OSError:
        return False
with ThreadPoolExecutor(32) as pool:
    print(json.dumps(list(pool.map(reach, json.loads(sys.argv[1])))))
"""

Target = tuple[str, int]


@dataclass(frozen=True, kw_only=True)
class Pair:
    """One way: from a network or a host's address to a port. `found` is None where it couldn't be tried."""

    source: str
    to: str
    target: Target
    expected: bool
    found: bool | None = None

    @property
    def surprises(self) -> bool:
        """Whether it is other than the design says."""
        return self.found is not None and self.found != self.expected


def expected_inside(stack: Stack) -> list[Pair]:
    """Every network against every data port: open on the server's own network and nowhere else."""
    return [
        Pair(source=network, to=name, target=target, expected=network == own)
        for network in _networks(stack)
        for name, target, own in _data_ports(stack)
    ]


def _data_ports(stack: Stack) -> list[tuple[str, Target, str]]:
    """Each server and pooler: its name, its port and the network that it is on."""
    servers = [(its.name, (its.address, its.port), its.network) for its in stack.servers.values()]
    poolers = [(its.name, (its.address, its.port), stack.servers[key].network) for key, its in stack.poolers.items()]
    return [*servers, *poolers]


def expected_outside(stack: Stack, outside: Iterable[str]) -> list[Pair]:
    """From outside: no data port at all, a published port only where it is public, all of them on loopback."""
    data = {target[1] for _, target, _ in _data_ports(stack)}
    pairs = [
        Pair(source=f"outside {address}", to=f"data port {port}", target=(address, port), expected=False)
        for address in sorted(outside)
        for port in sorted(data)
    ]
    published = [(its.name, its.expose, False) for its in stack.servers.values() if its.expose]
    if stack.monitoring and stack.monitoring.expose:
        published.append((stack.monitoring.prometheus, stack.monitoring.expose, False))
    published += [(app, its.port, its.publish == "public") for app, its in stack.services.items() if its.port]
    for name, port, public in published:
        pairs.append(Pair(source="loopback", to=name, target=("127.0.0.1", port), expected=True))
        pairs += [
            Pair(source=f"outside {one}", to=name, target=(one, port), expected=public and ":" not in one)
            for one in sorted(outside)
        ]
    return pairs


def expected_from_host(stack: Stack) -> list[Pair]:
    """The host manages every server by its address on its network."""
    return [Pair(source=_HOST, to=name, target=target, expected=True) for name, target, _ in _data_ports(stack)]


def look(stack: Stack, client: docker.DockerClient) -> list[Pair]:
    """Try every pair. Raises OperateError where the stack is down, or no container can be attached."""
    if not stack.running:
        raise OperateError(f"{stack.name} is down: there is nothing to reach")
    kind = daemon.kind(client.info(), daemon.gateways(client))
    inside = _from_containers(stack, client, expected_inside(stack))
    near = [*expected_from_host(stack), *expected_outside(stack, addresses.own())]
    return [*inside, *(_from_here(near) if kind.bridges else near)]


def render(pairs: Sequence[Pair]) -> Table:
    """The table for people; a surprise is red."""
    table = printing.table("", "from", "to", "port", "expected", "found")
    words = {True: "open", False: "closed", None: "not tried"}
    for pair in pairs:
        colour = "red" if pair.surprises else "green"
        found = f"[{colour}]{words[pair.found]}[/{colour}]" if pair.found is not None else words[None]
        address = f"[{pair.target[0]}]" if ":" in pair.target[0] else pair.target[0]
        table.add_row(
            pair.source, pair.to, f"{address}:{pair.target[1]}".replace("[", "\\["), words[pair.expected], found
        )
    return table


def as_json(pairs: Sequence[Pair]) -> dict[str, Any]:
    """The document of --json."""
    return {
        "pairs": [{**asdict(pair), "surprise": pair.surprises} for pair in pairs],
        "surprises": sum(pair.surprises for pair in pairs),
        "not_tried": sum(pair.found is None for pair in pairs),
    }


def as_metrics(pairs: Sequence[Pair], now: datetime) -> str:
    """What Prometheus is told: the ways that are open and shouldn't be, and when they were tried."""
    open_ = sum(pair.surprises and bool(pair.found) for pair in pairs)
    samples: list[Sample] = [("data_tier_data_ports_open", {}, open_)]
    samples += [("data_tier_reach_last_run_timestamp_seconds", {}, int(now.timestamp()))]
    return exposition(samples, _HELP)


def _networks(stack: Stack) -> list[str]:
    own = [network.name for network in stack.networks.values()]
    published = [network.publish_network for network in stack.networks.values() if network.publish_network]
    return [*own, *published, _NO_NETWORK_NAMED]


def _from_here(pairs: Sequence[Pair]) -> list[Pair]:
    with ThreadPoolExecutor(max_workers=64) as pool:
        found = list(pool.map(_reaches, pairs))
    here = {*addresses.own(), "127.0.0.1"}  # the bridges of other stacks come and go, and an address with them
    return [
        replace(pair, found=open if pair.source == _HOST or pair.target[0] in here else None)
        for pair, open in zip(pairs, found, strict=True)
    ]


def _reaches(pair: Pair) -> bool:
    try:
        socket.create_connection(pair.target, _SECONDS).close()
    except OSError:
        return False
    return True


def _from_containers(stack: Stack, client: docker.DockerClient, pairs: Sequence[Pair]) -> list[Pair]:
    """One container a network, four at a time: each is a fraction of a second of one core."""
    _remove_leftovers(stack, client)
    by_network: dict[str, list[Pair]] = {}
    for pair in pairs:
        by_network.setdefault(pair.source, []).append(pair)
    with ThreadPoolExecutor(max_workers=4) as pool:
        found = pool.map(lambda network: _on(stack, client, network, by_network[network]), by_network)
        return [pair for answers in found for pair in answers]


def _on(stack: Stack, client: docker.DockerClient, network: str, pairs: Sequence[Pair]) -> list[Pair]:
    try:
        return _tried_on(stack, client, network, pairs)
    except OperateError:
        if network != _NO_NETWORK_NAMED:
            raise
        return list(pairs)  # not the stack's: a daemon with --bridge=none hasn't got it


def _tried_on(stack: Stack, client: docker.DockerClient, network: str, pairs: Sequence[Pair]) -> list[Pair]:
    with _attached(stack, client, network, [pair.target for pair in pairs]) as container:
        code = container.wait(timeout=60)["StatusCode"]
        said = container.logs(stdout=True, stderr=bool(code)).decode(errors="replace").strip()
    if code:
        raise OperateError(f"the container on {network} that was to look from there failed: {said.splitlines()[-1:]}")
    return [replace(pair, found=found) for pair, found in zip(pairs, json.loads(said), strict=True)]


@contextmanager
def _attached(
    stack: Stack, client: docker.DockerClient, network: str, targets: Sequence[Target]
) -> Iterator[Container]:
    """A container on `network` alone that tries `targets`, removed in any case. Raises OperateError."""
    container = _created(stack, client, network, targets)
    try:
        container.start()
        yield container
    except NotFound:
        raise OperateError(f"there is no network {network}: `./pulumiw up --refresh` makes it again") from None
    except APIError as error:
        raise OperateError(f"no container can be attached to {network}: {error.explanation}") from None
    finally:
        container.remove(force=True)


def _created(stack: Stack, client: docker.DockerClient, network: str, targets: Sequence[Target]) -> Container:
    try:
        return client.containers.create(
            _PROBE,
            ["python3", "-c", _CODE, json.dumps(targets)],
            name=f"{stack.prefix}-reach-{secrets.token_hex(4)}",
            network=network,
            labels={daemon.STACK_LABEL: stack.prefix, _LABEL: "reach"},
            cap_drop=["ALL"],
        )
    except ImageNotFound:
        raise OperateError(f"there is no image {_PROBE}: `make images` builds it") from None


def _remove_leftovers(stack: Stack, client: docker.DockerClient) -> None:
    """Containers of an earlier run that was killed before it could remove them; not those of one beside this."""
    labels = [f"{daemon.STACK_LABEL}={stack.prefix}", f"{_LABEL}=reach"]
    for container in client.containers.list(all=True, filters={"label": labels, "status": "exited"}):
        finished = datetime.fromisoformat(container.attrs["State"]["FinishedAt"][:_WHOLE_SECONDS] + "+00:00")
        if datetime.now(UTC) - finished > _OLD:
            container.remove(force=True)
