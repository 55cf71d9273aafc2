"""Darevel as its document has it, six apps on six servers, and the same six on one, asked by connecting."""

from __future__ import annotations

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import permutations
from typing import Any
from urllib.parse import urlsplit

import docker
import psycopg
import pytest

from tests.examples.darevel import APPS, BACKENDS, connect, server_of
from tests.examples.example import SHAPES, Example, brought_up
from tests.integration.daemon import outside_address, reachable
from tests.integration.test_services import report

pytestmark = pytest.mark.integration
MIB = 1024**2


@pytest.fixture(scope="module", params=SHAPES)
def darevel(
    request: pytest.FixtureRequest, daemon: docker.DockerClient, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Example]:
    with brought_up(daemon, tmp_path_factory.mktemp("darevel"), "darevel", request.param) as found:
        yield found


def isolated(darevel: Example) -> None:
    if darevel.shape != "isolated":
        pytest.skip("of the document's own shape")


def servers(darevel: Example) -> set[str]:
    return {server_of(darevel, app) for app in APPS}


def test_containers_volumes_and_databases_have_the_documents_names(darevel: Example) -> None:
    if darevel.shape == "unified":
        assert servers(darevel) == {"darevel-postgres"}
        assert {name for name in darevel.names() if "postgres" in name} == {"darevel-postgres"}
        names = {name for (name,) in darevel.admin("postgres", "SELECT datname FROM pg_database")}
        assert names == {"postgres", "template0", "template1", *(its.database for its in APPS.values())}
        return
    for app, its in APPS.items():
        mounts = darevel.container(its.container)["Mounts"]
        data = next(one["Name"] for one in mounts if one["Destination"] == "/var/lib/postgresql/data")
        assert data.removeprefix(f"{darevel.host.prefix}-") == its.volume
        names = {name for (name,) in darevel.admin(f"postgres-{app}", "SELECT datname FROM pg_database")}
        assert names == {"postgres", "template0", "template1", its.database}


def test_the_loopback_ports_of_the_document_lead_to_its_databases(darevel: Example) -> None:
    isolated(darevel)
    for app, its in APPS.items():
        with connect(darevel, app) as connection:  # psql -h localhost -p <port> -U postgres -d <database>
            assert connection.execute("SELECT current_user, current_database()").fetchone() == (
                "postgres",
                its.database,
            )
    exposed = {app: darevel.told["servers"][f"postgres-{app}"]["expose"] for app in APPS}
    moved = {exposed[app] - its.port for app, its in APPS.items()}
    assert len(moved) == 1, "the tests move all ports by one number"
    assert reachable(*((outside_address(), port) for port in exposed.values())) == []


def test_no_server_publishes_a_port_itself_and_nothing_of_the_data_tier_is_public(darevel: Example) -> None:
    for name in servers(darevel):
        assert not darevel.container(name)["HostConfig"]["PortBindings"], name
    bound = [
        binding["HostIp"]
        for item in darevel.host.containers().values()
        for bindings in (item.attrs["HostConfig"]["PortBindings"] or {}).values()
        for binding in bindings
    ]
    assert set(bound) == {"127.0.0.1"}
    assert len(bound) == len(BACKENDS) + (len(APPS) if darevel.shape == "isolated" else 0)


def test_limits_and_settings_are_those_that_the_document_gives_for_slides(darevel: Example) -> None:
    isolated(darevel)
    for app, its in APPS.items():
        host = darevel.container(its.container)["HostConfig"]
        assert (host["Memory"], host["MemoryReservation"]) == (512 * MIB, 256 * MIB)
        assert (host["NanoCpus"], host["CpuShares"]) == (500_000_000, 256)
        shown = {name: darevel.admin(f"postgres-{app}", f"SHOW {name}")[0][0] for name in its.settings}
        assert shown == its.settings


