"""Monitoring as it is registered: who is watched, by whom, and what a change of the stack file leaves alone."""

from __future__ import annotations

import json
from typing import Any

import pytest

from components.config import SettingsError, parse
from tests.components.recording import Graph, build_from, export_all
from tests.components.samples import monitored, small


def containers(graph: Graph) -> dict[str, Any]:
    return {str(one.inputs["name"]): one for one in graph.of("Container").values() if "must_run" not in one.inputs}


def running(graph: Graph) -> dict[str, Any]:
    return {name: one for name, one in containers(graph).items() if one.inputs.get("mustRun") is not False}


def targets(graph: Graph) -> dict[str, dict[str, str]]:
    files = json.loads(graph.of("Command")["monitoring-configured"].inputs["environment"]["MONITORING_FILES"])
    return {one["labels"]["server"]: one["labels"] for one in json.loads(files["targets.json"])}


def test_without_the_key_nothing_is_watched():
    found = build_from(small())
    assert not any("exporter" in name or "prometheus" in name for name in containers(found))


@pytest.mark.parametrize(
    ("topology", "servers"),
    [
        ("unified", {"postgres", "redis", "redis.hot"}),
        ("isolated", {"postgres-shop", "postgres-blog", "redis-shop", "redis-feed"}),
    ],
)
def test_every_server_has_an_exporter_that_prometheus_asks(topology: str, servers: set[str]):
    found = build_from(monitored(topology))
    assert set(targets(found)) == servers
    exporters = [name for name in running(found) if name.endswith("-exporter")]
    assert len(exporters) == len(servers)


def test_an_exporter_is_on_its_servers_network_and_on_the_monitoring_one_alone():
    found = running(build_from(monitored()))
    networks = {one["name"] for one in found["small-postgres-unified-exporter"].inputs["networksAdvanced"]}
    assert networks == {"small-data-tier", "small-monitoring"}
    prometheus = [one["name"] for one in found["small-prometheus"].inputs["networksAdvanced"]]
    assert prometheus == ["small-monitoring"]


def test_prometheus_is_published_on_loopback_only_where_that_is_asked_for():
    assert not any("ports" in one.inputs for name, one in running(build_from(monitored())).items() if "prom" in name)
    found = running(build_from(monitored(expose=9090)))
    (port,) = found["small-prometheus-loopback"].inputs["ports"]
    assert (port["ip"], port["external"], port["internal"]) == ("127.0.0.1", 9090, 9090)
    assert "ports" not in found["small-prometheus"].inputs


@pytest.mark.parametrize("topology", ["unified", "isolated"])
def test_an_app_more_changes_no_container_that_is_there(topology: str):
    raw = monitored(topology)
    before = {name: one.inputs for name, one in running(build_from(raw)).items()}
    raw["apps"]["shelf"] = {"postgres": {"database": "shelf"}, "redis": ["cache"]}
    after = {name: one.inputs for name, one in running(build_from(raw)).items()}
    assert {name: after[name] for name in before} == before


def test_the_exporter_has_one_rule_in_pg_hba_and_no_other_way_in():
    found = running(build_from(monitored()))["small-postgres-unified"]
    (hba,) = [one["content"] for one in found.inputs["uploads"] if one["file"].endswith("pg_hba.conf")]
    lines = [" ".join(line.split()) for line in hba.splitlines() if "exporter" in line]
    logins = "data_tier_exporter_a,data_tier_exporter_b"
    assert lines == [
        f"hostssl postgres {logins} 172.26.10.19/32 scram-sha-256",
        f"host all {logins} all reject",
    ]
    (address,) = [
        one["ipv4Address"]
        for one in running(build_from(monitored()))["small-postgres-unified-exporter"].inputs["networksAdvanced"]
        if "ipv4Address" in one
    ]
    assert address == "172.26.10.19"


def test_a_rotation_opens_one_login_waits_for_the_exporter_and_closes_the_other():
    raw = monitored()
    raw["postgres"]["generation"] = 2
    found = build_from(raw)
    roles = found.of("Role")
    assert roles["exporter-postgres-b-role"].inputs["login"] is True
    assert roles["exporter-postgres-a-role"].inputs["login"] is False
    waits = "command:local:Command::exporter-postgres-turned"
    assert waits in roles["exporter-postgres-a-role"].dependencies
    turned = found.of("Command")["exporter-postgres-turned"]
    assert turned.inputs["environment"]["EXPORTER_LOGIN"] == "data_tier_exporter_b"
    assert "docker:index/container:Container::exporter-postgres-secrets-fill" in turned.dependencies
    first = running(build_from(monitored()))["small-postgres-unified-exporter"].inputs
    assert running(found)["small-postgres-unified-exporter"].inputs == first, "it isn't replaced"


