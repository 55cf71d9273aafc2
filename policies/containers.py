"""A container as every rule sees it, whichever resource declares it: a container or a swarm service.

Owns where each fact stands in the resource. What a fact means belongs to the rules.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import wraps
from typing import Any, Final, TypeVar

from policies.reading import Reader
from policies.rule import Subject
from policies.secrecy import decoded
from policies.serving import is_proxy_image, names_data_port, serves_data
from policies.stores import holds_data_port, is_store_image, variables_tell_store

CONTAINER: Final = "docker:index/container:Container"
SERVICE: Final = "docker:index/service:Service"
CONTAINERS: Final = frozenset({CONTAINER, SERVICE})
TIER: Final = "data-tier.tier"
COMPONENT: Final = "data-tier.component"
DATA_COMPONENTS: Final = ("data-tier:postgres:", "data-tier:redis:", "data-tier:mongo:", "data-tier:pooler:")
_NOT_KNOWN: Final = object()


@dataclass(frozen=True)
class Port:
    """One published port. `where` is its place in the resource; `ip` None is every address."""

    where: str
    inside: Any
    outside: Any
    ip: Any
    known: bool = True
    """Whether the address is known; the others never count as loopback nor as public."""

    @property
    def holds_data(self) -> bool:
        """Whether it is the usual port of a data store, inside or outside."""
        return holds_data_port(self.inside) or holds_data_port(self.outside)

    @property
    def loopback(self) -> bool:
        """Whether only the host itself reaches it."""
        return self.known and is_loopback(self.ip)

    @property
    def public(self) -> bool:
        """Whether others than the host may reach it."""
        return self.known and not is_loopback(self.ip)

    @property
    def address(self) -> str:
        """The address as a message names it."""
        return "every address (no ip)" if self.ip in (None, "") else repr(self.ip)

    @property
    def number(self) -> str:
        """The port inside, as people write it."""
        return number(self.inside)


@dataclass(frozen=True)
class Mount:
    """One place in the container that isn't its own layer. `kind` is volume, bind, tmpfs or anonymous."""

    where: str
    kind: str
    source: Any
    target: Any
    read_only: bool


@dataclass(frozen=True)
class Upload:
    """One file that is copied into the container: its place in the resource, its path, what it says either way."""

    where: str
    path: str
    texts: Sequence[str]


T = TypeVar("T")


def _fact(read: Callable[[Workload], T]) -> Callable[[Workload], T]:
    """The same method, carried out once for a resource; each rule that asks is told what wasn't known."""

    @wraps(read)
    def known(workload: Workload) -> T:
        facts = workload.subject.facts
        if read.__name__ not in facts:
            asking, workload.reader = workload.reader, Reader()
            try:
                value = read(workload)
                facts[read.__name__] = (value, workload.reader.unknown)
            finally:
                workload.reader = asking
        found, unknown = facts[read.__name__]
        workload.reader.unknown = workload.reader.unknown or unknown
        return found  # type: ignore[no-any-return]

    return known


