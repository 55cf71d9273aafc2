"""What a generation of a server's admin declares: which password is current, what knows the one before, what waits."""

from __future__ import annotations

from typing import Any

import pytest

from components.config import parse
from components.config.ledger import compare
from tests.components.config.test_redis_purposes import purposes
from tests.components.recording import Graph, Registered, build_from, export_all
from tests.components.samples import small
from tests.policies.graphs import faults

PASSWORD = "random:index/randomPassword:RandomPassword"
PG, REDIS = "postgres-server", "redis"
TURNED = "command:local:Command::{}-admin-turned"
ROLE = "postgresql:index/role:Role::postgres-shop-a"


def raw(generation: int, **more: Any) -> dict[str, Any]:
    its = {**purposes(), **more}
    its["postgres"]["generation"] = its["redis"]["generation"] = generation
    its["redis"]["servers"]["cache"]["generation"] = generation
    return its


def graph(generation: int) -> Graph:
    return build_from(raw(generation), export_all)


def of(generation: int, server: str, slot: str = "") -> Registered:
    return graph(generation).by_urn()[f"{PASSWORD}::{server}-admin-password{slot}"]


def test_the_first_generation_declares_what_there_was_before_there_were_any():
    found = graph(1).by_urn()
    assert found == build_from(purposes(), export_all).by_urn()
    assert not [urn for urn in found if "turned" in urn or ("password-b" in urn and "admin" in urn)]


@pytest.mark.parametrize("server", [PG, REDIS, "purpose-cache-redis"])
def test_the_current_password_is_protected_and_the_one_before_can_be_replaced(server):
    for generation, current, former in ((2, "-b", ""), (3, "", "-b"), (4, "-b", "")):
        now, before = of(generation, server, current), of(generation, server, former)
        assert (now.protect, now.retain_on_delete) == (True, True)
        assert (before.protect, before.retain_on_delete) == (False, False)
        assert now.inputs["keepers"] == {"generation": str(generation)}
        made = {"generation": str(generation - 1)} if generation > 2 else None
        assert before.inputs.get("keepers") == made, "the one before stays as it was made"


@pytest.mark.parametrize("server", [PG, REDIS, "purpose-cache-redis"])
def test_a_server_is_told_both_once_it_runs(server):
    turned = graph(2).by_urn()[TURNED.format(server)]
    assert turned.inputs["create"] == turned.inputs["update"]
    assert {"TURN_PASSWORD", "TURN_FORMER_PASSWORD"} <= turned.inputs["environment"].keys()
    assert f"docker:index/container:Container::{server}-container" in turned.dependencies


def test_all_that_logs_in_as_admin_waits_until_the_server_has_turned():
    found = graph(2).by_urn()
    inside = [urn for urn, its in found.items() if its.type.startswith("postgresql:")]
    assert len(inside) > 10
    assert all(TURNED.format(PG) in found[urn].dependencies for urn in inside)
    assert TURNED.format(PG) in found[f"command:local:Command::{PG}-tls"].dependencies
    assert TURNED.format(REDIS) in found["command:local:Command::redis-tls"].dependencies
    assert "command:local:Command::redis-tls" in found["command:local:Command::redis-shop-acl"].dependencies


def test_a_rotation_of_admins_touches_no_container_but_those_that_put_files():
    for before, after in ((1, 2), (2, 3)):
        old, new = graph(before).of("Container"), graph(after).of("Container")
        changed = {name for name in old if old[name].inputs != new[name].inputs}
        assert changed == {f"{server}-secrets-fill" for server in (PG, REDIS, "purpose-cache-redis")}


def test_an_apps_own_servers_have_generations_of_their_own():
    its = small("isolated", shop={"redis_server": {"generation": 3}})
    its["apps"]["shop"]["postgres"]["server"] = {"generation": 2}
    its["postgres"]["generation"] = its["redis"]["generation"] = 9
    turned = [urn.partition("::")[2] for urn in build_from(its).by_urn() if urn.endswith("turned")]
    assert sorted(turned) == ["isolated-shop-postgres-server-admin-turned", "isolated-shop-redis-admin-turned"]


def test_a_stack_that_is_down_keeps_both_passwords_and_tells_nobody():
    found = build_from(raw(2, running=False)).by_urn()
    assert {f"{PASSWORD}::{PG}-admin-password", f"{PASSWORD}::{PG}-admin-password-b"} <= found.keys()
    assert not [urn for urn in found if ":Command:" in urn]


def test_a_rotated_stack_passes_every_rule():
    assert faults(graph(3)) == []


def said(was: int, now: int, **more: Any) -> list[str]:
    servers = {
        "postgres": {"kind": "postgres", "generation": was},
        "redis": {"kind": "redis", "generation": was},
        "redis.cache": {"kind": "redis", "generation": was, "persistence": "none"},
        "postgres-blog": {"kind": "postgres", "generation": 7},
    }
    return [str(problem) for problem in compare({"servers": servers}, parse(raw(now, **more)))]


def test_generations_of_servers_go_up_one_at_a_time():
    assert said(2, 2) == said(2, 3) == []
    for was, now in ((2, 4), (3, 2)):
        keys = [one.partition(" = ")[0] for one in said(was, now)]
        assert sorted(keys) == [
            "data-tier:postgres.generation", "data-tier:redis.generation", "data-tier:redis.servers.cache.generation",
        ]  # fmt: skip
    assert len(said(2, 3, running=False)) == 3


def test_a_ledger_of_before_there_were_generations_of_servers_says_one():
    before = {"servers": {"postgres": {"kind": "postgres"}, "redis": {"kind": "redis"}}}
    assert compare(before, parse(raw(2))) == []
    assert len(compare(before, parse(raw(3)))) == 2