def test_the_memory_of_a_server_holds_what_its_logins_may_open(darevel: Example) -> None:
    """100 places of 4 MB and 256 MB of shared buffers are more than 512M: the logins may open 25 of them."""
    isolated(darevel)
    for app, its in APPS.items():
        query = f"SELECT datconnlimit FROM pg_database WHERE datname = '{its.database}'"
        assert darevel.admin(f"postgres-{app}", query) == [(25,)]


def test_a_client_without_tls_is_refused_and_one_with_it_verifies_the_server(darevel: Example) -> None:
    for app in APPS:
        with pytest.raises(psycopg.OperationalError, match="pg_hba"):
            darevel.connect(app, sslmode="disable", sslrootcert=None)
        assert darevel.ask(app, "SELECT ssl, version FROM pg_stat_ssl WHERE pid = pg_backend_pid()") == [
            (True, "TLSv1.3")
        ]
        if darevel.shape == "isolated":
            with pytest.raises(psycopg.OperationalError, match="pg_hba"):
                connect(darevel, app, sslmode="disable")


def test_every_server_has_a_password_of_its_own_and_none_is_the_documents(darevel: Example) -> None:
    passwords = darevel.told["secrets"]["admin_passwords"]
    assert len(set(passwords.values())) == len(servers(darevel)) == (6 if darevel.shape == "isolated" else 1)
    if darevel.shape == "unified":
        return
    tried = {"chat": "postgres", "slides": passwords["postgres-mail"], "mail": "strong-random-password-here"}
    for app, password in tried.items():
        with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
            connect(darevel, app, password=password)


def test_an_app_enters_its_own_database_and_no_other(darevel: Example) -> None:
    for app, its in APPS.items():
        assert darevel.ask(app, "SELECT current_database()") == [(its.database,)]
    for app, other in permutations(APPS, 2):
        with pytest.raises(psycopg.OperationalError):
            darevel.connect(app, dbname=APPS[other].database)
    if darevel.shape == "isolated":
        there = {app: darevel.told["servers"][f"postgres-{app}"]["address"] for app in APPS}
        with pytest.raises(psycopg.OperationalError, match=r"password|pg_hba"):
            darevel.connect("chat", dbname="darevel_mail", host=there["mail"], sslmode="require")


def test_backends_answer_on_the_documents_ports_and_reach_their_databases(darevel: Example) -> None:
    urls = {app: int(its["url"].rstrip("/").rsplit(":", 1)[1]) for app, its in darevel.told["services"].items()}
    assert set(urls) == set(BACKENDS)
    assert len({urls[app] - port for app, port in BACKENDS.items()}) == 1
    for app, port in urls.items():
        told = report(port)["database"]
        assert (told["ok"], told["database"], told["user"]) == (True, f"darevel_{app}", f"darevel_{app}_a")
        assert f"{BACKENDS[app]}/tcp" in darevel.container(f"darevel-{app}-backend")["HostConfig"]["PortBindings"]
        assert told["server_version"].startswith("17.")


def states(darevel: Example) -> dict[str, str]:
    """Every server and backend: its health while it runs, else its state."""
    found = {}
    for name, item in darevel.host.containers().items():
        state = item.attrs["State"]
        found[name.removeprefix(f"{darevel.host.prefix}-")] = (
            state["Health"]["Status"] if state["Running"] else "stopped"
        )
    return {name: state for name, state in found.items() if not name.endswith("-loopback")}


def well(darevel: Example) -> set[str]:
    """The backends that reach their databases; each waits seconds for one that doesn't answer."""

    def is_well(app: str) -> bool:
        try:
            return bool(report(urlsplit(darevel.told["services"][app]["url"]).port or 0)["database"]["ok"])
        except OSError:  # 503, or nobody answers
            return False

    with ThreadPoolExecutor() as pool:
        return {app for app, found in zip(BACKENDS, pool.map(is_well, BACKENDS), strict=True) if found}


