"""A standby when something breaks: a primary killed or without its volume, a standby away too long, a login renewed.

One stack of its own; the tests go through its life in order, each from where the one before has left it.
"""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Iterator
from typing import Any

import docker
import psycopg
import pytest

from tests.integration.life import lived
from tests.integration.project import Project
from tests.integration.standby_stacks import Replicated, one_server

pytestmark = pytest.mark.integration
PREFIX = f"failing-{os.getpid()}"
LONGEST = 60  # seconds, on a machine that others load too; `make bench` measures it on a quiet one
LEAST = 24  # bytes of log that a commit is at least: a record's header
SEGMENT = 16 * 1024 * 1024
SLOT = 64 * 1024 * 1024


@pytest.fixture(scope="module")
def life(daemon: docker.DockerClient, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Replicated]:
    """A server behind a pooler with a standby that little is kept for, and an app that reads there; up."""
    settings = one_server(daemon, PREFIX, standbys=1, standby={"slot": "64Mi"}, pooler={"clients": 50})
    settings["data-tier:apps"]["shop"]["postgres"] |= {"read_url": True, "direct": 5}
    project = Project(tmp_path_factory.mktemp("failing"), settings)
    with lived(daemon, project, Replicated) as found:
        assert found.streams()
        found.prepared()
        yield found


def postgres(life: Replicated, **keys: Any) -> None:
    life.change(postgres={**life.project.edit()["config"]["data-tier:postgres"], **keys})


def now_primary(life: Replicated) -> int:
    return next(one["number"] for one in life.members() if one["role"] == "primary")


def test_pooled_clients_wait_for_a_switchover_and_see_no_error(life: Replicated) -> None:
    with life.writing() as ledger:
        done = life.switch("switchover")
    found = life.found()
    print(f"\npooled: {done['seconds']} s, {ledger.longest:.2f} s without a commit, ended {ledger.errors}")
    assert not ledger.committed - set(found)
    assert ledger.errors == {}, "they were paused"
    assert done["back"]


def test_the_read_only_url_leads_to_the_standby(life: Replicated) -> None:
    with life.connect("database_read_url") as reading:
        assert reading.execute("SELECT pg_is_in_recovery()").fetchone() == (True,)
        with pytest.raises(psycopg.errors.ReadOnlySqlTransaction):
            reading.execute("INSERT INTO ledger VALUES (-5, 0)")
    with life.connect("database_direct_url") as writing:
        assert writing.execute("SELECT pg_is_in_recovery()").fetchone() == (False,)


@pytest.mark.parametrize("how", ["kill", "pause"])
def test_a_killed_or_hung_primary_is_followed_and_what_is_lost_was_said(life: Replicated, how: str) -> None:
    first = now_primary(life)
    with life.writing() as ledger:
        getattr(life.container(first), how)()
        done = life.switch("promote")
    found = life.found()
    lost = ledger.committed - set(found)
    print(
        f"\nasynchronous, {how}: {done['seconds']} s from the command, {ledger.longest:.2f} s without a commit, "
        f"{len(ledger.committed)} told, {len(lost)} lost, {done['lost']} bytes were said"
    )
    assert done["lost"] is not None
    assert len(lost) * LEAST <= done["lost"]
    assert len(found) == len(set(found))
    assert done["seconds"] < LONGEST
    assert now_primary(life) == 3 - first
    assert life.streams(), "the one that was killed follows"


def test_a_standby_that_is_away_too_long_is_given_up_and_copied_anew(life: Replicated) -> None:
    first = now_primary(life)
    life.container(3 - first).stop(timeout=30)
    with life.connect("migrate_url") as writing:
        writing.execute("CREATE TABLE filling (text text)")
        for _ in range(12):
            writing.execute("INSERT INTO filling SELECT repeat(md5(n::text), 60) FROM generate_series(1, 8000) n")
            writing.execute("TRUNCATE filling")
        writing.execute("DROP TABLE filling")
    life.admin(first, "CHECKPOINT")
    assert life.admin(first, "SELECT wal_status FROM pg_replication_slots") == ["lost"]
    kept = int(life.admin(first, "SELECT sum(size) FROM pg_ls_waldir()")[0])
    assert kept < SLOT + 256 * 1024 * 1024 + SEGMENT
    life.container(3 - first).start()
    assert life.streams(120)
    assert life.in_recovery(3 - first)
    assert b"copied member" in life.container(3 - first).logs()


def test_commits_wait_for_a_synchronous_standby_and_none_is_lost(life: Replicated) -> None:
    postgres(life, standby={"slot": "64Mi", "synchronous": True})
    life.up()
    assert life.streams()
    first = now_primary(life)
    assert life.until(lambda: life.admin(first, "SELECT sync_state FROM pg_stat_replication") == ["sync"])
    with life.writing() as ledger:
        life.container(first).kill()
        done = life.switch("promote")
    lost = ledger.committed - set(life.found())
    print(f"\nsynchronous: {done['seconds']} s from the command, {len(ledger.committed)} told, {len(lost)} lost")
    assert lost == set()
    assert life.streams()
    now = now_primary(life)
    assert life.until(lambda: life.admin(now, "SELECT sync_state FROM pg_stat_replication") == ["sync"])


def test_commits_that_wait_for_a_standby_which_is_away_go_on_when_they_are_released(life: Replicated) -> None:
    first = now_primary(life)
    life.container(3 - first).stop(timeout=30)
    waiting = life.connect("database_direct_url")
    told: list[str] = []
    committing = threading.Thread(
        target=lambda: told.append(str(waiting.execute("INSERT INTO ledger VALUES (-6, 0)").statusmessage))
    )
    committing.start()
    time.sleep(3)
    assert told == [], "nobody else has it yet"
    life.project.operate("release")
    assert life.until(lambda: life.admin(first, "SHOW synchronous_standby_names") == [], 15)
    committing.join(timeout=15)
    waiting.close()
    assert told == ["INSERT 0 1"]
    life.container(3 - first).start()
    assert life.streams()
    assert life.until(lambda: life.admin(first, "SELECT sync_state FROM pg_stat_replication") == ["sync"])


def test_a_primary_without_its_volume_is_followed_and_made_again_as_a_standby(life: Replicated) -> None:
    first = now_primary(life)
    container = life.container(first)
    volume = next(its["Name"] for its in container.attrs["Mounts"] if its["Destination"] == "/var/lib/postgresql/data")
    before = life.found()
    container.remove(force=True)
    life.host.client.volumes.get(volume).remove()
    done = life.switch("promote")
    assert done["lost"] is None
    assert done["seconds"] < LONGEST
    assert set(before) <= set(life.found())
    life.project.pulumi("up", "--yes", "--skip-preview", "--refresh")
    life.__dict__.pop("told", None)
    assert life.streams(120)
    assert now_primary(life) == 3 - first
    assert life.in_recovery(first)


def test_the_login_of_members_is_renewed_with_the_admins(life: Replicated) -> None:
    before = life.host.ids()
    life.project.operate("rotate", "postgres", "--admin")
    life.__dict__.pop("told", None)
    members = life.server["members"]
    assert {name: life.host.ids()[name] for name in members} == {name: before[name] for name in members}
    life.container(3 - now_primary(life)).restart(timeout=30)
    assert life.streams()
    done = life.switch("switchover")
    assert done["back"], "both have the new one"
