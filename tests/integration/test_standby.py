"""A standby on real Docker: streaming, a planned switch and back under load, and that the program doesn't mind.

One stack of its own; the tests go through its life in order, each from where the one before has left it.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from typing import Any

import docker
import psycopg
import pytest

from tests.integration.life import lived
from tests.integration.project import Project
from tests.integration.standby_stacks import Replicated, one_server

pytestmark = pytest.mark.integration
LONGEST = 20  # seconds, on a machine that others load too; `make bench` measures it on a quiet one
PREFIX = f"standby-{os.getpid()}"


@pytest.fixture(scope="module")
def life(daemon: docker.DockerClient, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Replicated]:
    """A server without a standby, up."""
    project = Project(tmp_path_factory.mktemp("standby"), one_server(daemon, PREFIX))
    with lived(daemon, project, Replicated) as found:
        yield found


def postgres(life: Replicated, **keys: Any) -> None:
    life.change(postgres={**life.project.edit()["config"]["data-tier:postgres"], **keys})


def nothing_to_do(life: Replicated) -> None:
    for command in (["preview"], ["refresh", "--yes", "--skip-preview"], ["preview"]):
        done = life.project.pulumi(*command, "--expect-no-changes", ok=False)
        assert done.code == 0, done.text


def test_a_live_server_gets_a_standby_and_keeps_its_data(life: Replicated) -> None:
    life.prepared()
    with life.connect() as connection:
        connection.execute("INSERT INTO ledger VALUES (-1, 0)")
    postgres(life, standbys=1)
    life.up()
    assert life.server["members"] == [f"{PREFIX}-postgres-unified-1", f"{PREFIX}-postgres-unified-2"]
    assert life.streams()
    assert -1 in life.found()
    assert (life.in_recovery(1), life.in_recovery(2)) == (False, True)
    nothing_to_do(life)


def test_an_app_that_comes_replaces_no_container(life: Replicated) -> None:
    before, apps = life.host.ids(), life.apps
    life.change(apps={**apps, "news": {"postgres": {"database": "news"}}})
    life.up()
    assert life.host.ids() == before


def test_the_admin_is_let_in_by_the_way_of_the_host_alone(life: Replicated) -> None:
    password = life.told["secrets"]["admin_passwords"]["postgres"]
    with life.connect(hostaddr=life.server["address"], user="admin", password=password, dbname="postgres") as admin:
        assert admin.execute("SELECT current_user").fetchone() == ("admin",)
    with pytest.raises(psycopg.OperationalError, match=r"pg_hba\.conf rejects"):
        life.connect(user="admin", password=password, dbname="postgres")
    for user, database in (("data_tier_replication", "postgres"), ("shop_a", "postgres")):
        with pytest.raises(psycopg.OperationalError, match=r"pg_hba\.conf rejects"):
            life.connect(user=user, dbname=database)


def test_a_switchover_and_back_lose_nothing(life: Replicated) -> None:
    for number in (2, 1):
        with life.writing() as ledger:
            done = life.switch("switchover")
        found = life.found()
        lost, twice = ledger.committed - set(found), len(found) - len(set(found))
        print(
            f"\nswitchover to member {number}: {done['seconds']} s from the command, {ledger.longest:.2f} s without a "
            f"commit, {len(ledger.committed)} told, {len(lost)} lost, {twice} twice, ended {ledger.errors}"
        )
        assert (lost, twice) == (set(), 0)
        assert done["primary"] == f"{PREFIX}-postgres-unified-{number}"
        assert done["back"]
        assert ledger.longest < LONGEST
        assert (life.in_recovery(number), life.in_recovery(3 - number)) == (False, True)


def test_the_program_does_not_mind_who_is_the_primary(life: Replicated) -> None:
    life.switch("switchover")
    before = life.host.ids()
    nothing_to_do(life)
    life.up()
    assert life.host.ids() == before
    assert not life.in_recovery(2)
    asked = ("psql", "shop", "--admin", "--stack", "dev", "--", "-Atc", "SELECT 1")
    assert life.project.plain("-m", "operate", *asked).out.strip() == "1"
    assert life.project.operate("status").code == 0
    life.project.operate("down")
    life.project.pulumi("config", "rm", "data-tier:running")
    life.up()
    assert not life.in_recovery(2), "down and up keep the roles"
    assert life.streams()


def test_a_former_primary_that_is_restarted_takes_no_writes(life: Replicated) -> None:
    life.container(1).restart(timeout=30)
    assert life.until(lambda: life.container(1).attrs["State"]["Health"]["Status"] == "healthy")
    assert life.in_recovery(1)
    assert life.streams()


def test_members_that_are_the_primary_cannot_be_taken_away(life: Replicated) -> None:
    postgres(life, standbys=0)
    before = life.host.ids()
    done = life.project.pulumi("up", "--yes", "--skip-preview", ok=False)
    assert done.code != 0
    assert "the standby is the primary now and can't be taken away" in done.text
    assert life.host.ids() == before
    file = life.project.edit()
    del file["config"]["data-tier:postgres"]["standbys"]
    life.project.write(file)
    life.refused(["preview"], wanted=("data-tier:postgres.standbys", "Write 0"))
    postgres(life, standbys=1)
    life.up()


def test_of_two_switches_at_once_one_is_refused(life: Replicated) -> None:
    done: list[Any] = []
    both = [threading.Thread(target=lambda: done.append(life.switch("switchover", ok=False))) for _ in range(2)]
    for one in both:
        one.start()
    for one in both:
        one.join()
    codes = sorted(one.code for one in done)
    assert codes == [0, 1], [one.text for one in done]
    assert "another switch of" in next(one.text for one in done if one.code)
    assert not life.in_recovery(1)


def test_bad_input_is_one_error_and_changes_nothing(life: Replicated) -> None:
    for command, wanted in (
        (("promote",), "is the primary and answers"),
        (("switchover", "nowhere"), "no PostgreSQL server nowhere"),
        (("release",), "commits wait for no standby"),
    ):
        done = life.switch(*command, ok=False)
        assert done.code == 1
        assert done.err.count("error:") == 1
        assert wanted in done.text
    life.container(2).stop(timeout=30)
    done = life.switch("switchover", ok=False)
    assert done.code == 1
    assert "doesn't stream from" in done.text
    life.container(2).start()
    assert life.streams()
    assert not life.in_recovery(1)


def test_the_standby_goes_with_its_volume_and_the_rest_stays(life: Replicated) -> None:
    before = life.host.ids()
    postgres(life, standbys=0)
    life.up()
    after, gone = life.host.ids(), f"{PREFIX}-postgres-unified-2"
    assert {name for name in before if before[name] != after.get(name)} <= {gone, f"{gone}-secrets-fill"}
    assert f"{gone}-data" not in life.host.volumes()
    assert -1 in life.found()
    done = life.switch("switchover", ok=False)
    assert "has no standby" in done.text
