"""What the program asks for: one resource registration, read from the protocol."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from embedded.engine import paths
from embedded.errors import EngineError
from embedded.values import Properties, from_struct

_REFUSED = {
    "remote": "component packages",
    "providers": "providers of component packages",
    "replace_with": "replaceWith",
    "transforms": "transforms",
    "packageRef": "parameterized packages",
    "envVarMappings": "envVarMappings",
}


@dataclass(frozen=True, kw_only=True)
class Goal:
    """A resource as the program wants it, before any check; lists hold URNs, `provider` is `<urn>::<id>` or ""."""

    type: str
    name: str
    custom: bool
    inputs: Properties
    parent: str = ""
    provider: str = ""
    version: str = ""
    dependencies: Sequence[str] = ()
    property_dependencies: Mapping[str, list[str]] = field(default_factory=dict)
    protect: bool = False
    retain_on_delete: bool = False
    delete_before_replace: bool | None = None
    deleted_with: str = ""
    ignore_changes: Sequence[str] = ()
    replace_on_changes: Sequence[str] = ()
    additional_secret_outputs: Sequence[str] = ()
    custom_timeouts: Mapping[str, float] = field(default_factory=dict)
    aliases: Sequence[str] = ()
    import_id: str = ""

    @property
    def needs(self) -> set[str]:
        """URNs of what it is made from or inside: dependencies, parent, provider, what it goes away with."""
        properties = {urn for urns in self.property_dependencies.values() for urn in urns}
        provider = self.provider.rpartition("::")[0]
        return {*self.dependencies, *properties, self.parent, provider, self.deleted_with} - {""}

    def ignoring(self, old: Properties | None) -> Goal:
        """The goal with its ignored properties put back to the values of `old`, where there is an old state."""
        if old is None or not self.ignore_changes:
            return self
        return replace(self, inputs=paths.keep(self.inputs, old, self.ignore_changes))


def from_request(request: Any) -> Goal:
    """Read a RegisterResourceRequest. Raises EngineError naming an option that the embedded engine doesn't carry."""
    for name, option in _REFUSED.items():
        if getattr(request, name):
            raise EngineError(
                f"{request.type} '{request.name}': the option '{option}' is not carried by the embedded engine; "
                f"leave it out, or use the Pulumi CLI"
            )
    timeouts = request.customTimeouts
    return Goal(
        type=request.type,
        name=request.name,
        custom=request.custom,
        inputs=from_struct(request.object),
        parent=request.parent,
        provider=request.provider,
        version=request.version,
        dependencies=list(request.dependencies),
        property_dependencies={key: list(value.urns) for key, value in request.propertyDependencies.items()},
        protect=request.protect,
        retain_on_delete=request.retainOnDelete,
        delete_before_replace=request.deleteBeforeReplace if request.deleteBeforeReplaceDefined else None,
        deleted_with=request.deletedWith,
        ignore_changes=list(request.ignoreChanges),
        replace_on_changes=list(request.replaceOnChanges),
        aliases=[*request.aliasURNs, *(alias.urn for alias in request.aliases if alias.urn)],
        additional_secret_outputs=list(request.additionalSecretOutputs),
        import_id=request.importId,
        custom_timeouts={
            name: _seconds(getattr(timeouts, name))
            for name in ("create", "update", "delete")
            if getattr(timeouts, name)
        },
    )


def _seconds(duration: str) -> float:
    """Seconds of a Go duration such as `1m30s`, as the SDK sends them."""
    units = {"h": 3600.0, "m": 60.0, "s": 1.0, "ms": 0.001}
    total, number, unit = 0.0, "", ""
    for character in f"{duration} ":
        if unit and not character.isalpha():
            total += float(number) * units[unit]
            number, unit = "", ""
        if character.isalpha():
            unit += character
        else:
            number += character.strip()
    return int(total) if total.is_integer() else total
