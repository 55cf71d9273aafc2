"""A server with a standby, as declared: what is alike in its members, what follows the primary, what is refused."""

from __future__ import annotations

import copy
import re
from ipaddress import ip_address, ip_network
from typing import Any

import pytest

from components.config import SettingsError, parse
from components.config.ledger import compare
from tests.components.recording import Graph, build_from, export_all
from tests.components.samples import small
from tests.policies.graphs import faults

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


def test_an_isolated_apps_own_server_has_its_members_in_its_own_network():
    raw = small("isolated", shop={"postgres": {"database": "shop", "server": {"standbys": 1}}})
    graph = build_from(raw)
    made = {one.inputs["name"]: one.inputs for one in graph.of("Container").values()}
    own = "small-shop-postgres"
    wanted = {own, f"{own}-1", f"{own}-2", f"{own}-host"}
    assert wanted <= made.keys()
    assert f"{own.replace('shop', 'blog')}-1" not in made
    addresses = {name: made[name]["networksAdvanced"][0].get("ipv4Address") for name in wanted}
    assert len(set(addresses.values())) == len(wanted)
    subnet = ip_network(next(
        one.inputs["ipamConfigs"][0]["subnet"]
        for one in graph.of("Network").values()
        if ip_address(addresses[own]) in ip_network(one.inputs["ipamConfigs"][0]["subnet"])
    ))  # fmt: skip
    assert subnet.prefixlen == 28
    assert {ip_address(one) in subnet for one in addresses.values()} == {True}
    assert {str(ip_address(addresses[f"{own}-{number}"])) for number in (1, 2)} == set(
        re.findall(r"MEMBER_ADDRESS_\d=([\d.]+)", " ".join(made[f"{own}-1"]["envs"]))
    )
    assert faults(graph) == []


def test_a_loopback_port_leads_by_the_way_of_the_host():
    graph = build_from(replicated(expose=15432))
    containers = graph.of("Container")
    forwarder = next(its for its in containers.values() if its.inputs["name"].endswith("-loopback"))
    host = containers["postgres-server-host-way-container"].inputs
    way, own = host["networksAdvanced"][0]["ipv4Address"], forwarder.inputs["networksAdvanced"]
    assert f"TCP:{way}:5432" in " ".join(forwarder.inputs["command"])
    fixed = next(one["ipv4Address"] for one in own if one.get("ipv4Address"))
    sources = next(one["content"] for one in host["uploads"] if one["file"].endswith("haproxy.cfg"))
    assert fixed in sources.split("src ")[1].split("}")[0].split()
    assert faults(graph) == []


def test_backups_read_the_data_of_all_members_and_both_archive():
    graph = build_from(replicated(backup={}))
    made = graph.of("Container")
    mounts = {one["containerPath"]: one for one in made["postgres-backup-container"].inputs["volumes"]}
    assert {path: one["volumeName"] for path, one in mounts.items() if path.endswith("/data")} == {
        "/var/lib/members/1/data": f"{SERVER}-data",
        "/var/lib/members/2/data": f"{SERVER}-2-data",
    }
    read = ("/var/lib/members/1/data", "/var/lib/members/2/data", "/members")
    assert [mounts[path]["readOnly"] for path in read] == [True] * len(read)
    for member in members(graph):
        assert "archive_mode=on" in " ".join(member["command"])
    assert faults(graph) == []
    left = build_from(replicated(backup={}, standbys=0)).of("Container")["postgres-backup-container"].inputs
    assert "/var/lib/members/2/data" not in str(left["volumes"])


def test_the_second_member_waits_for_nothing_inside_the_server_and_the_ways_for_both():
    graph = build_from(replicated())
    after = {
        urn.split("::")[-1]: [one.split("::")[-1] for one in its.dependencies] for urn, its in graph.by_urn().items()
    }
    second = "postgres-server-standby-container"
    assert not [one for one in after[second] if "provider" in one or "replication-role" in one or "granted" in one]
    for way in ("follower", "host-way"):
        assert {second, "postgres-server-container"} <= set(after[f"postgres-server-{way}-container"])
