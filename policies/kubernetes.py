"""Kubernetes objects as every rule sees them, whichever resource declares them and however it spells them.

Owns where each fact stands: in the object itself, in its `*Patch` kind, in the items of its `*List` kind, in pod
templates at any depth, and in custom resources. What a fact means belongs to the rules, what tells data to
`kubernetes_signs`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from policies.reading import Reader
from policies.rule import Subject

PREFIX: Final = "kubernetes:"
_CONTAINERS: Final = ("containers", "initContainers", "ephemeralContainers")
_POD_KEYS: Final = frozenset((*_CONTAINERS, "hostNetwork"))
_TO_PODS: Final = frozenset({"spec", "template", "jobTemplate"})  # nothing else of a built-in object need be known
_DEPTH: Final = 24  # no object of Kubernetes is nested as deeply
_BUILT_IN: Final = frozenset(
    {
        "service", "pod", "podtemplate", "replicationcontroller", "deployment", "statefulset", "daemonset",
        "replicaset", "job", "cronjob", "configmap", "secret", "networkpolicy", "ingress", "namespace",
        "persistentvolume", "persistentvolumeclaim", "serviceaccount", "endpoints", "endpointslice",
    }
)  # fmt: skip


@dataclass(frozen=True)
class Entry:
    """One key of an object at any depth. `keys` leads to it, without positions."""

    where: str
    keys: tuple[str, ...]
    value: Any


@dataclass(frozen=True)
class Container:
    """One container of a pod, of any sort."""

    where: str
    raw: Any


class Object:
    """One object. `kinds` are those of the resource's type and of the object itself, which may differ."""

    def __init__(self, where: str, raw: Any, kinds: frozenset[str], group: str, *, patch: bool, reader: Reader) -> None:
        self.prefix = where
        self.raw = raw
        self.kinds = kinds
        self.group = group
        self.patch = patch
        self.reader = reader

    @property
    def spec(self) -> Any:
        """Its specification, None where it has none."""
        return self.reader.get(self.raw, "spec")

    @property
    def name(self) -> Any:
        """The name that it is declared under."""
        return self.meta("name") or self.meta("generateName")

    @property
    def custom(self) -> bool:
        """Whether something else than Kubernetes itself gives it its meaning."""
        return not self.kinds & _BUILT_IN

    def meta(self, key: str) -> Any:
        """A field of its metadata."""
        return self.reader.path(self.raw, "metadata", key)

    def place(self, path: str) -> str:
        """Where something of the object stands in the resource."""
        return f"{self.prefix}{path}"

    def entries(self, *start: str) -> Iterator[Entry]:
        """Every known key below `start`, outermost first."""
        value = self.reader.path(self.raw, *start) if start else self.raw
        yield from _entries(value, self.prefix + ".".join(start), (), self.reader)

    def pods(self) -> Iterator[Pod]:
        """Every pod and pod template in it."""
        yield from _pods(self.raw, self.prefix, self.reader, None if self.custom else _TO_PODS)


class Pod:
    """A pod or a template of one: `raw` has `metadata` and `spec`."""

    def __init__(self, where: str, raw: Any, reader: Reader) -> None:
        self.prefix = where
        self.raw = raw
        self.reader = reader
        self.spec = reader.get(raw, "spec")

    def containers(self) -> Iterator[Container]:
        """Its containers, first those that run for its whole life."""
        for key in _CONTAINERS:
            for at, one in self.reader.items(self.spec, key):
                yield Container(f"{self.prefix}spec.{key}[{at}]", one)

    def ports(self, container: Container) -> Iterator[tuple[str, Any]]:
        """Where each port of a container stands, and the port."""
        for at, port in self.reader.items(container.raw, "ports"):
            yield f"{container.where}.ports[{at}]", port

    def labels(self) -> dict[str, Any]:
        """The labels that Services and policies select it by."""
        return dict(self.reader.entries(self.reader.get(self.raw, "metadata"), "labels"))


def objects(subject: Subject) -> Iterator[Object]:
    """The objects that a resource declares; none where it isn't one of Kubernetes."""
    if not subject.type.startswith(PREFIX) or subject.type.count(":") != 2:  # noqa: PLR2004  package:version:kind
        return
    _, group, kind = subject.type.split(":")
    yield from _objects("", subject.props, (kind,), group, subject.reader)


def _objects(where: str, raw: Any, typed: tuple[str, ...], group: str, reader: Reader) -> Iterator[Object]:
    own, version = reader.get(raw, "kind"), reader.get(raw, "apiVersion")
    spelled = [name.lower() for name in (*typed, own) if isinstance(name, str)]
    place = f"{group} {version}".lower() if isinstance(version, str) else group.lower()
    lists = tuple(name.removesuffix("list") for name in spelled if name.endswith("list"))
    if lists:
        for at, item in reader.items(raw, "items"):
            yield from _objects(f"{where}items[{at}].", item, lists, place, reader)
    kinds = frozenset(name.removesuffix("patch") for name in spelled if name)
    yield Object(where, raw, kinds, place, patch=any(name.endswith("patch") for name in spelled), reader=reader)


def _entries(value: Any, where: str, keys: tuple[str, ...], reader: Reader) -> Iterator[Entry]:
    if len(keys) > _DEPTH:
        return
    if isinstance(value, Mapping):
        for key in value:
            inner = reader.get(value, key)
            if inner is not None:
                path, place = (*keys, str(key)), f"{where}.{key}" if where else str(key)
                yield Entry(place, path, inner)
                yield from _entries(inner, place, path, reader)
    elif isinstance(value, Sequence) and not isinstance(value, str):
        for at, item in reader.each(value):
            yield from _entries(item, f"{where}[{at}]", keys, reader)


def _pods(value: Any, where: str, reader: Reader, keys: frozenset[str] | None, depth: int = _DEPTH) -> Iterator[Pod]:
    """Everything below `value` that has a `spec` of a pod; `keys` are those that can lead to one, None for any."""
    if depth == 0 or not isinstance(value, Mapping):
        return
    for key in value:
        if key in ("metadata", "status", "items") or (keys is not None and key not in keys):
            continue
        inner = reader.get(value, key)
        if key == "spec" and isinstance(inner, Mapping) and not _POD_KEYS.isdisjoint(inner):
            yield Pod(where, value, reader)
        elif isinstance(inner, Mapping):
            yield from _pods(inner, f"{where}{key}.", reader, keys, depth - 1)
        else:
            for at, item in reader.each(inner):
                yield from _pods(item, f"{where}{key}[{at}].", reader, keys, depth - 1)