def test_the_outputs_name_what_watches():
    told: dict[str, Any] = {}

    def keep(topology: Any) -> None:
        from components.outputs import exports

        told.update(exports(topology)["monitoring"])
        export_all(topology)

    build_from(monitored(alertmanager="alerts.example.com:9093"), keep)
    assert told["prometheus"] == "small-prometheus"
    assert told["exporters"]["redis.hot"] == "small-redis-hot-exporter"
    assert told["relays"] == ["small-alertmanager", "small-alertmanager-outside"]


@pytest.mark.parametrize(
    ("keys", "wanted"),
    [
        ({"scrap": "15s"}, "data-tier:monitoring.scrap: there is no such key"),
        ({"scrape": "0s"}, "data-tier:monitoring.scrape"),
        ({"scrape": 15}, "data-tier:monitoring.scrape = 15: a time is a whole number with ms, s, min or h"),
        ({"retention": "15"}, "data-tier:monitoring.retention = '15': this is a whole number of days"),
        ({"memory": "16Mi"}, "data-tier:monitoring.memory = '16Mi': this must be at least 128Mi"),
        ({"expose": 80}, "data-tier:monitoring.expose = 80: this must be at least 1024"),
        ({"expose": 4001}, "the host port is taken by"),
        ({"alertmanager": "alerts"}, "data-tier:monitoring.alertmanager = 'alerts': this is a host and a port"),
        ({"thresholds": {"cache_hit": 95}}, "data-tier:monitoring.thresholds.cache_hit"),
        ({"thresholds": {"certificate": 14}}, "data-tier:monitoring.thresholds.certificate = 14"),
    ],
)
def test_what_is_wrong_is_said_once(keys: dict[str, Any], wanted: str):
    with pytest.raises(SettingsError) as refused:
        parse(monitored(**keys))
    assert wanted in str(refused.value)
    assert len(refused.value.problems) == 1, str(refused.value)


def test_a_service_that_is_called_as_prometheus_is_refused():
    raw = monitored()
    raw["apps"]["prometheus"] = {"service": {"tier": "backend", "name": "small-prometheus"}}
    with pytest.raises(SettingsError, match="Prometheus is called so"):
        parse(raw)


def test_a_data_tier_without_room_for_the_exporters_is_refused():
    raw = small()
    raw["network"]["data"]["subnet"] = "172.26.10.0/27"
    raw["monitoring"] = {}
    with pytest.raises(SettingsError, match="exporters have fixed addresses"):
        parse(raw)


def test_a_stack_that_is_down_keeps_its_figures_and_runs_nothing():
    found = build_from({**monitored(), "running": False})
    assert {one.inputs["name"] for one in found.of("Volume").values()} >= {"small-prometheus-data"}
    assert not containers(found)


def test_an_exporter_comes_to_a_server_with_members_as_the_host_does():
    raw = monitored()
    raw["postgres"]["standbys"] = 1
    found = running(build_from(raw))
    name, address = "small-postgres-unified", "172.26.10.19"
    assert f"EXPORTER_HOST={name}-host" in found[f"{name}-exporter"].inputs["envs"]
    assert f" {address} " in str(found[f"{name}-host"].inputs["uploads"]).replace("}", " ")
    for member in (f"{name}-1", f"{name}-2"):
        (hba,) = [one["content"] for one in found[member].inputs["uploads"] if one["file"].endswith("pg_hba.conf")]
        lines = [" ".join(line.split()) for line in hba.splitlines() if "exporter" in line]
        logins = "data_tier_exporter_a,data_tier_exporter_b"
        assert lines == [f"hostssl postgres {logins} 172.26.10.10/32 scram-sha-256", f"host all {logins} all reject"]


def test_what_a_backup_container_tells_is_asked_for_by_the_exporter_beside_it():
    raw = monitored()
    raw["postgres"]["backup"] = {}
    found = running(build_from(raw))
    name = "small-postgres-unified"
    assert f"EXPORTER_BACKUP={name}-backup" in found[f"{name}-exporter"].inputs["envs"]
    networks = {one["name"] for one in found[f"{name}-backup"].inputs["networksAdvanced"]}
    assert networks == {"small-data-tier"}
    other = running(build_from(monitored()))[f"{name}-exporter"].inputs["envs"]
    assert not any(one.startswith("EXPORTER_BACKUP") for one in other)
