"""Refuses a data pod, or a template of one, on its node's network."""

from __future__ import annotations

from collections.abc import Iterator

from policies.kubernetes import objects
from policies.kubernetes_signs import is_data_component, is_data_object, is_data_pod
from policies.rule import ResourceRule, Settings, Severity, Subject
from policies.scalars import is_on


def _check(subject: Subject, _: Settings) -> Iterator[str]:
    for one in objects(subject):
        for pod in one.pods():
            if not is_on(pod.reader.get(pod.spec, "hostNetwork")):
                continue
            blind = one.patch and not any(pod.containers())
            if blind or is_data_component(subject) or is_data_object(one) or is_data_pod(pod):
                yield f"{pod.prefix}spec.hostNetwork: data answers on its node's own addresses"


RULE = ResourceRule(
    name="refuse-host-network-for-data",
    description="No data pod is on its node's network.",
    why="A pod on the host's network escapes every NetworkPolicy, and each port that it listens on is the node's.",
    remedy="Remove `hostNetwork` and let apps use a Service of type ClusterIP",
    severity=Severity.CRITICAL,
    check=_check,
)
