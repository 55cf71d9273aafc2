"""A real PostgreSQL server and a stack of thirty resources, for tests that break what runs on them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.embedded.conftest import workspace
from tests.embedded.providers.postgresql.conftest import PostgresServer, postgres_server
from tests.faults.stack import FaultStack

__all__ = ["postgres_server", "workspace"]


@pytest.fixture
def fault_stack(tmp_path: Path, postgres_server: PostgresServer) -> Iterator[FaultStack]:
    """The stack, not built yet, and nothing of it anywhere afterwards."""
    stack = FaultStack(tmp_path, postgres_server)
    try:
        yield stack
    finally:
        stack.remove()
