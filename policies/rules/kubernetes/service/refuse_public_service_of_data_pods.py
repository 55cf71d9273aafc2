"""Refuses a public Service whose selector leads to data pods of the same stack, whatever ports and names it has."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from policies.kubernetes import Object, Pod, objects
from policies.kubernetes_services import openings
from policies.kubernetes_signs import is_data_pod, is_data_port
from policies.rule import Finding, Settings, Severity, StackRule, Subject


def _check(subjects: Sequence[Subject], _: Settings) -> Iterator[Finding]:
    """Openings first: where no Service is public, no pod is looked at."""
    seen = [(subject, one) for subject in subjects for one in objects(subject)]
    public = [(subject, one) for subject, one in seen if "service" in one.kinds and any(openings(one))]
    pods = [(one, pod) for _, one in seen for pod in one.pods()] if public else []
    for subject, service in public:
        selector = dict(service.reader.entries(service.spec, "selector"))
        if any(_selected(selector, service, one, pod) and is_data_pod(pod) for one, pod in pods):
            yield Finding(f"{service.place('spec.selector')}: a public Service selects data pods", subject.urn)
        if any(_leads(service, one) and _has_data_port(one) for _, one in seen):
            yield Finding(f"{service.place('metadata.name')}: the endpoints of a public Service are data", subject.urn)


def _leads(service: Object, one: Object) -> bool:
    """Whether an object lists addresses of a Service: Endpoints by their name, slices by a label."""
    if "endpoints" in one.kinds:
        name = one.name
    elif "endpointslice" in one.kinds:
        name = one.reader.get(one.meta("labels"), "kubernetes.io/service-name")
    else:
        return False
    return name is not None and name == service.name and _may_meet(service, one)


def _has_data_port(one: Object) -> bool:
    lists = [one.raw, *(subset for _, subset in one.reader.items(one.raw, "subsets"))]
    ports = (port for each in lists for _, port in one.reader.items(each, "ports"))
    return any(is_data_port(one.reader.get(port, key)) for port in ports for key in ("port", "name"))


def _may_meet(one: Object, other: Object) -> bool:
    """Whether both may be in one namespace: they count where both are known."""
    return len({str(name) for name in (one.meta("namespace"), other.meta("namespace")) if name}) < 2  # noqa: PLR2004


def _selected(selector: Mapping[str, Any], service: Object, owner: Object, pod: Pod) -> bool:
    """Whether a selector selects a pod. A value that isn't known may be any; namespaces count where both are known."""
    labels = pod.labels()
    return (
        bool(selector)
        and _may_meet(service, owner)
        and all(
            key in labels and (None in (value, labels[key]) or labels[key] == value) for key, value in selector.items()
        )
    )


RULE = StackRule(
    name="refuse-public-service-of-data-pods",
    description="No Service that is reachable from outside the cluster selects pods that hold data.",
    why="A Service shows neither image nor command: port 80 to a neutral label may be a database.",
    remedy="Use a Service of type ClusterIP, or narrow the selector to pods without data",
    severity=Severity.CRITICAL,
    check=_check,
)
