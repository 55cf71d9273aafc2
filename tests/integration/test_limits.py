"""Limits of apps on real Docker: what is refused, what is ended, who is named for it, and that others go on.

One stack of its own: shop and blog share a server, wiki has one. The tests go through its life in order.
"""

from __future__ import annotations

import json
import os
import re
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack
from typing import Any

import docker
import psycopg
import pytest

from components.tuning.catalogue import PARAMETERS
from tests.integration.daemon import ran
from tests.integration.life import Life, lived
from tests.integration.limits_stack import LIMITS, admin, connect, eventually, settings, told, told_of
from tests.integration.project import Project

pytestmark = pytest.mark.integration
PREFIX = f"limits-{os.getpid()}"
INTERVAL, GRACE = 1.0, 0.5
SERVER = f"{PREFIX}-postgres-unified"
SLEEP = "SELECT pg_sleep(30), 'no literal is told'"
SPILL = "SELECT count(*) FROM (SELECT * FROM generate_series(1, {}) AS n ORDER BY n DESC OFFSET 1) AS sorted"


@pytest.fixture(scope="module")
def life(daemon: docker.DockerClient, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Life]:
    with lived(daemon, Project(tmp_path_factory.mktemp("limits"), settings(daemon, PREFIX)), Life) as found:
        yield found


def test_a_session_begins_with_what_was_declared(life: Life) -> None:
    with connect(life, "shop") as app:
        has = {name: app.execute(f"SHOW {name}").fetchone()[0] for name in LIMITS}
    assert has == {
        "statement_timeout": "2s", "lock_timeout": "1s", "idle_in_transaction_session_timeout": "3s",
        "work_mem": "1MB", "temp_file_limit": "4MB",
    }  # fmt: skip
    with connect(life, "shop", "migrate_url") as migration:
        assert migration.execute("SHOW statement_timeout").fetchone()[0] == "0"


def test_more_connections_than_declared_are_refused_and_migrations_still_get_in(life: Life) -> None:
    with ExitStack() as opened:
        for _ in range(6):
            opened.enter_context(connect(life, "shop"))
        with pytest.raises(psycopg.OperationalError, match='too many connections for role "shop_a"'):
            connect(life, "shop")
        connect(life, "shop", "migrate_url").close()
        connect(life, "blog").close()


def test_temporary_files_are_limited_and_the_app_cant_lift_that(life: Life) -> None:
    with connect(life, "shop") as app:
        with pytest.raises(psycopg.errors.ConfigurationLimitExceeded, match="temp_file_limit"):
            app.execute(SPILL.format(2_000_000))
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            app.execute("SET temp_file_limit = -1")
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            app.execute("ALTER ROLE CURRENT_USER SET temp_file_limit = -1")
    with connect(life, "blog") as other:
        assert other.execute(SPILL.format(2_000_000)).fetchone() == (1_999_999,)


def test_a_statement_that_takes_too_long_is_ended_by_the_server_itself(life: Life) -> None:
    with connect(life, "shop") as app:
        began = time.monotonic()
        with pytest.raises(psycopg.errors.QueryCanceled, match="statement timeout"):
            app.execute(SLEEP)
        assert 1.9 < time.monotonic() - began < 3
    assert told(life) == [], "the watchdog had nothing to do"


def test_an_app_that_lifts_its_timeout_is_cancelled_and_named_and_others_are_not(life: Life) -> None:
    done: list[Any] = []

    def other() -> None:
        with connect(life, "blog") as blog:
            done.append(blog.execute("SELECT pg_sleep(6)").fetchone())

    beside = threading.Thread(target=other)
    beside.start()
    with connect(life, "shop") as app:
        app.execute("SET statement_timeout = 0")
        began = time.monotonic()
        with pytest.raises(psycopg.errors.QueryCanceled, match="user request"):
            app.execute(SLEEP)
        took = time.monotonic() - began
        assert app.execute("SELECT 1").fetchone() == (1,), "its session goes on"
    print(f"\nlifted statement_timeout of 2 s: cancelled after {took:.2f} s")
    assert 2 + GRACE <= took <= 2 + GRACE + INTERVAL + 0.5
    beside.join()
    assert done, "blog's query, longer than that, came to its end"
    [one] = eventually(lambda: told_of(life, "statement_timeout", "cancelled"))
    assert (one["app"], one["login"], one["times"], one["allowed"]) == ("shop", "shop_a", 1, 2000)
    assert one["worst"] >= 2500
    assert len(one["queries"]) == 1
    assert {broken["app"] for broken in told(life)} == {"shop"}


