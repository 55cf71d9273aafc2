"""What the tests of examples share: a Docker daemon that answers."""

from tests.integration.conftest import daemon

__all__ = ["daemon"]
