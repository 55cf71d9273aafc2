"""Refuses a Service of type ExternalName that leads clients of a store out of the cluster."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from policies.kubernetes import objects
from policies.kubernetes_services import data_ports
from policies.kubernetes_signs import is_data_name, is_data_object
from policies.rule import ResourceRule, Settings, Severity, Subject


def _check(subject: Subject, settings: Settings) -> Iterator[str]:
    for one in objects(subject):
        if "service" not in one.kinds:
            continue
        kind, name = one.reader.get(one.spec, "type"), one.reader.get(one.spec, "externalName")
        if (str(kind).lower() != "externalname" and not (one.patch and name)) or _inside(name, settings):
            continue
        first = name.split(".")[0] if isinstance(name, str) else None
        if is_data_object(one) or is_data_name(first) or any(data_ports(one)):
            yield f"{one.place('spec.externalName')}: a data store's Service leads out of the cluster"


def _inside(name: Any, settings: Settings) -> bool:
    host = name.strip().rstrip(".").lower() if isinstance(name, str) else ""
    return host.endswith((".svc", ".svc.cluster.local")) or host in {str(one).lower() for one in settings["allowed"]}


RULE = ResourceRule(
    name="refuse-external-name-for-data",
    description="No Service stands for a data store outside the cluster.",
    why="An ExternalName Service is an alias in DNS: it has no ports, no NetworkPolicy sees it, and passwords go to "
    "whoever holds that name.",
    remedy="Lead to a store in the cluster, or name the host in the setting `allowed`",
    severity=Severity.MEDIUM,
    check=_check,
    settings={
        "allowed": {
            "type": "array",
            "items": {"type": "string"},
            "default": [],
            "description": "Hosts outside the cluster that a data store's Service may stand for.",
        }
    },
)
