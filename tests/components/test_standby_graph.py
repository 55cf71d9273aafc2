"""A server with a standby, as declared: what is alike in its members, what follows the primary, what is refused."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from components.config import SettingsError, parse
from components.config.ledger import compare
from tests.components.recording import Graph, build_from, export_all
from tests.components.samples import small

SERVER = "small-postgres-unified"


def replicated(**keys: Any) -> dict[str, Any]:
    raw = small()
    raw["postgres"] |= {"standbys": 1, **keys}
    return raw


def problems(raw: dict[str, Any]) -> list[str]:
    with pytest.raises(SettingsError) as refused:
        parse(raw)
    return [str(problem) for problem in refused.value.problems]


def members(graph: Graph) -> tuple[dict[str, Any], dict[str, Any]]:
    made = graph.of("Container")
    return (
        dict(made["postgres-server-container"].inputs),
        dict(made["postgres-server-standby-container"].inputs),
    )


def test_members_differ_in_number_place_and_volumes_only():
    first, second = members(build_from(replicated()))
    different = {key for key in first if first[key] != second.get(key)}
    assert different == {"name", "hostname", "envs", "networksAdvanced", "volumes"}
    assert set(first["envs"]) ^ set(second["envs"]) == {"MEMBER=1", "MEMBER=2"}
    assert (first["name"], second["name"]) == (f"{SERVER}-1", f"{SERVER}-2")


def test_the_known_name_and_address_lead_to_the_primary_and_the_volume_stays():
    graph = build_from(replicated())
    containers = graph.of("Container")
    apps, host = containers["postgres-server-follower-container"], containers["postgres-server-host-way-container"]
    assert apps.inputs["name"] == SERVER
    assert host.inputs["networksAdvanced"][0]["ipv4Address"] == "172.26.10.10"
    assert "src 172.26.10.1 172.26.10.15" in str(host.inputs["uploads"])
    assert "src " not in str(apps.inputs["uploads"][1]["content"])
    assert graph.of("Volume")["postgres-server-data"].inputs["name"] == f"{SERVER}-data"


def test_a_server_without_a_standby_is_as_it_was():
    assert not [
        urn for urn in build_from(small()).by_urn() if "standby" in urn or "follower" in urn or "members" in urn
    ]


def test_an_app_that_comes_changes_no_container():
    raw = replicated()
    before = build_from(copy.deepcopy(raw)).of("Container")
    raw["apps"]["news"] = {"postgres": {"database": "news"}}
    after = build_from(raw).of("Container")
    assert {name for name, its in before.items() if after[name].inputs != its.inputs} == set()


def test_taking_the_standby_away_changes_no_other_container():
    one, none = build_from(replicated()).of("Container"), build_from(replicated(standbys=0)).of("Container")
    assert one.keys() - none.keys() == {"postgres-server-standby-container", "postgres-server-standby-secrets-fill"}
    assert {name for name, its in none.items() if one[name].inputs != its.inputs} == set()


def test_a_stack_that_is_down_keeps_the_marker_both_volumes_and_who_refuses():
    up, down = build_from(replicated()).by_urn(), build_from({**replicated(), "running": False}).by_urn()
    kept = {urn.split("::")[1] for urn in down}
    assert {"postgres-server-members", "postgres-server-standby-data", "postgres-server-standby-kept"} <= kept
    assert {urn for urn, one in down.items() if one.inputs != up[urn].inputs} == set()


def test_the_read_only_url_leads_to_the_servers_other_port():
    raw = replicated()
    raw["apps"]["shop"]["postgres"]["read_url"] = True
    graph = build_from(raw, export_all)
    assert "DATABASE_READ_URL_FILE" in str(graph.of("Container")["service-shop-container"].inputs["envs"])
    assert "DATABASE_READ_URL_FILE" not in str(graph.of("Container")["service-blog-container"].inputs["envs"])


@pytest.mark.parametrize(
    ("keys", "wanted"),
    [
        ({"standbys": 2}, "data-tier:postgres.standbys = 2"),
        ({"standby": {"slot": "1Mi"}}, "data-tier:postgres.standby.slot = '1Mi'"),
        ({"standby": {"sync": True}}, "data-tier:postgres.standby.sync: there is no such key"),
    ],
)
def test_a_standby_that_cannot_be_is_refused(keys, wanted):
    assert any(problem.startswith(wanted) for problem in problems(replicated(**keys)))


def test_a_read_only_url_without_a_standby_is_refused():
    raw = small()
    raw["apps"]["shop"]["postgres"]["read_url"] = True
    assert problems(raw)[0].startswith("data-tier:apps.shop.postgres.read_url")


def test_a_service_with_a_members_name_is_refused():
    raw = replicated()
    raw["apps"]["blog"]["service"]["name"] = f"{SERVER}-2"
    assert any("a container of this name is declared by data-tier:postgres.standbys" in one for one in problems(raw))


def test_a_server_with_members_does_not_become_one_without():
    recorded = {"servers": {"postgres": {"kind": "postgres", "members": [f"{SERVER}-1", f"{SERVER}-2"]}}}
    assert [one.key for one in compare(recorded, parse(small()))] == ["data-tier:postgres.standbys"]
    assert compare(recorded, parse(replicated(standbys=0))) == []
