"""Refuses what leads traffic from the cluster's edge to data: routes, gateways, Ingress and its maps of TCP ports.

It knows backends by their shape, not by a list of controllers: whatever is called a route, an ingress, a gateway or a
proxy and names a data port or a data store's Service as its target.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from policies.kubernetes import Entry, Object, objects
from policies.kubernetes_signs import is_data_name, is_data_port
from policies.rule import ResourceRule, Settings, Severity, Subject

_KINDS: Final = re.compile(
    r"route|ingress|gateway|proxy|mapping|transportserver|virtualserver|virtualservice|tunnel|^tcp$|^globalconfiguration$"
)
_PORTS: Final = frozenset({"port", "serviceport", "targetport", "number", "listenport"})
_NAMES: Final = frozenset({"name", "servicename", "service"})
_TARGETS: Final = frozenset({"destination", "backend", "backends", "upstream", "upstreams"})
_ELSEWHERE: Final = frozenset({"parentRefs", "tls", "annotations", "status", "secretName", "gatewayClassName"})
_FORWARD: Final = re.compile(r"[\w.-]+/(?P<name>[\w.-]+):(?P<port>[\w-]+)(?::.*)?")
_STREAM: Final = re.compile(r"tcp|stream|snippet")


def _check(subject: Subject, _: Settings) -> Iterator[str]:
    for one in objects(subject):
        if any(_KINDS.search(kind) and not kind.endswith(("class", "policy")) for kind in one.kinds):
            yield from _routes(one)
        if "configmap" in one.kinds:
            yield from _forwards(one)


def _routes(one: Object) -> Iterator[str]:
    for entry in one.entries("spec"):
        if _leads_to_data(entry):
            yield f"{entry.where}: leads from the cluster's edge to data"
    for key, value in one.reader.entries(one.reader.get(one.raw, "metadata"), "annotations"):
        numbers = re.findall(r"[0-9]{4,5}", str(value)) if _STREAM.search(key.lower()) else ()
        if any(is_data_port(number) for number in numbers):
            yield f"{one.place('metadata.annotations')}.{key}: leads from the cluster's edge to data"


def _leads_to_data(entry: Entry) -> bool:
    key, before = entry.keys[-1], entry.keys[:-1]
    if not isinstance(entry.value, str | int | float) or _ELSEWHERE & set(entry.keys):
        return False
    if key.lower() in _PORTS:
        return is_data_port(entry.value)
    if key == "host" and before and before[-1] in _TARGETS:
        return is_data_name(str(entry.value).split(".")[0])
    if key.lower() in _NAMES:
        name, _, port = str(entry.value).removeprefix("tcp://").partition(":")
        return is_data_name(name.split(".")[0]) or (bool(port) and is_data_port(port))
    return False


def _forwards(one: Object) -> Iterator[str]:
    """The entries of a map of ports, such as ingress-nginx reads: `"5432": "data/postgres:5432"`."""
    for port, target in one.reader.entries(one.raw, "data"):
        if not re.fullmatch(r"\s*[0-9]+\s*", port):
            continue  # other entries beside it don't switch a port off
        match = _FORWARD.fullmatch(target.strip()) if isinstance(target, str) else None
        if is_data_port(port) or (match and (is_data_name(match["name"]) or is_data_port(match["port"]))):
            yield f"{one.place(f'data.{port}')}: a port of the ingress controller leads to data"


RULE = ResourceRule(
    name="refuse-route-to-data",
    description="No route, gateway or ingress leads to a data port.",
    why="An ingress controller or gateway listens outside the cluster: its TCP route makes a ClusterIP Service public.",
    remedy="Remove the route: apps reach the store inside the cluster",
    severity=Severity.CRITICAL,
    check=_check,
)
