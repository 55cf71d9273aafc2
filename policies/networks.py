"""Docker networks as rules see them: which ones a container joins, and what the stack's own ones let through."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

from policies.containers import TIER, Workload, is_loopback
from policies.rule import Subject
from policies.scalars import is_off, is_on

NETWORK: Final = "docker:index/network:Network"
DEFAULT_MODES: Final = frozenset({"", "default", "bridge", "nat"})
SHARED: Final = frozenset({"bridge", "default", "docker_gwbridge", "host", "ingress", "nat"})
"""Networks that every host has and that any container may be on."""
_BRIDGE: Final = "com.docker.network.bridge."
_DRIVERS: Final = frozenset({"", "bridge", "overlay"})
_NOT_KNOWN: Final = object()


@dataclass(frozen=True)
class Joined:
    """The networks of one container. `mode` is None where it isn't known, "" where it is missing."""

    mode: str | None
    mode_at: str
    named: Sequence[tuple[str, str]]
    """Where and name of each network that is known, with that of `networkMode` where it names one."""
    listed: bool
    """Whether it lists networks, known or not."""
    of: str = ""
    """The container whose network it shares, "" where it has its own."""


def joined(workload: Workload) -> Joined:
    """The networks that a container or swarm service joins. What isn't known is left in the reader."""
    if workload.swarm:
        listed: Any = workload.reader.get(workload.subject.props, "taskSpec", unknown=_NOT_KNOWN)
        if listed is not _NOT_KNOWN:
            listed = workload.reader.get(listed, "networksAdvanceds", unknown=_NOT_KNOWN)
        return _joined(workload, "taskSpec.networksAdvanceds", listed, None, "taskSpec.networksAdvanceds")
    mode = workload.get("networkMode", unknown=_NOT_KNOWN)
    return _joined(
        workload, "networksAdvanced", workload.get("networksAdvanced", unknown=_NOT_KNOWN), mode, "networkMode"
    )


def _joined(workload: Workload, place: str, listed: Any, mode: Any, mode_at: str) -> Joined:
    reader = workload.reader
    found = ((at, reader.get(one, "name") or reader.get(one, "id")) for at, one in reader.each(_known(listed)))
    named = [(f"{place}[{at}]", name.strip()) for at, name in found if isinstance(name, str) and name.strip()]
    text = mode.strip() if isinstance(mode, str) else ""
    of = text.partition(":")[2].strip().lstrip("/") if text.lower().startswith("container:") else ""
    if text.lower() not in DEFAULT_MODES | SHARED | {"none"} and not text.lower().startswith("container:"):
        named.append((mode_at, text))
    some = listed is _NOT_KNOWN or (isinstance(listed, Sequence) and len(listed) > 0)
    return Joined(None if mode is _NOT_KNOWN else text.lower(), mode_at, named, some, of)


def _known(value: Any) -> Any:
    return None if value is _NOT_KNOWN else value


class Networks:
    """The networks that the stack itself declares, found by name or id."""

    def __init__(self, subjects: Sequence[Subject]) -> None:
        self._found: dict[str, list[Subject]] = {}
        for subject in subjects:
            if subject.type == NETWORK:
                for key in ("name", "id"):
                    value = quietly(subject, key)
                    if isinstance(value, str) and value:
                        self._found.setdefault(value, []).append(subject)

    def find(self, name: str) -> Sequence[Subject]:
        """The networks of that name or id: two providers may each have one, and nobody knows which is joined."""
        return self._found.get(name, ())

    def key(self, name: str) -> str:
        """The same text for both spellings of a network."""
        names = [quietly(own, "name") for own in self.find(name)]
        return next((one for one in names if isinstance(one, str) and one), name)


def quietly(subject: Subject, key: str) -> Any:
    """A property that another resource is found by.

    A name or id that isn't known yet isn't asked for again: whoever uses it meets the unknown value itself.
    """
    before = subject.reader.unknown
    value = subject.get(key)
    subject.reader.unknown = before
    return value


def tier(network: Subject) -> str:
    """The tier that a network's label names, in lower case, or "". Of two labels Docker takes the last."""
    found = ""
    for _, label in network.reader.items(network.props, "labels"):
        if network.reader.get(label, "label") == TIER:
            found = str(network.reader.get(label, "value") or "").strip().lower()
    return found


def is_internal(network: Subject) -> bool:
    """Whether nothing outside reaches it. One whose flag isn't known passes here and is told by the reader."""
    return is_on(network.get("internal", unknown=True))


def is_publish_only(network: Subject) -> bool:
    """Whether it only carries loopback ports: its members don't see each other.

    One of which an option isn't known passes here and is told by the reader.
    """
    options = network.get("options", unknown=_NOT_KNOWN)
    if options is _NOT_KNOWN:
        return True
    apart = network.reader.get(options, f"{_BRIDGE}enable_icc", unknown="false")
    binding = network.reader.get(options, f"{_BRIDGE}host_binding_ipv4", unknown="127.0.0.1")
    return is_off(apart) and is_loopback(binding)


def openings(network: Subject) -> Iterator[tuple[str, str]]:
    """Where and how other machines reach its containers without a published port, internal or not."""
    if str(network.get("driver") or "").strip().lower() not in _DRIVERS:
        yield "driver", "its containers stand on the host's or another network themselves"
    if is_on(network.get("ingress")):
        yield "ingress", "published ports of the swarm end on it"
    for key, value in network.reader.entries(network.props, "options"):
        text = str(value or "").strip().lower()
        routed = key.startswith(f"{_BRIDGE}gateway_mode_") and text in ("routed", "nat-unprotected")
        if routed or (key == f"{_BRIDGE}trusted_host_interfaces" and text):
            yield f"options.{key}", "other machines reach its containers without a published port"
        if key == f"{_BRIDGE}name" and text:
            yield f"options.{key}", "it may be a bridge of the host's that other machines are on"
