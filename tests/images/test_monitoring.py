"""The programs of the monitoring's containers, without containers: what they tell, and on which address."""

from __future__ import annotations

import stat
from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest

from images.exposition import Sample, exposition
from images.monitoring import exporter, looks, prometheus, replication


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
        ],
        {"data_tier_pool_waiting": "Clients that wait."},
    ).splitlines()
    assert [line for line in lines if not line.startswith("#")] == [
        'data_tier_pool_waiting{database="a"} 1',
        'data_tier_pool_waiting{database="b"} 2.5',
        'data_tier_pooler_up{process="1"} 1',
    ]
    assert sum(line.startswith("# TYPE data_tier_pool_waiting gauge") for line in lines) == 1


def test_a_label_cannot_end_its_line():
    assert exposition([("data_tier_pool_waiting", {"database": 'a"} 1\nup 0\\'}, 1)], {}).splitlines()[1:] == [
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


def test_a_server_that_is_away_is_not_asked_again():
    asked: list[str] = []

    def look(name: str) -> Iterator[Sample]:
        asked.append(name)
        yield "data_tier_volume_bytes", {}, 5

    its = looks.Looks({one: partial(look, one) for one in ("certificate", "volume")}, of_server=["certificate"])
    its.text(let_in=False)
    assert asked == ["volume"]
    its.text()
    assert asked == ["volume", "certificate", "volume"]


def test_what_a_backup_container_tells_is_told_under_the_key_of_the_server():
    text = """# HELP data_tier_backup_size_bytes Bytes.
# TYPE data_tier_backup_size_bytes gauge
data_tier_backup_size_bytes{server="small-postgres",type="full"} 5.000
data_tier_restore_test_failed{server="small-postgres"} 1.000
python_info{version="3"} 1
"""
    assert list(replication.samples(text)) == [
        ("data_tier_backup_size_bytes", {"type": "full"}, 5.0),
        ("data_tier_restore_test_failed", {}, 1.0),
    ]


def test_a_backup_container_that_does_not_answer_is_told():
    server = looks.Server(kind="postgres", host="db", port=5432, tls=True, backup="localhost")
    assert list(replication.backups(server)) == [("data_tier_backup_up", {}, 0)]
    assert list(replication.backups(replace(server, backup=""))) == []
