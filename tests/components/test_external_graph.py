"""An app whose database is on a server that somebody else runs, as it is registered."""

from __future__ import annotations

import datetime
import json
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from components.config import SettingsError, parse
from components.postgres import authority_files
from tests.components.recording import Graph, build_from, export_all, golden
from tests.components.samples import outside, small

APP = "isolated-wiki-postgres"


@pytest.fixture(scope="module")
def graph() -> Graph:
    return build_from(outside(), export_all)


def authority() -> str:
    """A certificate in PEM."""
    key, name = ec.generate_private_key(ec.SECP256R1()), x509.Name([])
    now = datetime.datetime.now(datetime.UTC)
    made = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
    made = made.serial_number(1).not_valid_before(now).not_valid_after(now + datetime.timedelta(days=1))
    return made.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM).decode()


@pytest.fixture
def verified(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """A stack file whose external server is verified."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "db.pem").write_text(authority())
    return outside(sslmode="verify-full", ca="db.pem")


def joins(graph: Graph, container: str) -> dict[str, list[str]]:
    found = graph.of("Container")[container].inputs["networksAdvanced"]
    return {join["name"]: join.get("aliases", []) for join in found}


def problems(raw: dict[str, Any]) -> list[str]:
    with pytest.raises(SettingsError) as caught:
        parse(raw)
    return [str(problem) for problem in caught.value.problems]


def test_the_graph_is_the_golden_one(graph):
    assert graph.described() == golden("outside", graph), "explain every replacement before it is written anew"


def test_no_server_volume_or_admin_password_is_made_for_it(graph):
    mine = [one for one in graph.registered if one.name.startswith(APP)]
    assert not [one for one in mine if one.type.endswith((":Volume", ":PostgresServer"))]
    assert not [one for one in mine if "admin-password" in one.name]
    containers = {one.name for one in mine if one.type.endswith(":Container")}
    assert containers == {f"{APP}-server-outlet-outside", f"{APP}-server-outlet-relay"}


def test_the_admin_is_no_superuser_and_a_member_of_every_role_before_it_makes_the_database(graph):
    assert graph.of("postgresql")[f"{APP}-server-provider"].inputs["superuser"] == "false"
    commands = graph.of("Command")
    joined = {one.inputs["environment"]["EXTERNAL_ROLE"] for name, one in commands.items() if name.endswith("-joined")}
    assert joined == {"wiki", "wiki_owner", "wiki_a", "wiki_b", "wiki_migrate"}
    needs = graph.of("Database")[f"{APP}-database-database"].dependencies
    assert {f"Command::{APP}-database-{role}-joined" for role in ("owner", "group")} <= {
        need.replace("command:local:", "") for need in needs
    }


def test_everything_inside_waits_until_the_server_was_looked_at(graph):
    roles = [one for name, one in graph.of("Role").items() if name.startswith(APP)]
    assert roles
    assert all(any(need.endswith(f"::{APP}-server-checked") for need in one.dependencies) for one in roles)


def test_the_relay_answers_to_the_servers_name_where_the_app_is_and_the_way_out_does_not(graph):
    relay, outlet = (joins(graph, f"{APP}-server-outlet-{which}") for which in ("relay", "outside"))
    assert relay == {"small-wiki-data": ["db.example.com"], "small-wiki-postgres-outside": []}
    assert list(outlet) == ["small-wiki-postgres-outside"], "the way out is on no network of apps"
    assert not graph.of("Network")[f"{APP}-server-outlet-network"].inputs.get("internal")
    assert set(joins(graph, "service-wiki-container")) & {"small-wiki-data", "small-wiki-postgres-outside"} == {
        "small-wiki-data"
    }


def test_a_verified_server_is_known_by_its_own_authority_in_the_apps_files(verified):
    graph = build_from(verified, export_all)
    uploads = graph.of("Container")["service-wiki-secrets-fill"].inputs["uploads"]
    files = {one["file"] for one in uploads}
    assert files == {"/in/ca.crt", "/in/database_url", "/in/postgres-wiki.crt", "/in/redis_url"}
    inputs = graph.of("postgresql")[f"{APP}-server-provider"].inputs
    assert (inputs["sslmode"], inputs["sslrootcert"]) == ("verify-full", "db.pem")
    checked = json.loads(graph.of("Command")[f"{APP}-server-checked"].inputs["environment"]["EXTERNAL_SERVER"])
    assert (checked["PGSSLMODE"], checked["PGSSLROOTCERT"]) == ("verify-full", "db.pem")


def test_an_address_is_connected_to_and_the_name_is_verified(verified):
    verified["apps"]["wiki"]["postgres"]["server"]["external"]["hostaddr"] = "10.1.2.3"
    graph = build_from(verified)
    checked = json.loads(graph.of("Command")[f"{APP}-server-checked"].inputs["environment"]["EXTERNAL_SERVER"])
    assert (checked["PGHOST"], checked["PGHOSTADDR"]) == ("db.example.com", "10.1.2.3")
    outlet = graph.of("Container")[f"{APP}-server-outlet-outside"].inputs["command"]
    assert outlet[-1].startswith("TCP:10.1.2.3:5432")
    inputs = graph.of("postgresql")[f"{APP}-server-provider"].inputs
    assert (inputs["host"], inputs["sslmode"]) == ("10.1.2.3", "verify-ca"), "it takes no name beside an address"


def test_while_the_stack_is_down_the_database_stays_declared_and_can_still_be_asked():
    graph = build_from({**outside(), "running": False})
    database = graph.of("Database")[f"{APP}-database-database"]
    assert database.protect
    assert f"{APP}-server-checked" in graph.of("Command")
    assert not [name for name in graph.of("Container") if name.startswith(APP)]


@pytest.mark.parametrize(
    ("keys", "key", "words"),
    [
        ({"host": "10.1.2.3"}, "host", "known by its domain name"),
        ({"host": "localhost"}, "host", "another machine for each container"),
        ({"host": "db.example.com."}, "host", "domain name"),
        ({"host": "DB.example.com"}, "host", "small letters"),
        ({"hostaddr": "127.0.0.1"}, "hostaddr", "can't connect to it"),
        ({"hostaddr": "db"}, "hostaddr", "IPv4 address"),
        ({"port": 0}, "port", "at least 1"),
        ({"sslmode": "prefer"}, "sslmode", "verify-full"),
        ({"ca": "../db.pem", "sslmode": "verify-full"}, "ca", "stays inside it"),
        ({"password": "secret"}, "password", "section of keys"),
        ({"volume": "x"}, "volume", "no such key"),
    ],
)
def test_what_it_may_say_is_checked(keys, key, words):
    [problem] = problems(outside(**keys))
    assert problem.startswith(f"data-tier:apps.wiki.postgres.server.external.{key}")
    assert words in problem


@pytest.mark.parametrize(
    ("keys", "words"), [({"sslmode": "verify-full"}, "needs the certificates"), ({"ca": "db.pem"}, "nobody verifies")]
)
def test_who_verifies_needs_an_authority_and_nobody_else(keys, words):
    [problem] = problems(outside(**keys))
    assert problem.startswith("data-tier:apps.wiki.postgres.server.external:")
    assert words in problem


def test_nothing_else_can_be_said_of_a_server_that_somebody_else_runs():
    raw = outside()
    raw["apps"]["wiki"]["postgres"]["server"] |= {"storage": "1Gi", "connections": 50}
    [problem] = problems(raw)
    assert "connections, storage can't be said of it" in problem


def test_a_limit_that_only_superusers_set_is_refused():
    raw = outside()
    raw["apps"]["wiki"]["postgres"]["limits"] = {"temp_file_limit": "64Mi"}
    [problem] = problems(raw)
    assert "only a superuser may set it" in problem


def test_two_apps_on_one_server_share_no_database_and_no_role():
    raw = outside()
    raw["apps"]["twin"] = {"postgres": dict(raw["apps"]["wiki"]["postgres"])}
    [problem] = problems(raw)
    assert problem.startswith("data-tier:apps.twin.postgres.database = 'wiki'")
    assert "db.example.com:5432" in problem
    raw["apps"]["twin"]["postgres"] = {**raw["apps"]["wiki"]["postgres"], "database": "boss"}
    assert "data-tier:apps.wiki.postgres.server.external.admin" in problems(raw)[0]


def test_two_apps_on_one_server_cannot_both_have_readers():
    raw = outside()
    raw["readers"] = {"auditor": {}}
    raw["apps"]["wiki"]["postgres"]["readers"] = ["auditor"]
    parse(raw)
    raw["apps"]["twin"] = {"postgres": {**raw["apps"]["wiki"]["postgres"], "database": "twin"}}
    [problem] = problems(raw)
    assert "wiki has readers on db.example.com:5432 already" in problem


def test_readers_of_it_get_urls_that_lead_there():
    raw = outside()
    raw["readers"] = {"auditor": {}}
    raw["apps"]["wiki"]["postgres"]["readers"] = ["auditor"]
    graph = build_from(raw, export_all)
    names = {name for name in graph.of("Command") if name.endswith("-joined") and "readers" in name}
    prefix = "isolated-wiki-readers"
    assert names == {f"{prefix}-{role}-joined" for role in ("all", "auditor-group", "auditor-a", "auditor-b")}


def test_a_file_of_authorities_is_read_before_anything_is_built(verified, tmp_path):
    settings = parse(verified)
    assert authority_files.problems(settings) == []
    (tmp_path / "db.pem").write_text("-----BEGIN CERTIFICATE-----\nbm90IG9uZQ==\n-----END CERTIFICATE-----\n")
    assert "no certificate in PEM" in str(authority_files.problems(settings)[0])
    (tmp_path / "db.pem").write_bytes(b"\x30\x82\xff\xff")
    assert "isn't text" in str(authority_files.problems(settings)[0])
    (tmp_path / "db.pem").unlink()
    assert "No such file" in str(authority_files.problems(settings)[0])


def test_a_pooler_stands_in_front_of_the_stacks_own_servers_only():
    raw = outside()
    raw["postgres"]["pooler"] = {}
    graph = build_from(raw, export_all)
    assert list(graph.of("PgBouncer")) == ["postgres-pooler"]
    raw["apps"]["wiki"]["postgres"]["direct"] = 2
    [problem] = problems(raw)
    assert "all connections are direct" in problem


def test_a_stack_of_such_apps_alone_needs_no_data_tier():
    raw = outside()
    raw["apps"] = {"wiki": {"postgres": raw["apps"]["wiki"]["postgres"]}}
    del raw["network"]["data"]
    graph = build_from(raw, export_all)
    assert not graph.of("PostgresServer")
    assert small()["network"]["data"]
