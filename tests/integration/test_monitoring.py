"""Monitoring on real Docker: both shapes in one stack, from who is asked to what an exporter may not do.

One stack of its own; the tests go through its life in order, each from where the one before has left it.
"""

from __future__ import annotations

import json
import os
import re
import time
import urllib.request
from collections.abc import Iterator

import docker
import psycopg
import pytest
import redis

from components.config.models import Thresholds
from components.monitoring import dashboards, rules
from operate.report import FIGURES
from tests.integration.daemon import ran
from tests.integration.life import Life, lived
from tests.integration.project import Project
from tests.integration.watched_stack import SERVERS, asked, login, prometheus, settings, until, up

pytestmark = pytest.mark.integration
PREFIX = f"watch-{os.getpid()}"
SLOW = 10.0  # seconds between scrapes, and the most that one may take: a late answer is no gap


@pytest.fixture(scope="module")
def life(daemon: docker.DockerClient, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Life]:
    """Both shapes, monitored."""
    config = settings(daemon, PREFIX)
    config["data-tier:monitoring"]["scrape"] = f"{SLOW:g}s"
    with lived(daemon, Project(tmp_path_factory.mktemp("watch"), config), Life) as found:
        yield found


def test_every_server_answers_and_lets_its_exporter_in(life: Life) -> None:
    found = until(lambda: (now := up(life)) and set(now) >= SERVERS and all(now.values()) and now)
    assert set(found) == {*SERVERS, "host", "prometheus"}
    for metric, servers in (
        ("pg_up", {"postgres", "postgres-blog"}),
        ("redis_up", SERVERS - {"postgres", "postgres-blog"}),
    ):
        (series,) = prometheus(life).now(metric)
        assert {one.labels["server"]: one.last for one in series} == dict.fromkeys(servers, 1.0)
    (failures,) = prometheus(life).now("data_tier_exporter_failures_total > 0")
    assert failures == []


def test_what_the_exporters_do_not_know_is_told_too(life: Life) -> None:
    def told(expression: str) -> dict[str, float]:
        [found] = prometheus(life).now(expression)
        return {one.labels["server"]: one.last for one in found}

    until(lambda: told("data_tier_pooler_up") == {"postgres": 1.0, "postgres-blog": 1.0})
    until(lambda: told("data_tier:disk:share").keys() == SERVERS)
    until(lambda: told("data_tier:certificate:days").keys() == SERVERS)
    assert all(200 < days < 400 for days in told("data_tier:certificate:days").values())


def test_no_alert_fires_on_a_stack_that_is_well(life: Life) -> None:
    assert prometheus(life).alerts() == []
    report = json.loads(life.project.operate("status", "--json").out)
    assert report["alerts"] == []
    roles = {one["name"]: one["role"] for one in report["containers"]}
    assert roles[f"{PREFIX}-prometheus"] == "prometheus"
    assert sum(role == "exporter" for role in roles.values()) == len(SERVERS)


def test_an_exporter_reads_no_table_of_an_app(life: Life) -> None:
    user, password = login(life, "postgres-unified")
    host, port = life.servers()["postgres"]
    code = """
import json, sys, psycopg
given = json.load(sys.stdin)
for database in given["databases"]:
    try:
        psycopg.connect(dbname=database, sslmode="require", connect_timeout=5, **given["login"]).close()
        print(database, "open")
    except psycopg.Error as error:
        print(database, str(error).strip().splitlines()[-1])"""
    given = {
        "databases": ["shop", "pgbouncer_auth", "template1", "postgres"],
        "login": {"host": host, "port": port, "user": user, "password": password},
    }
    from_elsewhere = life.host.run_in(f"{PREFIX}-data-tier", code, given).splitlines()
    assert len(from_elsewhere) == 4
    assert all("pg_hba.conf rejects connection" in line for line in from_elsewhere), from_elsewhere
    run = """
import psycopg
from pathlib import Path
user, _, key = Path("/run/secrets/login").read_text().strip().partition(":")
to = dict(host="HOST", user=user, password=key, sslmode="verify-full", sslrootcert="/run/secrets/ca.crt")
for database in ("shop", "pgbouncer_auth"):
    try:
        psycopg.connect(dbname=database, **to)
        print("open")
    except psycopg.Error as error:
        print(str(error).strip().splitlines()[-1])
with psycopg.connect(dbname="postgres", autocommit=True, **to) as server:
    for query in ("SELECT * FROM pg_authid", "SELECT pg_reload_conf()", "SELECT pg_read_file('/etc/passwd')",
                  "CREATE TABLE mine (a int)", "SET ROLE pg_read_all_data", "COPY (SELECT 1) TO PROGRAM 'id'"):
        try:
            server.execute(query)
            print("done:", query)
        except psycopg.Error as error:
            print(type(error).__name__)""".replace("HOST", f"{PREFIX}-postgres-unified")
    said = ran(life.host.containers()[f"{PREFIX}-postgres-unified-exporter"], ["python3", "-c", run])[1].splitlines()
    assert all("pg_hba.conf rejects connection" in line for line in said[:2]), said
    assert said[2:] == ["InsufficientPrivilege"] * 6, said


