"""Refuses a pod, or a template of one, that opens a data port on its node."""

from __future__ import annotations

from collections.abc import Iterator

from policies.kubernetes import objects
from policies.kubernetes_signs import is_data_component, is_data_pod, is_data_port
from policies.rule import ResourceRule, Settings, Severity, Subject
from policies.scalars import is_off

_KEYS = ("hostPort", "containerPort", "name")


def _check(subject: Subject, _: Settings) -> Iterator[str]:
    """Every host port, then what its pod is: containers of a pod share one network, so any of them can answer."""
    for one in objects(subject):
        for pod in one.pods():
            opened = [
                (where, port)
                for container in pod.containers()
                for where, port in pod.ports(container)
                if (found := pod.reader.get(port, "hostPort")) is not None and not is_off(found)
            ]
            store = bool(opened) and (is_data_component(subject) or is_data_pod(pod))
            for where, port in opened:
                if store or any(is_data_port(pod.reader.get(port, key)) for key in _KEYS):
                    yield f"{where}.hostPort: a data port is open on every node that runs the pod"


RULE = ResourceRule(
    name="refuse-host-port-for-data",
    description="No pod opens a data port on its node.",
    why="A host port answers on the node's own address, and can come before any NetworkPolicy.",
    remedy="Remove `hostPort` and let apps use a Service of type ClusterIP",
    severity=Severity.CRITICAL,
    check=_check,
)