class Workload:
    """The facts of one container; each is read when it is asked for, so that an unknown one hides no other."""

    def __init__(self, subject: Subject) -> None:
        self.subject = subject
        self.reader = subject.reader
        self.swarm = subject.type == SERVICE
        task = self.reader.get(subject.props, "taskSpec") if self.swarm else None
        self._task = task
        self._spec = self.reader.get(task, "containerSpec") if self.swarm else subject.props

    def image(self, unknown: Any = None) -> Any:
        """The image as it is written."""
        return self.reader.get(self._spec, "image", unknown)

    def ports(self) -> Iterator[Port]:
        """Every published port. A swarm's are on every address of every node."""
        if self.swarm:
            for at, port in self.reader.items(self.subject.get("endpointSpec"), "ports"):
                inside, outside = (self.reader.get(port, key) for key in ("targetPort", "publishedPort"))
                yield Port(f"endpointSpec.ports[{at}]", inside, outside, None)
            return
        for at, port in self.reader.items(self._spec, "ports"):
            ip = self.reader.get(port, "ip", unknown=_NOT_KNOWN)
            inside, outside = (self.reader.get(port, key) for key in ("internal", "external"))
            known = ip is not _NOT_KNOWN
            yield Port(f"ports[{at}]", inside, outside, ip if known else None, known)

    def data_ports(self, among: Callable[[Port], bool]) -> Iterator[Port]:
        """The ports of these that lead to data; without any of these nothing else is read."""
        ports = [port for port in self.ports() if among(port)]
        store = any(not port.holds_data for port in ports) and self.is_store()
        yield from (port for port in ports if store or port.holds_data)

    def networks(self) -> list[Any]:
        """The names or ids of its networks, those that are known."""
        parent, key = (self._task, "networksAdvanceds") if self.swarm else (self._spec, "networksAdvanced")
        each = self.reader.items(parent, key)
        return [self.reader.get(one, "name") or self.reader.get(one, "id") for _, one in each]

    def network_mode(self) -> str:
        """`host`, `none`, `bridge`, `container:<id>`, a network's name or ""."""
        mode = None if self.swarm else self.reader.get(self._spec, "networkMode")
        return mode.strip().lower() if isinstance(mode, str) else ""

    @_fact
    def environment(self) -> list[tuple[str, str, Any]]:
        """Where, name and value of each variable; a value that isn't known is None."""
        if self.swarm:
            each = self.reader.entries(self._spec, "env")
            return [(f"taskSpec.containerSpec.env.{name}", name, value) for name, value in each]
        parts = [(at, str(one).partition("=")) for at, one in self.reader.items(self._spec, "envs")]
        return [(f"envs[{at}]", name, value) for at, (name, _, value) in parts]

    @_fact
    def command(self) -> list[str]:
        """Entry point and command, word by word; what isn't known is left out."""
        keys = ("commands", "args") if self.swarm else ("entrypoints", "command")
        words = [self.reader.items(self._spec, key) for key in keys]
        return [str(word) for each in words for _, word in each]

    @_fact
    def labels(self) -> dict[str, Any]:
        """Its own labels, and those of the service around it."""
        found: dict[str, Any] = {}
        for parent in (self.subject.props, self._spec) if self.swarm else (self._spec,):
            for _, label in self.reader.items(parent, "labels"):
                found[str(self.reader.get(label, "label"))] = self.reader.get(label, "value")
        return found

    def tier(self) -> str:
        """The tier that its label names, in lower case, or ""."""
        tier = self.labels().get(TIER)
        return tier.strip().lower() if isinstance(tier, str) else ""

    def mounts(self) -> Iterator[Mount]:
        """Everything that is mounted into it."""
        for at, one in self.reader.items(self._spec, "mounts"):
            kind, source, path, read_only = (
                self.reader.get(one, key) for key in ("type", "source", "target", "readOnly")
            )
            named = "anonymous" if kind == "volume" and source in (None, "") else str(kind)
            yield _mount(f"mounts[{at}]", named, source, path, read_only)
        for at, one in self.reader.items(self._spec, "volumes") if not self.swarm else ():
            host, other, path, read_only = (
                self.reader.get(one, key) for key in ("hostPath", "fromContainer", "containerPath", "readOnly")
            )
            volume = self.reader.get(one, "volumeName", unknown=_NOT_KNOWN)
            kind = "bind" if host else "volume" if volume or other else "anonymous"
            yield _mount(
                f"volumes[{at}]", kind, host or other or (None if volume is _NOT_KNOWN else volume), path, read_only
            )

    def one_shot(self) -> bool:
        """Whether it does its work on files and ends: no network, nobody restarts it, nothing waits for its health."""
        if self.swarm or self.reader.get(self._spec, "mustRun") not in (False, "false"):
            return False
        restart = str(self.reader.get(self._spec, "restart") or "no").strip().lower()
        return restart == "no" and self.network_mode() == "none"

    def get(self, *path: str, unknown: Any = None) -> Any:
        """Any other property of the container itself; the container's properties where no path is given."""
        return self.reader.path(self._spec, *path, unknown=unknown) if path else self._spec

    def task(self, *path: str) -> Any:
        """A property of a swarm's task."""
        return self.reader.path(self._task, *path)

    def is_forwarder(self) -> bool:
        """Whether it is the relay of `expose: loopback`: it holds no data, but leads to some."""
        return self.labels().get(COMPONENT) == "forwarder"

    def is_relay(self) -> bool:
        """Whether it is a relay to a server outside of the stack: labelled so, nothing in it but socat, nothing mounted
        and nothing published."""
        relays = self.labels().get(COMPONENT) == "relay" and self.command()[:1] == ["socat"]
        return relays and not any(self.mounts()) and not any(self.ports())

    @_fact
    def is_store(self) -> bool:
        """Whether it holds data: by label, component, environment, command or image; one of them is enough.

        An image that isn't known yet is asked again before creation only where no label names the tier.
        """
        if self.tier() == "data" or any(kind.startswith(DATA_COMPONENTS) for kind in self.subject.kinds[:-1]):
            return True
        if variables_tell_store(name for _, name, _ in self.environment()) or serves_data(self.command()):
            return True
        lenient = Reader() if self.tier() else self.reader
        image = lenient.get(self._spec, "image")
        return is_store_image(image) or (is_proxy_image(image) and self._relays_data())

    @_fact
    def uploads(self) -> list[Upload]:
        """The files that are copied into it."""
        return [
            Upload(f"uploads[{at}]", file, [content, *decoded(encoded)])
            for at, one in (self.reader.items(self._spec, "uploads") if not self.swarm else ())
            for file, content, encoded in [
                [str(self.reader.get(one, key) or "") for key in ("file", "content", "contentBase64")]
            ]
        ]

    def _relays_data(self) -> bool:
        """Whether a proxy is told a data port: by its command, environment or uploaded configuration."""
        texts = [text for upload in self.uploads() for text in upload.texts]
        told = [" ".join(["", *self.command()]), *(f" {value}" for _, _, value in self.environment()), *texts]
        return any(names_data_port(text) for text in told) or serves_data(["socat", *self.command()])


def _mount(where: str, kind: str, source: Any, target: Any, read_only: Any) -> Mount:
    return Mount(where, kind, source, target, read_only in (True, "true"))


def number(port: Any) -> str:
    """A port as people write it: the protocol has every number as a float."""
    return str(int(port)) if isinstance(port, float) and port.is_integer() else str(port)


def is_loopback(ip: Any) -> bool:
    """Whether only this host reaches `ip`.

    Docker takes what it can't read for every address: names, shorthands, brackets, a zone, a space (tried on 20.10).
    """
    if not isinstance(ip, str) or "%" in ip:
        return False
    try:
        address = ipaddress.ip_address(ip)
    except ValueError:
        return False
    mapped = getattr(address, "ipv4_mapped", None)
    return bool((mapped or address).is_loopback)