def test_an_exporter_reads_no_key_of_an_app(life: Life) -> None:
    user, password = login(life, "redis-unified")
    host, port = life.servers()["redis"]
    ca = life.project.root / "ca.crt"
    ca.write_text(life.told["ca"])
    server = redis.Redis(host=host, port=port, username=user, password=password, ssl=True, ssl_ca_certs=str(ca))
    assert server.info()["redis_version"].startswith("8")
    for command in (
        ("GET", "shop:a"), ("KEYS", "*"), ("SCAN", "0"), ("SET", "a", "b"), ("CONFIG", "GET", "*"), ("ACL", "LIST"),
        ("SLOWLOG", "GET"), ("MONITOR",), ("CLIENT", "LIST"), ("SHUTDOWN",), ("SUBSCRIBE", "shop:a"),
    ):  # fmt: skip
        with pytest.raises(redis.exceptions.NoPermissionError):
            server.execute_command(*command)
    server.close()


def test_apps_cannot_read_what_exporters_tell(life: Life) -> None:
    exporters = {key: its["name"] for key, its in life.told["servers"].items()}
    container = life.host.containers()[f"{exporters['postgres']}-exporter"]
    networks = container.attrs["NetworkSettings"]["Networks"]
    near = networks[f"{PREFIX}-data-tier"]["IPAddress"]
    inside = networks[f"{PREFIX}-monitoring"]["IPAddress"]
    assert life.host.reachable_from(f"{PREFIX}-data-tier", (near, 9187), (near, 9201), (inside, 9187)) == []
    assert life.host.reachable_from(f"{PREFIX}-monitoring", (inside, 9187), (inside, 9201)) == [(inside, 9187)]


def test_every_chart_of_the_dashboard_and_the_report_asks_for_what_there_is(life: Life) -> None:
    """A metric that no exporter has would be an empty chart for ever; a filter may leave one empty."""
    expressions = [*dashboards.expressions(), *(figure.expression for figure in FIGURES), *rules.RECORDED.values()]
    expressions += [one.when for one in rules.alerts(Thresholds(), 30) if "data_tier_" not in one.when]
    wanted = {name for one in expressions for name in re.findall(r"\b(?:pg|redis|data_tier)[_:][a-z0-9_:]+\b", one)}
    wanted -= {"data_tier_standby_lag_seconds", "redis_errors_total"}  # where there is a standby, and after an error
    assert len(wanted) > 25

    def unknown() -> set[str]:
        return wanted - {*prometheus(life).ask([("label/__name__/values", {})])[0]}

    until(lambda: not unknown())  # a rate needs a while


def test_the_report_is_one_page_that_asks_nobody_and_tells_no_secret(life: Life) -> None:
    file = life.project.root / "report.html"
    life.project.operate("report", "--output", str(file), "--hours", "1")
    text = file.read_text()
    assert "Everything runs, no alert fires" in text
    assert text.count("<svg") >= 7
    assert all(name in text for name in life.host.ids() if not name.endswith("-loopback"))
    assert not re.search(r"(?:src|href)=|@import|url\(|https?://", text)
    known = [*life.told["secrets"]["urls"]["shop"].values(), *life.told["secrets"]["admin_passwords"].values()]
    assert not any(one.rpartition("@")[0].rpartition(":")[2] in text for one in known if "@" in one)
    assert not any(one in text for one in known)


