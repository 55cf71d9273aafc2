"""What the postgresql provider refuses before anything runs; no server."""

from __future__ import annotations

from typing import Any

import pytest

from embedded.providers.base import ProviderError
from embedded.providers.postgresql import PostgresqlProvider
from embedded.values import UNKNOWN, Secret, reveal

ROLE = "postgresql:index/role:Role"
DATABASE = "postgresql:index/database:Database"
SCHEMA = "postgresql:index/schema:Schema"
GRANT = "postgresql:index/grant:Grant"
DEFAULTS = "postgresql:index/defaultPrivileges:DefaultPrivileges"
TABLES = {"database": "shop", "role": "app", "schema": "public", "objectType": "table", "privileges": ["SELECT"]}
LATER = {"database": "shop", "role": "app", "owner": "boss", "objectType": "table", "privileges": ["SELECT"]}


def reasons(type: str, **inputs: Any) -> dict[str, str]:
    result = PostgresqlProvider().check(type, "it", {}, inputs)
    return {item.property.split("[")[0]: item.reason for item in result.failures}


def config(**settings: Any) -> dict[str, str]:
    return {item.property: item.reason for item in PostgresqlProvider().check_config({}, settings).failures}


@pytest.mark.parametrize(
    ("type", "inputs", "property", "words"),
    [
        (ROLE, {"name": "a", "passwordWo": "x"}, "passwordWo", "not carried"),
        (ROLE, {"name": "a", "encrypted": "true"}, "encrypted", "not carried"),
        (ROLE, {"name": "a", "encryptedPassword": False}, "encryptedPassword", "only be true"),
        (ROLE, {"name": "a", "colour": "red"}, "colour", "no input property 'colour'"),
        (SCHEMA, {"name": "a", "policies": [{"role": "b"}]}, "policies", "not carried"),
        (GRANT, {**TABLES, "columns": ["a"]}, "columns", "not carried"),
        (GRANT, {**TABLES, "objectType": "foreign_server"}, "objectType", "foreign_server"),
        (GRANT, {**TABLES, "schema": None}, "schema", "set it"),
        (GRANT, {**TABLES, "objectType": "database", "objects": ["x"]}, "objects", "database"),
        (GRANT, {**TABLES, "privileges": ["EXECUTE"]}, "privileges", "EXECUTE"),
        (GRANT, {**TABLES, "privileges": ["SELECT; DROP TABLE x"]}, "privileges", "SELECT; DROP"),
        (GRANT, {**TABLES, "privileges": ["select"]}, "privileges", "select"),
        (GRANT, {**TABLES, "role": "public", "withGrantOption": True}, "withGrantOption", "public"),
        (DEFAULTS, {**LATER, "objectType": "schema", "schema": "public", "privileges": ["USAGE"]}, "schema", "schema"),
        (DEFAULTS, {**LATER, "role": "public", "withGrantOption": True}, "withGrantOption", "public"),
        (DEFAULTS, {**LATER, "privileges": ["USAGE"]}, "privileges", "USAGE"),
        (DEFAULTS, {key: LATER[key] for key in LATER if key != "owner"}, "owner", "needs"),
    ],
)
def test_what_cannot_be_carried_out_is_refused_by_name(type, inputs, property, words):
    assert words in reasons(type, **inputs)[property]


@pytest.mark.parametrize(
    ("type", "inputs"),
    [
        (ROLE, {"name": UNKNOWN, "password": UNKNOWN, "roles": [UNKNOWN]}),
        (DATABASE, {"name": "a", "alterObjectOwnership": True}),
        (GRANT, {**TABLES, "privileges": UNKNOWN}),
        (GRANT, {**TABLES, "privileges": ["SELECT", UNKNOWN], "objects": [UNKNOWN]}),
        (GRANT, {**TABLES, "privileges": []}),
        (DEFAULTS, {**LATER, "schema": UNKNOWN, "role": UNKNOWN}),
    ],
)
def test_what_is_possible_or_not_known_yet_is_accepted(type, inputs):
    assert reasons(type, **inputs) == {}


def test_no_refusal_shows_a_password():
    secret = "hunter2-hunter2"
    result = PostgresqlProvider().check(ROLE, "it", {}, {"name": "a", "password": secret, "login": "maybe"})
    assert result.failures
    assert secret not in str(result.failures)
    assert secret not in str(result)


def test_a_password_is_secret_whatever_the_program_says():
    result = PostgresqlProvider().check(ROLE, "it", {}, {"name": "a", "password": "x"})
    assert result.inputs["password"] == Secret("x")
    assert PostgresqlProvider().check_config({}, {"password": "x"}).inputs["password"] == Secret("x")


@pytest.mark.parametrize(
    ("setting", "value", "words"),
    [
        ("scheme", "gcppostgres", "not carried"),
        ("awsRdsIamAuth", "true", "not carried"),
        ("clientcert", "{}", "not carried"),
        ("colour", "red", "not carried"),
        ("port", "many", "whole number"),
        ("connectTimeout", "-1", "whole number"),
    ],
)
def test_provider_settings_that_are_not_carried_are_refused_by_name(setting, value, words):
    reason = config(**{setting: value})[setting]
    assert words in reason
    assert f"'{setting}'" in reason


def test_settings_as_the_sdk_writes_them_and_unknown_ones_are_accepted():
    assert config(host=UNKNOWN, port="5432", connectTimeout="180", superuser="true", sslmode="disable") == {}
    assert config(superuser="false", sslmode="verify-full", sslrootcert="db.pem") == {}


def test_other_types_of_the_package_are_refused_by_name():
    with pytest.raises(ProviderError, match="postgresql:index/publication:Publication"):
        PostgresqlProvider().check("postgresql:index/publication:Publication", "it", {}, {})


@pytest.mark.parametrize("type", [GRANT, DEFAULTS])
def test_a_grant_cannot_be_imported_by_its_id(type):
    with pytest.raises(ProviderError, match="can't be imported"):
        PostgresqlProvider().read(type, "app_shop_public_table", {}, {})


def test_a_preview_with_unknown_settings_needs_no_server():
    provider = PostgresqlProvider()
    provider.configure({"host": UNKNOWN, "password": UNKNOWN})
    inputs = reveal(provider.check(DATABASE, "it", {}, {"name": "shop", "owner": UNKNOWN}).inputs)
    id, outputs = provider.create(DATABASE, "it", inputs, preview=True, timeout=None)
    assert (id, outputs["name"], outputs["owner"], outputs["encoding"]) == ("", "shop", UNKNOWN, UNKNOWN)


def test_generated_names_start_with_the_name_of_the_resource():
    provider = PostgresqlProvider()
    first = provider.check(ROLE, "app", {}, {}).inputs
    assert first["name"].startswith("app-")
    assert provider.check(ROLE, "app", first, {}).inputs["name"] == first["name"]
