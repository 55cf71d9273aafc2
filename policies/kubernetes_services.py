"""A Service's ways in from outside and its ports, for the rules that judge them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from policies.kubernetes import Object
from policies.kubernetes_signs import is_data_port
from policies.scalars import is_on, whole_number

_PUBLIC: Final = {"nodeport": "type NodePort", "loadbalancer": "type LoadBalancer"}
_OPENING_NOTES: Final = frozenset(
    {"tailscale.com/expose", "tailscale.com/funnel", "getambassador.io/config", "skupper.io/proxy"}
)
_GROUPS: Final = "cloud.google.com/neg"  # only with ports of its own
_PORT_KEYS: Final = ("port", "targetPort", "nodePort", "name", "appProtocol")


def openings(service: Object) -> Iterator[tuple[str, str]]:
    """Where and what lets traffic from outside the cluster in. What isn't known is left in the reader."""
    kind = service.reader.get(service.spec, "type")
    public = _PUBLIC.get(str(kind).strip().lower())
    if public:
        yield service.place("spec.type"), public
    elif service.patch:  # the type stands in the Service that is patched
        for where, port in ports(service):
            if (whole_number(service.reader.get(port, "nodePort")) or 0) > 0:
                yield f"{where}.nodePort", "a node port"
        for key in ("loadBalancerIP", "loadBalancerClass"):
            if service.reader.get(service.spec, key):
                yield service.place(f"spec.{key}"), key
    if any(service.reader.items(service.spec, "externalIPs")):
        yield service.place("spec.externalIPs"), "external addresses"
    for key, value in service.reader.entries(service.reader.get(service.raw, "metadata"), "annotations"):
        if (key in _OPENING_NOTES and is_on(value)) or (key == _GROUPS and "exposed_ports" in str(value)):
            yield service.place(f"metadata.annotations.{key}"), "an annotation"


def ports(service: Object) -> Iterator[tuple[str, Any]]:
    """Where each of its ports stands, and the port."""
    for at, port in service.reader.items(service.spec, "ports"):
        yield service.place(f"spec.ports[{at}]"), port


def data_ports(service: Object) -> Iterator[str]:
    """Where each of its ports stands that is a data port: by number inside, outside or behind it, or by name."""
    for where, port in ports(service):
        if any(is_data_port(service.reader.get(port, key)) for key in _PORT_KEYS):
            yield where
