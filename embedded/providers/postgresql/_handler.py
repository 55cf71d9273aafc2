"""What the provider asks of each resource type."""

from __future__ import annotations

from typing import Protocol

from embedded.providers.bridge import Schema
from embedded.providers.postgresql._server import Server
from embedded.values import Properties


class Handler(Protocol):
    """One resource type. Outputs are plain and complete; sets that nobody declared are []."""

    schema: Schema

    def create(self, server: Server, new: Properties) -> str:
        """Make it; its id."""
        ...

    def read(self, server: Server, id: str, known: Properties) -> Properties | None:
        """Look at it, None when it is gone. `known` are inputs and outputs so far, empty for an import."""
        ...

    def update(self, server: Server, old: Properties, new: Properties) -> str:
        """Change it in place; its id, which may follow its name."""
        ...

    def delete(self, server: Server, old: Properties) -> None:
        """Remove it; gone already is success."""
        ...
