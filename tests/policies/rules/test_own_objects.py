"""The rules about PostgreSQL, generated values, commands and types find nothing in what the program builds itself,
the advisory ones neither."""

from __future__ import annotations

import pytest

from policies.rule import Level
from tests.components.recording import build_from, stack_file
from tests.policies.graphs import faults

OURS = ("refuse-privileged-role", "require-connection-limit", "refuse-powerful-membership", "refuse-weak-role-password",
        "refuse-plain-role-password", "refuse-grant-to-public", "refuse-grant-option", "refuse-all-privileges",
        "refuse-login-owner", "require-database-owner", "refuse-template-database", "refuse-unlisted-extension",
        "refuse-unsafe-function", "refuse-unlisted-outlet", "refuse-weak-password", "refuse-readable-password",
        "refuse-opening-command", "refuse-unlisted-command", "refuse-hiding-types")  # fmt: skip


@pytest.mark.parametrize("stack", ["dev", "prod"])
def test_the_rules_find_nothing_on_any_level(stack):
    graph = build_from(stack_file(stack))
    told = [line for level in (Level.MANDATORY, Level.ADVISORY) for line in faults(graph, level)]
    assert [line for line in told if line.startswith(OURS)] == []
