"""Names, sizes, addresses, rules and verifiers: decisions without Pulumi."""

from __future__ import annotations

from ipaddress import IPv4Network

import pytest

from components import sizing
from components.naming import RoleNames, short_name
from components.network import DataAddresses
from components.platforms.docker import _duration
from components.postgres._hba import pg_hba, pg_ident
from components.scram import scram_verifier


def test_a_verifier_is_what_postgresql_itself_computes():
    # recorded from PostgreSQL 15: CREATE ROLE rec PASSWORD 'Correct0Horse'
    recorded = (
        "SCRAM-SHA-256$4096:CRUT+tIbBiEcazFhaUoULQ==$fmouAb76GyZA19xOgfq580/3YV7dppQv/JqdcnqUWg8="
        ":DGkOXJrFybijjlL3N21sKkf8gn1E5pPMX8YJX9nvQtU="
    )
    assert scram_verifier("Correct0Horse", "CRUT+tIbBiEcazFhaUoULQ==") == recorded


def test_another_password_has_another_verifier():
    salt = "CRUT+tIbBiEcazFhaUoULQ=="
    assert scram_verifier("one", salt) != scram_verifier("two", salt)


def test_the_longest_database_still_has_roles_that_postgresql_takes():
    assert max(len(role) for role in RoleNames("d" * 55).all) == 63


def test_the_group_is_named_as_the_database_because_samerole_compares_them():
    assert RoleNames("shop").group == "shop"


def test_roles_of_one_database_are_five_different_ones():
    assert len(set(RoleNames("shop").all)) == 5


def test_a_short_name_loses_the_prefix_only():
    assert short_name("bizosaas", "bizosaas-postgres-unified") == "postgres-unified"
    assert short_name("bizosaas", "other-postgres") == "other-postgres"


def hba_lines(**more: bool) -> list[list[str]]:
    text = pg_hba(admin="admin", subnet="172.28.10.0/24", gateway="172.28.10.1", **more)
    return [line.split() for line in text.splitlines() if not line.startswith("#")]


def test_the_admin_is_refused_from_everywhere_but_the_gateway_and_the_container_itself():
    admin = [(line[3], line[4]) for line in hba_lines() if line[0] != "local" and line[2] == "admin"]
    assert admin == [("127.0.0.1/32", "scram-sha-256"), ("172.28.10.1/32", "scram-sha-256"), ("all", "reject")]


def test_apps_come_from_the_data_network_into_their_own_database_only():
    apps = [line for line in hba_lines() if line[0] != "local" and line[2] == "all"]
    assert apps == [
        ["hostssl", "samerole", "all", "172.28.10.0/24", "scram-sha-256"],
        ["host", "all", "all", "all", "reject"],
    ]


def test_nobody_is_let_in_over_tcp_without_tls_and_every_refusal_holds_for_both():
    kinds = {(line[0], line[4]) for line in hba_lines() if line[0] != "local"}
    assert kinds == {("hostssl", "scram-sha-256"), ("host", "reject")}


def test_without_tls_the_same_rules_hold_in_clear():
    assert [line[1:] for line in hba_lines(tls=False)] == [line[1:] for line in hba_lines()]
    assert {line[0] for line in hba_lines(tls=False)} == {"local", "host"}


def test_no_rule_trusts_or_sends_a_password_in_clear():
    methods = {line[3] if line[0] == "local" else line[4] for line in hba_lines()}
    assert methods == {"peer", "scram-sha-256", "reject"}


def test_inside_the_container_postgres_and_root_are_the_admin():
    mapped = [line.split()[1:] for line in pg_ident(admin="boss").splitlines() if not line.startswith("#")]
    assert mapped == [["postgres", "boss"], ["root", "boss"]]


def test_fixed_addresses_lie_outside_the_range_that_is_handed_out():
    addresses = DataAddresses(subnet=IPv4Network("172.28.10.0/24"))
    assert (addresses.gateway, addresses.postgres, addresses.redis) == ("172.28.10.1", "172.28.10.10", "172.28.10.11")
    assert addresses.handed_out == "172.28.10.128/25"


def test_the_smallest_subnet_that_settings_allow_has_room_for_both():
    addresses = DataAddresses(subnet=IPv4Network("10.0.0.0/27"))
    assert addresses.handed_out == "10.0.0.16/28"
    assert addresses.redis == "10.0.0.11"


def test_redis_keeps_a_quarter_for_its_rewrites():
    assert sizing.redis_data(256) == 192


@pytest.mark.parametrize(
    ("seconds", "text"), [(1, "1s"), (59, "59s"), (60, "1m0s"), (90, "1m30s"), (3600, "1h0m0s"), (3661, "1h1m1s")]
)
def test_durations_are_spelled_as_go_prints_them(seconds, text):
    assert _duration(seconds) == text
