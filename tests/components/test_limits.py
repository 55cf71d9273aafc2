"""The limits of an app's logins: what is declared, which resource sets it, and what a role carries."""

from __future__ import annotations

import json
from typing import Any

import pytest

from components import limits
from components.config import parse
from tests.components.recording import Graph, build_from, export_all
from tests.components.samples import small
from tests.policies.graphs import faults

ALL = {
    "statement_timeout": "2min", "lock_timeout": "500ms", "idle_in_transaction_session_timeout": "30s",
    "idle_session_timeout": "1h", "work_mem": "4Mi", "temp_file_limit": "64Mi",
}  # fmt: skip
NUMBERS = {
    "statement_timeout": 120_000, "lock_timeout": 500, "idle_in_transaction_session_timeout": 30_000,
    "idle_session_timeout": 3_600_000, "work_mem": 4096, "temp_file_limit": 65_536,
}  # fmt: skip


def graph(declared: dict[str, Any] | None = ALL, topology: str = "unified", **more: Any) -> Graph:
    database = {"database": "shop", "extensions": ["vector"], **({"limits": declared} if declared else {})}
    return build_from(small(topology, shop={"postgres": database, **more}), export_all)


def commands(of: Graph) -> dict[str, Any]:
    return {name: one for name, one in of.of("Command").items() if name.endswith("-limits")}


def test_declared_limits_are_numbers_in_the_units_of_postgresql():
    settings = parse(small(shop={"postgres": {"database": "shop", "limits": ALL}}))
    assert settings.apps["shop"].postgres.limits.declared == NUMBERS


def test_an_app_without_limits_has_no_command():
    assert commands(graph(None)) == {}


@pytest.mark.parametrize("topology", ["unified", "isolated"])
def test_both_logins_have_the_same_limits_and_a_migration_none(topology):
    found = commands(graph(topology=topology))
    told = [
        (one.inputs["environment"]["LIMITS_ROLE"], one.inputs["environment"]["LIMITS_DECLARED"])
        for one in found.values()
    ]
    assert sorted(role for role, _ in told) == ["shop_a", "shop_b"]
    assert [json.loads(declared) for _, declared in told] == [NUMBERS, NUMBERS]


def test_a_limit_comes_after_its_role_and_goes_with_it():
    of = graph()
    for name, one in commands(of).items():
        role = f"postgresql:index/role:Role::{name.removesuffix('-limits')}"
        assert role in one.dependencies
        assert one.deleted_with == role


def test_the_app_waits_for_its_limits_after_a_rotation_too():
    of = graph(generation=2)
    service = of.by_urn()["docker:index/container:Container::service-shop-container"]
    assert "command:local:Command::postgres-shop-b-limits" in service.dependencies


def test_no_command_line_has_a_limit_or_a_password():
    texts = [one.inputs[key] for one in commands(graph()).values() for key in ("create", "update", "delete")]
    assert {text.rpartition(" -m ")[2] for text in texts} == {"operate.role_limits apply", "operate.role_limits reset"}


def test_the_policies_let_the_commands_through():
    assert faults(graph()) == []


def test_a_role_says_what_was_declared_for_it():
    text = limits.comment("shop", 20, NUMBERS)
    assert limits.declared_in(text) == {"app": "shop", "connections": 20, **NUMBERS}


@pytest.mark.parametrize("text", [None, "", "somebody's note", "data-tier limits {", "data-tier limits []"])
def test_another_comment_declares_nothing(text):
    assert limits.declared_in(text) == {}


@pytest.mark.parametrize(
    ("name", "text", "number"),
    [
        ("statement_timeout", "5000", 5000), ("statement_timeout", "5s", 5000), ("statement_timeout", "1.5min", 90_000),
        ("lock_timeout", "500us", 0), ("idle_session_timeout", "1d", 86_400_000), ("statement_timeout", "0", 0),
        ("work_mem", "64", 64), ("work_mem", "4MB", 4096), ("work_mem", "1GB", 1_048_576),
        ("temp_file_limit", "-1", -1),
        ("work_mem", "4s", None), ("statement_timeout", "4MB", None), ("work_mem", "much", None),
    ],
)  # fmt: skip
def test_a_limit_is_read_as_postgresql_reads_it(name, text, number):
    assert limits.number_of(name, text) == number


def test_what_an_app_changed_for_itself_is_found_whatever_the_spelling():
    declared = limits.declared_in(limits.comment("shop", 20, {"statement_timeout": 5000, "work_mem": 4096}))
    assert limits.changed(["statement_timeout=5s", "work_mem=4MB", "search_path=x"], declared) == {}
    assert limits.changed(["statement_timeout=0", "work_mem=4096"], declared) == {"statement_timeout": (5000, "0")}
    assert limits.changed(None, declared) == {"statement_timeout": (5000, None), "work_mem": (4096, None)}
