"""What the provider asks of each resource type."""

from __future__ import annotations

from typing import Protocol

from docker import APIClient

from embedded.providers.bridge import Schema
from embedded.values import Properties


class Handler(Protocol):
    """One resource type. Outputs are plain: the provider adds what the state needs."""

    schema: Schema

    def create(self, client: APIClient, new: Properties, timeout: float | None) -> tuple[str, Properties]:
        """Make it; the id and what is known of it."""
        ...

    def read(
        self, client: APIClient, id: str, inputs: Properties, outputs: Properties
    ) -> tuple[str, Properties] | None:
        """Look at it; None when it is gone. Both empty is an import."""
        ...

    def update(self, client: APIClient, id: str, old: Properties, new: Properties, planned: Properties) -> Properties:
        """Change it in place. `old` are the outputs so far, `planned` those to come."""
        ...

    def delete(self, client: APIClient, id: str, outputs: Properties, timeout: float | None) -> None:
        """Remove it; gone already is success."""
        ...