def test_a_transaction_that_is_left_open_is_ended(life: Life) -> None:
    with connect(life, "shop", "migrate_url") as migration:
        migration.execute("CREATE TABLE held (id int)")
    with connect(life, "shop") as app:
        app.execute("SET idle_in_transaction_session_timeout = 0")
        app.execute("BEGIN")
        time.sleep(3 + GRACE + INTERVAL + 0.5)
        with pytest.raises(psycopg.OperationalError):
            app.execute("SELECT 1")
    assert eventually(lambda: told_of(life, "idle_in_transaction_session_timeout", "terminated"))


def test_a_lock_that_is_waited_for_too_long_is_given_up(life: Life) -> None:
    with connect(life, "shop", "migrate_url") as migration, connect(life, "shop") as app:
        migration.execute("BEGIN")
        migration.execute("LOCK TABLE held")
        app.execute("SET lock_timeout = 0; SET statement_timeout = 0")
        began = time.monotonic()
        with pytest.raises(psycopg.errors.QueryCanceled):
            app.execute("SELECT * FROM held")
        assert time.monotonic() - began < 1 + GRACE + INTERVAL + 0.5
    assert eventually(lambda: told_of(life, "lock_timeout", "cancelled"))


def test_an_own_servers_app_is_watched_too(life: Life) -> None:
    with connect(life, "wiki") as app:
        app.execute("SET idle_session_timeout = 0")
        time.sleep(4.5)
        with pytest.raises(psycopg.OperationalError):
            app.execute("SELECT 1")
    [one] = eventually(lambda: told_of(life, "idle_session_timeout", "terminated"))
    assert (one["server"], one["app"]) == (f"{PREFIX}-wiki-postgres", "wiki")


def test_a_login_that_changes_itself_is_told_by_watchdog_and_doctor(life: Life) -> None:
    with connect(life, "shop") as app:
        app.execute("ALTER ROLE CURRENT_USER SET work_mem = '32MB'")
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            app.execute("COMMENT ON ROLE shop_a IS NULL")
    [one] = eventually(lambda: told_of(life, "work_mem", "lifted"))
    assert (one["login"], one["allowed"], one["worst"]) == ("shop_a", 1024, "32MB")
    found = json.loads(life.project.operate("doctor", "--json", ok=False).out)["findings"]
    [limit] = [finding for finding in found if finding["check"] == "limits"]
    assert limit["found"] == "shop_a has work_mem = 32MB, declared is 1024kB"
    statement = limit["todo"].partition("): ")[2]
    admin(life, statement)
    found = json.loads(life.project.operate("doctor", "--json", ok=False).out)["findings"]
    assert [finding["level"] for finding in found if finding["check"] == "limits"] == ["ok"]


def test_both_logins_are_counted_together_while_they_change_over(life: Life) -> None:
    apps, old = life.apps, life.url("shop", "database_url", "postgres")
    apps["shop"] |= {"generation": 2, "overlap": True}
    life.change(apps=apps)
    life.up()
    with ExitStack() as opened:
        for _ in range(6):
            opened.enter_context(psycopg.connect(old, autocommit=True))
        opened.enter_context(connect(life, "shop")).execute("SELECT 1")
        migration = eventually(lambda: _open(life), 5)
        assert migration, "there is a place for it"
        migration.close()
        for _ in range(10):
            one = _open(life, "database_url")
            opened.callback(one.close) if one else None
            assert one or _counted(life) <= 11, "no more than connections and those for migrations"
        assert eventually(lambda: _counted(life) <= 6, 5), "the longest idle of those that are over were ended"
    assert eventually(lambda: told_of(life, "connections", "terminated"))[0]["app"] == "shop"


def _open(life: Life, file: str = "migrate_url") -> Any:
    try:
        return connect(life, "shop", file)
    except psycopg.OperationalError:
        return None


