"""What must hold between the resources of a checkpoint: the CLI refuses a state where it doesn't, so does this engine.

Pure. Source: the CLI's own verification, pkg/resource/stack/snapshot/integrity.go.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from embedded.state.resource import Resource

_PROVIDERS = "pulumi:providers:"


def problem(resources: Sequence[Resource]) -> str:
    """The first thing that is wrong, "" when nothing is."""
    seen: set[str] = set()
    alive: set[str] = set()
    providers: set[str] = set()
    for resource in resources:
        found = _itself(resource) or _references(resource, seen, providers)
        if not found and not resource.delete and resource.urn in alive:
            found = f"duplicate resource {resource.urn} (not marked for deletion)"
        if found:
            return found
        seen.add(resource.urn)
        if not resource.delete:
            alive.add(resource.urn)
        if resource.type.startswith(_PROVIDERS):
            providers.add(f"{resource.urn}::{resource.id}")
    return ""


def _itself(resource: Resource) -> str:
    if not resource.urn or not resource.type:
        return f"a resource without urn or type: {resource.urn or resource.type!r}"
    if not resource.custom and resource.id:
        return f"resource '{resource.urn}' has 'custom' false but non-empty ID"
    return ""


def _references(resource: Resource, seen: set[str], providers: set[str]) -> str:
    pending = bool(resource.extra.get("pendingReplacement"))
    if resource.provider and resource.provider not in providers and not pending:
        return f"resource {resource.urn} refers to unknown provider {resource.provider}"
    for role, urns in needs(resource):
        for urn in urns:
            if urn and urn not in seen:
                return f"resource {resource.urn}: its {role} {urn} is missing or comes after it"
    return ""


def needs(resource: Resource) -> Iterator[tuple[str, Iterable[str]]]:
    """URNs that must be in the state, by what they are to the resource; "" for none. Its provider is not among them."""
    yield "parent", (resource.parent,)
    yield "dependency", resource.dependencies
    for urns in resource.property_dependencies.values():
        yield "property dependency", urns or ()
    yield "deletedWith", (resource.deleted_with,)
