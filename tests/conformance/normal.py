"""The normal form of what a run leaves and answers: what must differ from run to run gets a name in its stead.

A generated value (a random string, a container's id) becomes `<first.result>` wherever it stands, so that the form
still says where it came from. Secrets are opened and marked. Recordings and runs go through the same code.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from embedded.values import SECRET_SIGNATURE, SIGNATURE, UNKNOWN_SENTINEL

Json = dict[str, Any]
Open = Callable[[str], str]

SHORT = 3  # characters below which a generated value is named in its own place only
INSIDE = 8  # characters from which a generated value is looked for inside of others too: shorter ones may be chance
_OWN: Mapping[str, tuple[str, ...]] = {
    "random:": ("result", "id", "hex", "b64Std", "b64Url", "dec", "bcryptHash"),
    "command:": ("id",),
    "docker:index/container:": ("id",),
    "docker:index/network:": ("id",),
    "pulumi:providers:": ("id",),
}
_PATTERNS = (
    (re.compile(r"\b(?:[0-9a-f]{2}:){5}[0-9a-f]{2}\b"), "<mac>"),
    (re.compile(r"(SCRAM-SHA-256\$4096:[^$]+\$)[\w+/=]+:[\w+/=]+"), r"\1<keys>"),
    (re.compile(r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d[\d.]*Z$"), "<time>"),
    (re.compile(r"^/\S+/volumes/"), "<volumes>/"),
)


def key(urn: str) -> str:
    """A URN without stack and project: the resource's name in facts."""
    return urn.split("::", 2)[-1] if urn.startswith("urn:pulumi:") else urn


class Names:
    """The generated values of a stack, each with the name that stands for it."""

    def __init__(self, *states: Iterable[Json]) -> None:
        """`states` are lists of resources, opened; a later one's values come before an earlier one's."""
        self._exact: dict[str, str] = {}
        for age, resources in enumerate(reversed(states)):
            for resource in resources:
                for value, name in _generated(resource):
                    if len(value) >= SHORT:
                        self._exact.setdefault(value, f"<{'old ' * age}{name}>")
        self._long = sorted((value for value in self._exact if len(value) >= INSIDE), key=len, reverse=True)

    def text(self, value: str) -> str:
        """A text with its generated parts named."""
        if value in self._exact:
            return self._exact[value]
        for part in self._long:
            if part in value:
                value = value.replace(part, self._exact[part])
        for pattern, name in _PATTERNS:
            value = pattern.sub(name, value)
        return value

    def __call__(self, value: Any) -> Any:
        """Any value in normal form."""
        if isinstance(value, str):
            return "<unknown>" if value == UNKNOWN_SENTINEL else self.text(value)
        if isinstance(value, Mapping):
            return {self.text(item): self(value[item]) for item in sorted(value)}
        if isinstance(value, list):
            return [self(item) for item in value]
        return int(value) if isinstance(value, float) and value.is_integer() else value


def opened(value: Any, decrypt: Open) -> Any:
    """A value with its secrets as `{"secret": value}`, whether encrypted, in plain or as they are on the wire."""
    if isinstance(value, list):
        return [opened(item, decrypt) for item in value]
    if not isinstance(value, Mapping):
        return value
    if value.get(SIGNATURE) != SECRET_SIGNATURE:
        return {item: opened(found, decrypt) for item, found in value.items()}
    if "ciphertext" in value:
        return {"secret": opened(json.loads(decrypt(value["ciphertext"])), decrypt)}
    if "plaintext" in value:
        return {"secret": opened(json.loads(value["plaintext"]), decrypt)}
    return {"secret": opened(value["value"], decrypt)}


def resource(found: Json, names: Names) -> Json:
    """One resource of a state, without what its key says; lists of URNs are sets."""
    shown = {item: names(value) for item, value in found.items() if item not in ("urn", "type")}
    if "outputs" in shown:
        shown["outputs"] = outputs(key(found["urn"]), shown["outputs"])
    if "id" in shown:
        shown |= outputs(key(found["urn"]), {"id": shown["id"]})
    for item in ("dependencies", "aliases"):
        if item in shown:
            shown[item] = sorted(key(urn) for urn in shown[item])
    for item in ("parent", "provider", "deletedWith"):
        if item in shown:
            shown[item] = key(shown[item])
    if "propertyDependencies" in shown:
        wanted = shown["propertyDependencies"]
        shown["propertyDependencies"] = {name: sorted(map(key, urns or [])) for name, urns in wanted.items()}
    return shown


def outputs(key: str, found: Json) -> Json:
    """Outputs, named already, with names also for those that are too short to be known again elsewhere: a number."""
    type, _, name = key.rpartition("$")[2].partition("::")
    short = [item for item in _own(type) if item in found and len(str(found[item])) < SHORT]
    return {**found, **{item: f"<{name}.{item}>" for item in short}}


def _own(type: str) -> tuple[str, ...]:
    """The outputs that a type's resources get by chance."""
    return next((keys for prefix, keys in _OWN.items() if type.startswith(prefix)), ())


def state(deployment: Json, names: Names) -> Json:
    """A deployment by resource; one that waits for its deletion has a key of its own."""
    found: Json = {}
    for item in deployment.get("resources") or []:
        found[key(item["urn"]) + (" (replaced)" if item.get("delete") else "")] = resource(item, names)
    pending = {
        f"{item['type']} {key(item['resource']['urn'])}": resource(item["resource"], names)
        for item in deployment.get("pending_operations") or []
    }
    parts = sorted(part for part, value in deployment.items() if value)
    return {"resources": found, "pending": pending, "parts": parts}


def _generated(resource: Json) -> Iterable[tuple[str, str]]:
    """The values that a resource got by chance. What was imported came with a known id."""
    name = resource["urn"].rsplit("::", 1)[-1]
    outputs = {} if resource.get("importID") else {**(resource.get("outputs") or {}), "id": resource.get("id")}
    for item in _own(resource["type"]):
        value = outputs.get(item)
        value = value["secret"] if isinstance(value, dict) and "secret" in value else value
        if value not in (None, "none", ""):
            yield str(value), f"{name}.{item}"
    if resource["type"].startswith("docker:index/container:") and resource.get("id"):
        yield resource["id"][:12], f"{name}.hostname"