def _counted(life: Life) -> int:
    """The sessions of both logins."""
    query = "SELECT count(*) FROM pg_stat_activity WHERE usename IN ('shop_a', 'shop_b')"
    return int(admin(life, query)[0][0])


def test_the_log_of_the_watchdog_has_neither_query_nor_secret(life: Life) -> None:
    container = life.host.client.containers.get(f"{SERVER}-watchdog")
    log = container.logs().decode()
    assert '"event": "cancelled"' in log
    assert "no literal is told" not in log
    assert "pg_sleep" not in log
    assert "Traceback" not in log
    [line] = ran(container, ["cat", "/run/secrets/pgpass"])[1].splitlines()
    word = line.rpartition(":")[2]
    assert len(word) == 32
    assert word not in json.dumps(container.attrs) + log
    usage = container.stats(stream=False)["memory_stats"]["usage"]
    print(f"\nmemory of the watchdog: {usage / 1024**2:.1f} MiB")
    assert usage < 48 * 1024**2


def test_a_limit_that_is_no_longer_declared_is_taken_back_and_nothing_drifts(life: Life) -> None:
    before = life.host.ids()
    apps = life.apps
    del apps["shop"]["postgres"]["limits"]["lock_timeout"]
    apps["wiki"]["postgres"]["limits"] = {}
    apps["late"] = {"postgres": {"database": "late", "connections": 2, "limits": {"statement_timeout": "5s"}}}
    life.change(apps=apps)
    life.up()
    settings = dict(
        admin(life, "SELECT rolname, array_to_string(rolconfig, ' ') FROM pg_roles WHERE rolname LIKE 'shop__'")
    )
    assert set(settings) == {"shop_a", "shop_b"}
    for text in settings.values():
        assert "lock_timeout" not in text
        assert "work_mem=1024kB" in text
        assert "temp_file_limit=4096kB" in text
    after = life.host.ids()
    assert {name for name in before if after.get(name) != before[name]} == {f"{PREFIX}-wiki-postgres-watchdog"}
    done = life.project.pulumi("preview", "--expect-no-changes", ok=False)
    assert done.code == 0, done.text
    life.project.pulumi("refresh", "--yes")
    done = life.project.pulumi("preview", "--expect-no-changes", ok=False)
    assert done.code == 0, done.text


def test_explain_and_the_running_server_agree(life: Life) -> None:
    found = json.loads(life.project.operate("explain", "--json").out)["servers"]
    assert {one["container"] for one in found} == {SERVER, f"{PREFIX}-wiki-postgres"}
    for server in found:
        assert [value for value in server["values"] if value["differs"] or value["running"] is None] == []
    values = {value["name"]: value for value in found[0]["values"]}
    assert values["random_page_cost"]["source"] == "data-tier:postgres.parameters.random_page_cost"
    assert values["random_page_cost"]["running"] == "1.5"


def test_every_parameter_on_the_list_is_one_of_the_server_with_that_range(life: Life) -> None:
    rows = admin(
        life, "SELECT name, vartype, coalesce(unit, ''), min_val::float, max_val::float, context FROM pg_settings"
    )
    known = {name: rest for name, *rest in rows}
    units = {"kB": 1, "8kB": 8, "MB": 1024, "ms": 1, "s": 1000, "min": 60_000, "B": 1, "": 1}
    kinds = {"size": {"kB", "8kB", "MB"}, "time": {"ms", "s", "min"}}
    for name, parameter in PARAMETERS.items():
        kind, unit, least, most, context = known[name]
        assert context != "internal"
        assert unit in kinds.get(parameter.kind, {"", "B"}), name
        if parameter.kind == "bool":
            assert kind in {"bool", "enum"}, name
            continue
        assert parameter.least >= max(least * units[unit], -1), name
        assert parameter.most <= most * units[unit], name


def test_a_stack_that_was_down_comes_back_with_its_watchdog(life: Life) -> None:
    life.change(running=False)
    life.up()
    assert life.host.containers() == {}
    life.change(running=True)
    life.up()
    assert f"{SERVER}-watchdog" in life.host.containers()
    assert re.search("watching", life.host.client.containers.get(f"{SERVER}-watchdog").logs().decode())
