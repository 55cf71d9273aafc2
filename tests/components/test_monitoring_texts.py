"""What Prometheus and Grafana are given: targets, configuration, dashboard."""

from __future__ import annotations

import json

import yaml

from components.config.models import Monitoring, Thresholds
from components.monitoring import configuration, dashboards, rules
from components.monitoring.configuration import Target

FOLDER = dashboards.FILE.parent


def test_the_dashboard_that_people_take_is_the_one_that_the_program_writes():
    assert dashboards.FILE.read_text() == dashboards.text(), "`make docs` writes it anew"


def test_no_panel_of_the_dashboard_covers_another():
    taken: set[tuple[int, int]] = set()
    for panel in dashboards.document()["panels"]:
        its = panel["gridPos"]
        cells = {(x, y) for x in range(its["x"], its["x"] + its["w"]) for y in range(its["y"], its["y"] + its["h"])}
        assert its["x"] + its["w"] <= 24
        assert not taken & cells, panel["title"]
        taken |= cells


def test_the_dashboard_asks_the_source_that_is_provisioned_with_it():
    (source,) = yaml.safe_load((FOLDER / "datasources.yml").read_text())["datasources"]
    panels = [panel for panel in dashboards.document()["panels"] if panel["type"] != "row"]
    assert {target["datasource"]["uid"] for panel in panels for target in panel["targets"]} == {source["uid"]}
    assert len({panel["id"] for panel in panels}) == len(panels)
    (provider,) = yaml.safe_load((FOLDER / "dashboards.yml").read_text())["providers"]
    assert provider["type"] == "file"


def test_the_configuration_comes_last_for_prometheus_reads_all_when_it_changes():
    assert list(configuration.files(Monitoring(), 121, []))[-1] == "prometheus.yml"


def test_targets_stand_in_one_order_and_say_whose_they_are():
    targets = [Target(address=f"{key}:9187", server=key, kind="redis", name=key, app="shop") for key in ("b", "a")]
    text = configuration.files(Monitoring(), 121, targets)["targets.json"]
    assert text == configuration.files(Monitoring(), 121, targets[::-1])["targets.json"]
    assert [one["labels"]["server"] for one in json.loads(text)] == ["a", "b"]


def test_a_scrape_ends_before_the_next_one():
    for seconds in (1, 15, 300):
        text = configuration.files(Monitoring(scrape=f"{seconds}s"), 121, [])["prometheus.yml"]  # type: ignore[arg-type]
        its = yaml.safe_load(text)["global"]
        assert int(its["scrape_timeout"][:-1]) <= min(10, seconds)


def test_every_alert_says_what_to_do_and_names_are_used_once():
    found = list(rules.alerts(Thresholds(), 121))
    assert all(one.summary and one.remedy for one in found)
    assert len({one.name for one in found}) == len(found)
