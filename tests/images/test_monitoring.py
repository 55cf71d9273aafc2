"""The programs of the monitoring's containers, without containers: what they tell, and on which address."""

from __future__ import annotations

import stat
from collections.abc import Iterator
from pathlib import Path

import pytest

from images.monitoring import exporter, looks, prometheus
from images.monitoring.exposition import Sample, exposition


@pytest.fixture(autouse=True)
def memory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(looks, "MEMORY", tmp_path)
    monkeypatch.setattr(looks, "LOGIN", tmp_path / "login")
    (tmp_path / "login").write_text("data_tier_exporter_a:s3cret\n")
    return tmp_path


def test_samples_of_one_name_stand_together_under_their_help():
    lines = exposition(
        [
            ("data_tier_pool_waiting", {"database": "a"}, 1),
            ("data_tier_pooler_up", {"process": "1"}, 1),
            ("data_tier_pool_waiting", {"database": "b"}, 2.5),
        ]
    ).splitlines()
    assert [line for line in lines if not line.startswith("#")] == [
        'data_tier_pool_waiting{database="a"} 1',
        'data_tier_pool_waiting{database="b"} 2.5',
        'data_tier_pooler_up{process="1"} 1',
    ]
    assert sum(line.startswith("# TYPE data_tier_pool_waiting gauge") for line in lines) == 1


def test_a_label_cannot_end_its_line():
    assert exposition([("data_tier_pool_waiting", {"database": 'a"} 1\nup 0\\'}, 1)]).splitlines()[2:] == [
        'data_tier_pool_waiting{database="a\\"} 1\\nup 0\\\\"} 1'
    ]


def test_one_look_that_fails_is_counted_and_takes_no_other_along():
    def fails() -> Iterator[Sample]:
        raise ConnectionRefusedError

    def works() -> Iterator[Sample]:
        yield "data_tier_volume_bytes", {}, 5

    its = looks.Looks({"fails": fails, "works": works})
    its.text()
    text = its.text()
    assert "data_tier_volume_bytes 5" in text
    assert 'data_tier_exporter_failures_total{look="fails"} 2' in text
    assert 'data_tier_exporter_failures_total{look="works"} 0' in text


def test_it_answers_on_the_network_that_is_not_its_servers():
    assert exporter.apart_from("172.28.10.0/24", ["172.28.10.19", "172.18.0.5"]) == "172.18.0.5"
    with pytest.raises(ValueError, match="isn't on the monitoring network"):
        exporter.apart_from("172.28.10.0/24", ["127.0.0.1", "172.28.10.19"])


def test_a_login_is_read_from_its_file_and_never_shown(memory: Path):
    found = looks.Login.read()
    assert (found.user, found.key) == ("data_tier_exporter_a", "s3cret")
    assert "s3cret" not in repr(found)
    file = Path(found.passfile())
    assert stat.S_IMODE(file.stat().st_mode) == 0o600


@pytest.mark.parametrize("kind", ["postgres", "redis"])
def test_no_command_and_no_environment_has_the_password(kind: str):
    server = looks.Server(kind=kind, host="db", port=5432, tls=True)
    command, environment = exporter._started(server, looks.Login.read(), 9201)
    assert "s3cret" not in " ".join([*command, *environment, *environment.values()])


def test_figures_of_a_poolers_processes_are_added_and_of_waits_the_longest_counts():
    its: dict[str, float] = {}
    row = {"cl_waiting": "1", "cl_active": "2", "sv_active": "3", "sv_idle": "1", "sv_used": "0", "maxwait": "2"}
    looks._added(its, {**row, "maxwait_us": "500000"})
    looks._added(its, {**row, "maxwait": "1", "maxwait_us": "0"})
    assert its == {
        "data_tier_pool_waiting": 2,
        "data_tier_pool_clients": 4,
        "data_tier_pool_connections": 8,
        "data_tier_pool_wait_seconds": 2.5,
    }


def test_what_the_host_has_told_is_served_whole(tmp_path: Path):
    assert prometheus.told(tmp_path / "nothing") == ""
    (tmp_path / "b.prom").write_text("b 1\n")
    (tmp_path / "a.prom").write_text("a 1\n")
    (tmp_path / "note.txt").write_text("c 1\n")
    assert prometheus.told(tmp_path) == "a 1\nb 1\n"
