"""Refuses a Service that leads from outside the cluster to data: NodePort, LoadBalancer, external addresses.

It judges what the Service shows by itself: its ports, port names, selector, labels and name. What its selector leads to
is looked up in the stack by `refuse-public-service-of-data-pods`.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from policies.kubernetes import Object, objects
from policies.kubernetes_services import data_ports, openings, ports
from policies.kubernetes_signs import is_data_component, is_data_object, selector_signs
from policies.rule import ResourceRule, Settings, Severity, Subject


def _check(subject: Subject, _: Settings) -> Iterator[str]:
    for one in objects(subject):
        for where, opening in openings(one) if "service" in one.kinds else ():
            reason = _reason(subject, one)
            if reason:
                yield f"{where}: {opening} leads to data ({reason})"


def _reason(subject: Subject, one: Object) -> str:
    """What shows that the Service leads to data, or ""."""
    for where in data_ports(one):
        return f"{where} is a data port"
    selector: Any = one.reader.get(one.spec, "selector")
    if selector_signs(one, selector):
        return f"{one.place('spec.selector')} selects a data store"
    if is_data_object(one) or is_data_component(subject):
        return "its name, labels or component are a data store's"
    if one.patch and (not selector or not list(ports(one))):
        return "a patch without ports and selector can open any Service"
    return ""


RULE = ResourceRule(
    name="refuse-public-data-service",
    description="No Service leads from outside the cluster to a data port.",
    why="A NodePort listens on every node, a LoadBalancer opens a node port as well, and `externalIPs` take the "
    "traffic of any address; none of them asks a NetworkPolicy of another namespace.",
    remedy="Use a Service of type ClusterIP: apps reach the store by its name inside the cluster",
    severity=Severity.CRITICAL,
    check=_check,
)
