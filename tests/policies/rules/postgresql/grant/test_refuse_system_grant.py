"""A grant on an app's own schema, and one thing of the server per test."""

from __future__ import annotations

from typing import Any

import pytest
from pulumi_policy.proxy import UNKNOWN_ARRAY_VALUE, UNKNOWN_STRING_VALUE, UnknownValueError

from policies.rules.postgresql._types import GRANT
from policies.rules.postgresql.grant.refuse_system_grant import RULE
from tests.policies.judging import changed, found

COMPLIANT: dict[str, Any] = {
    "role": "shop",
    "database": "shop",
    "schema": "public",
    "objectType": "table",
    "privileges": ["SELECT"],
}


@pytest.mark.parametrize("kind", ["table", "function", "schema", "database", "sequence", "", None, ...])
def test_a_grant_on_the_apps_own_passes(kind):
    assert found(RULE, GRANT, changed(COMPLIANT, objectType=kind)) == []


@pytest.mark.parametrize("kind", ["foreign_server", "foreign_data_wrapper", "FOREIGN SERVER", "language"])
def test_a_grant_on_a_way_out_is_refused(kind):
    assert len(found(RULE, GRANT, changed(COMPLIANT, objectType=kind))) == 1


@pytest.mark.parametrize("schema", ["pg_catalog", "PG_CATALOG", '"pg_catalog"', "pg_toast"])
def test_a_grant_on_the_catalog_is_refused(schema):
    assert len(found(RULE, GRANT, changed(COMPLIANT, schema=schema, objects=["pg_authid"]))) == 1


@pytest.mark.parametrize("privileges", [[], None, ...])
def test_taking_privileges_away_passes(privileges):
    assert found(RULE, GRANT, changed(COMPLIANT, schema="pg_catalog", privileges=privileges)) == []


@pytest.mark.parametrize(
    "unknown",
    [{"privileges": UNKNOWN_ARRAY_VALUE}, {"schema": UNKNOWN_STRING_VALUE}, {"objectType": UNKNOWN_STRING_VALUE}],
)
def test_an_unknown_value_is_told(unknown):
    with pytest.raises(UnknownValueError):
        found(RULE, GRANT, changed(COMPLIANT, **unknown))
