"""Which images a stack file needs beside those of every stack."""

from __future__ import annotations

from typing import Any

import pytest

from operate import parts


@pytest.mark.parametrize(
    ("settings", "wanted"),
    [
        ({"postgres": {"image": "postgres:17"}, "apps": {"shop": {"postgres": {"database": "shop"}}}}, set()),
        ({"postgres": {"backup": {}}, "monitoring": {}}, {"backup", "monitoring"}),
        ({"postgres": {"backup": {"enabled": False}}}, set()),
        ({"postgres": {"backup": None}, "monitoring": None}, set()),
        ({"postgres": {"standbys": 1}}, {"haproxy"}),
        ({"postgres": {"standbys": 0}}, {"haproxy"}),  # its ways stay
        ({"apps": {"shop": {"postgres": {"server": {"standbys": 1, "backup": {}}}}}}, {"haproxy", "backup"}),
        ({"postgres": "postgres:17", "apps": ["shop"]}, set()),
    ],
)
def test_only_what_the_stack_file_asks_for_is_needed(settings: dict[str, Any], wanted: set[str]) -> None:
    assert parts.asked(settings) == wanted
