"""What row_level_security adds to a stack: one command for each database, with nothing of a secret in its text."""

from __future__ import annotations

from typing import Any

import pytest

from components.config import SettingsError, parse
from tests.components.recording import SECRET, SIGNATURE, build_from, export_all
from tests.components.samples import small
from tests.policies.graphs import faults

HELPER = "command:local:Command::postgres-shop-row-level-security"


def asked(topology: str = "unified", **keys: Any) -> dict[str, Any]:
    return small(
        topology, shop={"postgres": {"database": "shop", "extensions": ["vector"], "row_level_security": keys}}
    )


def test_the_helper_is_installed_after_the_grants_and_knows_the_column_and_the_setting():
    graph = build_from(asked(column="customer", setting="acme.customer", type="bigint", strict=True)).by_urn()
    helper = graph[HELPER]
    assert "postgresql:index/defaultPrivileges:DefaultPrivileges::postgres-shop-group-functions" in helper.dependencies
    environment = helper.inputs["environment"]
    assert {key: value for key, value in environment.items() if key.startswith("RLS_")} == {
        "RLS_OWNER": "shop_owner",
        "RLS_COLUMN": "customer",
        "RLS_SETTING": "acme.customer",
        "RLS_TYPE": "bigint",
        "RLS_STRICT": "true",
    }
    assert environment["PGPASSWORD"][SIGNATURE] == SECRET


def test_readers_are_granted_after_it():
    raw = asked()
    raw["readers"] = {"analytics_ro": {}}
    raw["apps"]["shop"]["postgres"]["readers"] = ["analytics_ro"]
    first = build_from(raw).by_urn()["postgresql:index/defaultPrivileges:DefaultPrivileges::readers-shop-functions"]
    assert HELPER in first.dependencies


def test_it_changes_nothing_that_is_there():
    before, after = build_from(small(), export_all).by_urn(), build_from(asked(), export_all).by_urn()
    assert {urn for urn in before if after[urn].inputs != before[urn].inputs} == set()
    assert after.keys() - before.keys() == {HELPER}


@pytest.mark.parametrize("topology", ["unified", "isolated"])
def test_a_stack_with_it_passes_every_rule(topology):
    assert faults(build_from(asked(topology))) == []


@pytest.mark.parametrize(
    ("keys", "wanted"),
    [
        ({"colum": "x"}, "row_level_security.colum: there is no such key"),
        ({"column": "Tenant"}, "row_level_security.column = 'Tenant': a column here has a-z"),
        ({"column": "c" * 61}, "60 at most"),
        ({"setting": "tenant"}, "row_level_security.setting = 'tenant': a setting of one's own has a prefix and a dot"),
        ({"setting": "app.x'; DROP TABLE y"}, "Write it like app.current_tenant_id"),
        ({"type": "serial"}, "row_level_security.type = 'serial': this must be 'uuid', 'bigint', 'integer' or 'text'"),
        ({"strict": "yes"}, "row_level_security.strict = 'yes': this must be true or false"),
    ],
)
def test_a_wrong_key_is_one_problem(keys, wanted):
    with pytest.raises(SettingsError) as caught:
        parse(asked(**keys))
    assert str(caught.value).startswith("1 problem")
    assert wanted in str(caught.value)
