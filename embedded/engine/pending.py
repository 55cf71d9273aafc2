"""Operations that an earlier run was cut short in: settled by looking, before anything else is done to the resource.

A creation is adopted or undone, an update or deletion is followed by a look at what is there now. The official CLI
leaves that to people; the names of containers, networks, databases and roles allow it.
"""

from __future__ import annotations

from dataclasses import replace

from embedded.engine import refresh, secrecy
from embedded.engine import urn as urns
from embedded.engine.operations import Screen, now
from embedded.engine.registry import Registry
from embedded.engine.snapshot import Snapshot
from embedded.errors import EngineError
from embedded.providers.base import Provider, ProviderError
from embedded.state import Resource
from embedded.values import reveal


class Pending:
    """What is pending from before; each is settled once, when its resource's turn comes."""

    def __init__(self, snapshot: Snapshot, registry: Registry, screen: Screen) -> None:
        self._snapshot = snapshot
        self._registry = registry
        self._screen = screen
        self._waiting = {item.urn: (kind, item) for kind, item in snapshot.inherited}

    def settle(self, urn: str, provider: Provider) -> None:
        """Settle what is pending for a resource, if anything is. Raises ProviderError where that can't be known."""
        if urn not in self._waiting:
            return
        kind, item = self._waiting[urn]
        old = self._snapshot.old(urn)
        if kind == "creating" and old is None:
            self._created(item, provider)
        elif kind in ("updating", "deleting") and old is not None:
            self._changed(kind, old, provider)
        self._snapshot.settled(item)
        del self._waiting[urn]

    def settle_all(self) -> None:
        """Settle everything that is left; what can't be looked at stays pending and is said."""
        for urn, (kind, item) in list(self._waiting.items()):
            try:
                if item.provider and not urns.is_provider(item.type):
                    self.settle(urn, self._registry.get(item.provider))
            except (ProviderError, EngineError) as error:
                self._screen.message("warning", f"interrupted while {kind}, and can't be looked at: {error}", urn)

    def _created(self, item: Resource, provider: Provider) -> None:
        settled = provider.settle(item.type, urns.name_of(item.urn), reveal(item.inputs))
        self._say(item.urn, "creating", settled.said)
        if settled.found is not None:
            outputs = secrecy.mark(settled.found.outputs, item.inputs, item.additional_secret_outputs)
            inputs, stamp = secrecy.mark(settled.found.inputs, item.inputs), now()
            made = replace(item, id=settled.found.id, inputs=inputs, outputs=outputs, created=stamp, modified=stamp)
            self._snapshot.adopt(made)

    def _changed(self, kind: str, old: Resource, provider: Provider) -> None:
        found, _ = refresh.look(old, provider)
        if found is None:  # what can't be seen any more may still hold a name
            provider.delete(old.type, old.id, reveal(old.inputs), reveal(old.outputs), timeout=None)
        self._say(old.urn, kind, "it is gone" if found is None else "it is there; the state has what was found")
        self._snapshot.amend(old, found)

    def _say(self, urn: str, kind: str, said: str) -> None:
        self._screen.message("info", f"{urns.name_of(urn)}: interrupted while {kind} before; {said}", urn)