def test_every_server_is_ready_by_the_documents_own_health_check(darevel: Example) -> None:
    for name in servers(darevel):
        container = darevel.host.client.containers.get(f"{darevel.host.prefix}-{name}")
        assert container.exec_run(["pg_isready", "-U", "postgres"]).exit_code == 0, name


def test_one_app_is_stopped_and_started_beside_the_others(darevel: Example) -> None:
    darevel.project.operate("stop", "slides")
    stopped = {"darevel-slides-backend"} | ({"darevel-postgres-slides"} if darevel.shape == "isolated" else set())
    found = states(darevel)
    assert {name for name, state in found.items() if state != "healthy"} == stopped, found
    told = json.loads(darevel.project.operate("status", "--json", ok=False).out)["containers"]
    running = {one["name"].removeprefix(f"{darevel.host.prefix}-") for one in told if one["state"] == "running"}
    assert running & set(found) == set(found) - stopped
    assert well(darevel) == set(BACKENDS) - {"slides"}
    darevel.project.operate("start", "slides")
    assert set(states(darevel).values()) == {"healthy"}
    assert well(darevel) == set(BACKENDS)


def test_all_are_stopped_and_started_with_their_data(darevel: Example) -> None:
    for app in BACKENDS:
        with darevel.connect(app, "migrate_url") as connection:
            connection.execute("CREATE TABLE kept (app text)")
            connection.execute("INSERT INTO kept VALUES (%s)", [app])
    darevel.project.operate("stop", "all")
    assert "healthy" not in states(darevel).values()
    darevel.project.operate("start", "all")
    assert set(states(darevel).values()) == {"healthy"}
    assert {app: darevel.ask(app, "TABLE kept") for app in BACKENDS} == {app: [(app,)] for app in BACKENDS}


def test_a_database_that_fails_takes_no_other_app_along_while_servers_are_its_own(darevel: Example) -> None:
    """The document's claim; the price of one server for all is that it doesn't hold there."""
    name = server_of(darevel, "slides")
    darevel.host.client.containers.get(f"{darevel.host.prefix}-{name}").kill()
    left = well(darevel)
    darevel.project.operate("start", "all")
    met = left == set(BACKENDS) - {"slides"}
    print(f"{darevel.shape}: a failed database won't affect other applications: {'met' if met else 'not met'}")
    assert left == (set(BACKENDS) - {"slides"} if darevel.shape == "isolated" else set())
    assert well(darevel) == set(BACKENDS)


def test_another_size_of_slides_touches_nothing_else(darevel: Example) -> None:
    isolated(darevel)
    apps = darevel.apps
    right = darevel.apps
    apps["slides"]["postgres"]["server"]["resources"] |= {"memory": "1Gi", "cpu": 1}
    darevel.change(apps=apps)
    steps = darevel.project.steps()
    darevel.change(apps=right)
    assert steps
    assert all("slides" in name or name == "darevel-dev" for name in steps), steps


def test_a_second_run_finds_nothing_to_do(darevel: Example) -> None:
    assert darevel.project.steps() == {}


def total(darevel: Example, shape: str) -> dict[str, Any]:
    found: dict[str, Any] = darevel.compared["shapes"][shape]["by_kind"]["postgres"]
    return found


def test_the_figures_of_both_shapes_are_as_the_readme_says(darevel: Example) -> None:
    """The document claims no figure; what it declares for one server, six times, beside one server for all."""
    figures = {
        shape: (its["containers"], its["memory"] // MIB, its["reservation"] // MIB, its["cpu"], its["connections"])
        for shape in SHAPES
        for its in [total(darevel, shape)]
    }
    ports = {shape: darevel.compared["shapes"][shape]["total"]["data_ports"] for shape in SHAPES}
    print(figures, ports)
    assert figures == {"isolated": (6, 3072, 1536, 3.0, 600), "unified": (1, 1536, 768, 1.5, 160)}
    assert ports == {"isolated": 6, "unified": 0}
