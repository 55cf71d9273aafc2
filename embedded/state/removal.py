"""Who needs whom in a state, where a resource is taken out of it by hand.

Pure. Source: the CLI's dependency graph of a snapshot, pkg/resource/graph.
"""

from __future__ import annotations

from collections.abc import Sequence

from embedded.state.integrity import needs
from embedded.state.resource import Resource


def dependents(resources: Sequence[Resource], condemned: Resource) -> list[Resource]:
    """What can't stay without a resource: its children, what depends on it or is made through it, and theirs.

    A URN that also names a resource that stays, as during a replacement, is not missed.
    """
    found: list[Resource] = []
    gone, stays, providers = {condemned.urn}, set[str](), {f"{condemned.urn}::{condemned.id}"}
    for item in resources:
        if item is condemned:
            continue
        if item.provider in providers or any(
            urn in gone and urn not in stays for _, urns in needs(item) for urn in urns
        ):
            found.append(item)
            gone.add(item.urn)
            providers.add(f"{item.urn}::{item.id}")
        else:
            stays.add(item.urn)
    return found