def test_no_password_is_told_anywhere(life: Life) -> None:
    secrets = [login(life, name)[1] for name in ("postgres-unified", "redis-unified", "blog-postgres", "blog-redis")]
    secrets += [its.rpartition("@")[0].rpartition(":")[2] for its in life.told["secrets"]["urls"]["shop"].values()]
    texts = []
    for name, container in life.host.containers(ended=True).items():
        texts += [(name, json.dumps(container.attrs)), (f"{name}'s log", container.logs().decode(errors="replace"))]
    ask = "import urllib.request as u; print(u.urlopen('http://{}:9187/metrics').read().decode())"
    for key in life.told["monitoring"]["exporters"].values():
        _, said = ran(life.host.containers()[f"{PREFIX}-prometheus"], ["python3", "-c", ask.format(key)])
        texts.append((f"{key}'s metrics", said))
    texts += [("a process", one) for one in life.project.seen]
    assert len(texts) > 30
    for where, text in texts:
        assert not any(secret in text for secret in secrets), where


def test_a_second_preview_is_empty_and_an_app_more_touches_no_container(life: Life) -> None:
    done = life.project.pulumi("preview", "--expect-no-changes", ok=False)
    assert done.code == 0, done.text
    before = life.host.ids()
    life.change(apps={**life.apps, "wiki": {"dedicated": True, "postgres": {"database": "wiki"}, "redis": ["cache"]}})
    life.up()
    after = life.host.ids()
    assert {name: after[name] for name in before} == before
    assert until(lambda: {"postgres-wiki", "redis-wiki"} <= {key for key, well in up(life).items() if well})


def test_passwords_rotate_without_a_gap(life: Life) -> None:
    before, was = life.host.ids(), login(life, "postgres-unified")
    began = time.monotonic()  # when a server starts, it is asked before its exporter answers
    with asked(life) as found:
        life.project.operate("rotate", "all", "--admin")
        time.sleep(2 * SLOW)
    life.__dict__.pop("told", None)
    assert len(found) > 20
    assert set(found) == {1.0}
    window = f"{int(time.monotonic() - began)}s"
    expressions = [f"min_over_time({one}[{window}]) == 0" for one in ("up", "pg_up", "redis_up")]
    assert prometheus(life).now(*expressions) == [[], [], []]
    assert life.host.ids() == before
    now = login(life, "postgres-unified")
    assert (was[0], now[0]) == ("data_tier_exporter_a", "data_tier_exporter_b")
    assert now[1] != was[1]
    admin = life.told["secrets"]["admin_passwords"]["postgres"]
    host, port = life.servers()["postgres"]
    with psycopg.connect(host=host, port=port, user="admin", password=admin, dbname="postgres") as server:
        roles = dict(server.execute("SELECT rolname, rolcanlogin FROM pg_roles WHERE rolname ~ 'exporter'").fetchall())
    assert roles == {"data_tier_exporter_a": False, "data_tier_exporter_b": True}
    done = life.project.pulumi("preview", "--expect-no-changes", ok=False)
    assert done.code == 0, done.text


def test_the_loopback_port_leads_to_prometheus(life: Life) -> None:
    port = life.told["monitoring"]["expose"]
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/-/healthy", timeout=5) as answer:
        assert answer.status == 200


def test_figures_outlive_a_down(life: Life) -> None:
    down = time.time()
    life.project.operate("down")
    assert not life.host.containers()
    life.project.pulumi("config", "rm", "data-tier:running")
    life.up()
    [before] = prometheus(life).over(down - 60, down, 5, "up")
    assert {one.labels["server"] for one in before} >= SERVERS, "what was known before it went down"


def test_monitoring_goes_when_its_key_goes(life: Life) -> None:
    life.change(monitoring=None)
    life.up()
    assert not any("exporter" in name or "prometheus" in name for name in life.host.containers(ended=True))
    assert f"{PREFIX}-monitoring" not in life.host.networks()
    admin = life.told["secrets"]["admin_passwords"]["postgres"]
    host, port = life.servers()["postgres"]
    with psycopg.connect(host=host, port=port, user="admin", password=admin, dbname="postgres") as server:
        assert server.execute("SELECT rolname FROM pg_roles WHERE rolname ~ 'exporter'").fetchall() == []
