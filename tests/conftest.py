"""How tests are shared out when several processes run them: what needs one costly thing stays together.

A file is never divided: the tests of a stack go through its life in order. Files whose tests use one of the fixtures
below go to one process, as each process would build it anew.
"""

from __future__ import annotations

import pytest

_ONCE = ("stack", "running", "postgres_server", "outsider")


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Name each test's group for pytest-xdist, which takes it with `--dist loadgroup`."""
    for item in items:
        used = getattr(item, "fixturenames", ())
        once = next((name for name in _ONCE if name in used), None)
        item.add_marker(pytest.mark.xdist_group(once or str(item.path)))
