"""What gives data away in Kubernetes: ports by number and by name, names, labels, selectors, and a pod's contents.

A Service has no image, and a pod no published port: each sign counts by itself, so that another port or a plain name
doesn't hide a store.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

from policies.containers import DATA_COMPONENTS
from policies.kubernetes import Container, Object, Pod
from policies.rule import Subject
from policies.serving import serves_data
from policies.stores import holds_data_port, is_store_image, variables_tell_store

_TIERS: Final = frozenset({"data", "database", "databases", "datastore", "db", "sql", "pg"})
_PORT_NAMES: Final = frozenset(
    {
        "amqp",
        "amqps",
        "bolt",
        "cql",
        "database",
        "dbport",
        "memcache",
        "ms-sql-s",
        "mysqlx",
        "pgsql",
        "pgwire",
        "psql",
        "sql",
        "tds",
    }
)
_OPERATORS: Final = re.compile(
    r"(?:^|[./-])(?:cnpg\.io|crunchydata\.com|postgres[a-z-]*|redis[a-z-]*|mongo[a-z-]*|percona\.com|zalan\.do|"
    r"strimzi\.io|stackgres\.io|k8ssandra\.io|elastic\.co)(?:$|[./-])"
)
_TELLING: Final = frozenset(
    {
        "app", "application", "component", "database", "db", "engine", "instance", "k8s-app", "layer", "name",
        "pod-name", "role", "run", "service", "store", "svc", "tier", "type",
    }
)  # fmt: skip
_OWN: Final = ("data-tier.tier", "data-tier.component")


def is_data_name(name: Any) -> bool:
    """Whether a name of a Service, pod or policy is a data store's."""
    return isinstance(name, str) and (name.strip().lower() in _TIERS or is_store_image(name.strip()))


def is_data_port(port: Any) -> bool:
    """Whether a port holds data: by its number, as number, text or range, or by the name of its protocol."""
    if isinstance(port, bool) or port is None:
        return False
    text = str(port).strip()
    if re.match(r"[+-]?[0-9]", text):
        return holds_data_port(port)
    numbered = any(holds_data_port(number) for number in re.findall(r"[0-9]{4,5}", text))
    return numbered or is_data_name(text) or text.lower() in _PORT_NAMES


def are_data_labels(labels: Mapping[str, Any], *, every_key: bool = False) -> bool:
    """Whether labels are a data store's. `every_key` for a selector: all of it selects, whatever its keys are called.

    A label such as `uses: postgres` marks a client, so on pods only keys that say what a pod is are looked at.
    """
    for key, value in labels.items():
        telling = every_key or key in _OWN or key.rsplit("/", 1)[-1].lower() in _TELLING
        if (telling and is_data_name(value)) or ("/" in key and _OPERATORS.search(key.split("/")[0].lower())):
            return True
    return False


def is_data_component(subject: Subject) -> bool:
    """Whether it is part of a component that holds data."""
    return any(kind.startswith(DATA_COMPONENTS) for kind in subject.kinds[:-1])


def is_data_object(one: Object) -> bool:
    """Whether an object's own name or labels are a data store's."""
    labels = dict(one.reader.entries(one.reader.get(one.raw, "metadata"), "labels"))
    return is_data_name(one.name) or are_data_labels(labels)


def is_data_pod(pod: Pod) -> bool:
    """Whether a pod holds data: by a label, or by any of its containers, which share its network."""
    return are_data_labels(pod.labels()) or any(is_data_container(pod, one) for one in pod.containers())


def is_data_container(pod: Pod, container: Container) -> bool:
    """Whether a container is a data store: by port, environment, command, or image."""
    reader, raw = pod.reader, container.raw
    for _, port in pod.ports(container):
        if any(is_data_port(reader.get(port, key)) for key in ("containerPort", "name")):
            return True
    words = [str(word) for key in ("command", "args") for _, word in reader.items(raw, key)]
    names = [reader.get(one, "name") for _, one in reader.items(raw, "env")]
    if serves_data(words) or variables_tell_store(name for name in names if isinstance(name, str)):
        return True
    return is_store_image(reader.get(raw, "image"))


def selector_signs(one: Object, selector: Any) -> bool:
    """Whether a label selector, with or without `matchLabels`, selects data."""
    labels = {key: value for key, value in _pairs(one, selector) if isinstance(value, str)}
    return are_data_labels(labels, every_key=True) or any(
        is_data_name(value)
        for _, term in one.reader.items(selector, "matchExpressions")
        if one.reader.get(term, "operator") == "In"
        for _, value in one.reader.items(term, "values")
    )


def _pairs(one: Object, selector: Any) -> Iterator[tuple[str, Any]]:
    if isinstance(selector, Mapping):
        for key in selector:
            if key == "matchLabels":
                yield from one.reader.entries(selector, key)
            elif key != "matchExpressions":
                yield str(key), one.reader.get(selector, key)
