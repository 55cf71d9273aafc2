"""The arithmetic behind the figures, on hand-made runs."""

from __future__ import annotations

import pytest

from benchmarks import neighbour, slope, systems
from benchmarks.compose import objects_alone
from benchmarks.results import Figure
from benchmarks.stackfile import PREFIX
from components.config import parse


def test_time_of_database_objects_counts_only_while_no_container_is_made() -> None:
    lines = [
        (0.0, " +  docker:index:Container server creating (0s)\n"),
        (4.0, " +  docker:index:Container server created (4s)\n"),
        (4.0, " +  postgresql:index:Role owner creating (0s)\n"),
        (5.0, " +  docker:index:Container frontend creating (0s)\n"),
        (6.0, " +  postgresql:index:Role owner created (2s)\n"),
        (7.0, " +  docker:index:Container frontend created (2s)\n"),
        (7.5, " +  command:local:Command redis-user creating (0s)\n"),
        (8.0, " +  command:local:Command redis-user created (0.50s)\n"),
    ]
    assert objects_alone(lines) == pytest.approx(1.5), "4.0 to 5.0 and 7.5 to 8.0; the rest ran beside a container"


def test_lines_that_are_no_steps_take_no_time() -> None:
    assert objects_alone([(0.0, "Updating (bench):\n"), (9.0, "Resources:\n"), (9.0, "    + 149 created\n")]) == 0


def test_growth_is_one_where_every_app_costs_the_same() -> None:
    assert slope.growth({50: [2.0, 2.0], 100: [3.0, 3.0], 500: [11.0]}) == pytest.approx(1)


def test_growth_shows_a_cost_that_rises_with_the_number_of_apps() -> None:
    assert slope.growth({50: [2.0], 100: [3.0], 500: [31.0]}) == pytest.approx(29 / 450 / (1 / 50))


@pytest.mark.parametrize(("value", "verdict"), [(1.29, "met (1.3)"), (1.3, "met (1.3)"), (1.31, "missed (1.3)")])
def test_a_target_is_the_highest_good_value(value: float, verdict: str) -> None:
    assert Figure(name="ratio", value=value, unit="", target=1.3).verdict == verdict


def test_a_target_can_be_the_lowest_good_value() -> None:
    assert Figure(name="ratio", value=0.6, unit="", lowest=0.6).verdict == "met (at least 0.6)"
    assert Figure(name="ratio", value=0.59, unit="", lowest=0.6).verdict == "missed (at least 0.6)"


def test_a_figure_without_a_target_has_no_verdict() -> None:
    assert Figure(name="seconds", value=5, unit="s").verdict == ""


SAID = "number of failed transactions: 0 (0.000%)\ntps = 1234.5 (without initial connection time)\np99 2500\n"


def test_a_pace_is_what_pgbench_said() -> None:
    assert neighbour.paced(SAID) == neighbour.Pace(rate=1234.5, p99=2.5, failed=0)


@pytest.mark.parametrize("said", ["", SAID.replace("p99 2500", ""), f"{SAID}pgbench: error: client 1 aborted"])
def test_a_pace_that_ended_early_is_none(said: str) -> None:
    with pytest.raises(ValueError, match="ended early"):
        neighbour.paced(said)


def test_what_a_neighbour_costs_is_that_of_the_worst_app() -> None:
    alone = {app: [neighbour.Pace(1000, 2, 0)] for app in neighbour.QUIET}
    beside = {"app0": [neighbour.Pace(900, 3, 0)], "app1": [neighbour.Pace(500, 8, 1)]}
    slower, p99, failed, *_ = neighbour.figures(neighbour.Compared(alone, beside)).figures
    assert (slower.value, p99.value, failed.value) == (2.0, 4.0, 1)


@pytest.mark.parametrize("system", systems.SYSTEMS)
@pytest.mark.parametrize("shape", systems.SHAPES)
def test_an_examples_stores_are_measured_under_names_of_their_own(system: str, shape: systems.Shape) -> None:
    config = systems.stores_of(system, shape)
    settings = parse({key.removeprefix("data-tier:"): value for key, value in config.items()})
    assert settings.topology == shape
    assert not any(app.service for app in settings.apps.values())
    assert settings.postgres_name == f"{PREFIX}-postgres-unified"
    own = [app.postgres.server for app in settings.apps.values() if app.postgres]
    assert not [server for server in own if server.name or server.volume or server.expose]
