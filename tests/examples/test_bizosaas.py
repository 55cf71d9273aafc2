"""BizOSaaS with its stores consolidated, and the same with a server for each app (examples/bizosaas).

More of the unified shape is tried by tests/integration, which runs the same stack file.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import docker
import pytest
from redis import Redis
from redis.backoff import NoBackoff
from redis.exceptions import AuthenticationError
from redis.retry import Retry

from operate.audit.run import Wanted, examine
from tests.examples.example import SHAPES, Example, brought_up
from tests.integration.daemon import outside_address, reachable
from tests.integration.project import REPOSITORY

pytestmark = pytest.mark.integration
GIB = 2**30
LOOPBACK, EVERYWHERE = "127.0.0.1", "0.0.0.0"
SERVICES = {
    "saleor": ("coreldove-saleor-headless", LOOPBACK, 4003, 8000, {"backend"}),
    "wagtail": ("bizosaas-wagtail-headless", LOOPBACK, 4000, 8000, {"backend"}),
    "brain": ("bizosaas-brain", LOOPBACK, 4005, 8000, {"backend"}),
    "coreldove-frontend": ("coreldove-frontend", EVERYWHERE, 3003, 3000, {"frontend", "backend"}),
    "bizoholic-frontend": ("bizoholic-frontend", EVERYWHERE, 3000, 3000, {"frontend", "backend"}),
    "dashboard": ("bizosaas-dashboard", EVERYWHERE, 3005, 3000, {"frontend", "backend"}),
    "saleor-admin": ("coreldove-saleor-admin", LOOPBACK, 5003, 80, {"admin"}),
    "wagtail-admin": ("bizosaas-wagtail-admin", LOOPBACK, 5000, 8000, {"admin"}),
}
DATABASES = {"brain": "bizosaas", "wagtail": "wagtail_cms", "saleor": "saleor_core", "directory": "directory_db"}
NUMBERS = {"saleor": 0, "wagtail": 1, "brain": 2}  # cache, sessions, celery
API_URLS = {
    "coreldove-frontend": {"SALEOR_API_URL": "http://saleor-headless:8000/graphql/"},
    "bizoholic-frontend": {"WAGTAIL_API_URL": "http://wagtail-headless:8000/api/"},
    "dashboard": {"BRAIN_API_URL": "http://brain:8000/"},
    "saleor-admin": {"API_URI": "http://localhost:4003/graphql/"},
    "wagtail-admin": {"API_URI": "http://localhost:4000/api/"},
}
MEASURED: dict[str, int] = {}
"""Idle memory of the PostgreSQL and Redis servers by shape, as each was up."""


@pytest.fixture(scope="module", params=SHAPES)
def example(
    request: pytest.FixtureRequest, daemon: docker.DockerClient, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Example]:
    with brought_up(daemon, tmp_path_factory.mktemp(request.param), "bizosaas", request.param) as found:
        yield found


def servers(example: Example) -> set[str]:
    if example.shape == "unified":
        return {"bizosaas-postgres-unified", "bizosaas-redis-unified"}
    return {f"{app}-postgres" for app in DATABASES} | {f"{app}-redis" for app in NUMBERS}


def bindings(example: Example, container: str) -> list[tuple[str, int, int]]:
    """Address, host port and container port of what a container publishes."""
    bound = example.container(container)["HostConfig"]["PortBindings"] or {}
    return [
        (one["HostIp"], int(one["HostPort"]), int(inside.split("/")[0])) for inside, its in bound.items() for one in its
    ]


def environment(example: Example, app: str) -> dict[str, str]:
    return dict(line.split("=", 1) for line in example.container(SERVICES[app][0])["Config"]["Env"])


def test_the_servers_and_eight_services_are_up_under_the_documents_names(example: Example) -> None:
    assert example.names() == {name for name, *_ in SERVICES.values()} | servers(example)
    states = {name: example.container(name)["State"]["Health"]["Status"] for name in example.names()}
    assert set(states.values()) == {"healthy"}, states


def test_services_have_the_ports_and_addresses_of_the_document_and_servers_none(example: Example) -> None:
    found = {app: bindings(example, name) for app, (name, *_) in SERVICES.items()}
    [(_, port, _)] = found["coreldove-frontend"]
    moved = port - 3003  # by the tests, all alike
    assert {app: [(ip, port - moved, inside) for ip, port, inside in its] for app, its in found.items()} == {
        app: [(address, host, inside)] for app, (_, address, host, inside, _) in SERVICES.items()
    }
    assert {name: bindings(example, name) for name in servers(example)} == {name: [] for name in servers(example)}


def test_only_the_frontends_answer_from_outside(example: Example) -> None:
    ports = {app: bindings(example, name)[0][1] for app, (name, *_) in SERVICES.items()}
    assert all(example.report(app)["app"] == app for app in SERVICES)
    from_outside = reachable(*((outside_address(), port) for port in ports.values()))
    public = {ports[app] for app, (_, address, *_) in SERVICES.items() if address == EVERYWHERE}
    assert {port for _, port in from_outside} == public


def test_tiers_are_internal_but_the_frontend_and_each_service_is_on_its_own_ones(example: Example) -> None:
    told = example.told["networks"]
    tiers = {tier: its["name"] for tier, its in told.items()}
    internal = {tier: example.host.client.networks.get(name).attrs["Internal"] for tier, name in tiers.items()}
    data = {"data"} if example.shape == "unified" else {f"data-{app}" for app in DATABASES}
    assert internal == {**dict.fromkeys({*data, "backend", "admin"}, True), "frontend": False}
    by_name = {name: tier for tier, name in tiers.items()}
    for app, (name, *_, wanted) in SERVICES.items():
        joined = example.container(name)["NetworkSettings"]["Networks"]
        own = "data" if example.shape == "unified" else f"data-{app}"
        assert {by_name[network] for network in joined if network in by_name} == wanted | (
            {own} if app in DATABASES else set()
        )
    for name in servers(example):
        [network] = example.container(name)["NetworkSettings"]["Networks"]
        assert internal[by_name[network]], "a server is on one network, which is internal"


def test_backends_reach_their_database_and_their_number_of_redis(example: Example) -> None:
    for app, number in NUMBERS.items():
        told = example.report(app)
        database = DATABASES[app]
        assert (told["database"]["database"], told["database"]["user"]) == (database, f"{database}_a"), told
        assert told["redis"] == {"ok": True, "db": number, "user": app}
    assert example.ask("directory", "SELECT current_database()") == [("directory_db",)]


def test_vectors_are_there_where_the_document_runs_pgvector_for_them(example: Example) -> None:
    for app in ("brain", "saleor", "directory"):
        assert example.ask(app, "SELECT '[1,2,3]'::vector <-> '[1,2,4]'::vector") == [(1.0,)]


def test_the_admin_is_called_as_in_the_document_and_no_app_is_it(example: Example) -> None:
    for app in DATABASES:
        key = example.server(app)
        assert example.admin(key, "SELECT session_user, usesuper FROM pg_user WHERE usename = session_user") == [
            ("admin", True)
        ]
        others = "SELECT 1 FROM pg_user WHERE usesuper AND usename <> 'admin'"
        assert example.admin(key, others) == []


def test_each_login_enters_its_own_database_and_no_other(example: Example) -> None:
    assert {app: example.entered(app) for app in DATABASES} == {app: {name} for app, name in DATABASES.items()}


def test_redis_asks_for_a_password(example: Example) -> None:
    redis = {key: its for key, its in example.told["servers"].items() if its["kind"] == "redis"}
    assert len(redis) == (1 if example.shape == "unified" else 3)
    for its in redis.values():
        where = {
            "host": its["address"],
            "port": its["port"],
            "ssl": True,
            "ssl_ca_data": example.told["ca"],
            "retry": Retry(NoBackoff(), 0),
        }
        for password in (None, "guessed"):
            with pytest.raises(AuthenticationError), Redis(**where, password=password) as client:
                client.ping()


@pytest.mark.parametrize("app", API_URLS)
def test_frontends_and_admins_have_api_urls_and_never_a_data_url(example: Example, app: str) -> None:
    env = environment(example, app)
    urls = {name: value for name, value in env.items() if name.endswith(("_URL", "_URI", "_FILE"))}
    assert urls == API_URLS[app]
    assert not [mount for mount in example.container(SERVICES[app][0])["Mounts"] if mount["Type"] == "volume"]
    told = example.report(app)
    if app.endswith("-admin"):
        assert told["browser"] == API_URLS[app], "for the browser, not for the container"
    else:
        assert all(answer["ok"] for answer in told["apis"].values()), told


def test_published_data_ports_go_from_five_to_none(example: Example, capsys: pytest.CaptureFixture[str]) -> None:
    today = examine(Wanted(compose=(REPOSITORY / "examples/bizosaas/today.compose.yaml",)))
    published = [one for one in today.found if one.rule == "refuse-published-data-port"]
    assert len(published) == 5, "three of PostgreSQL and two of Redis: the document's list, not its sum of 5 and 2"
    assert example.compared["shapes"][example.shape]["total"]["data_ports"] == 0
    with capsys.disabled():
        print(f"\npublished data ports 5 to 0, {example.shape}: met")


def test_about_two_gigabytes_are_saved_by_limits_and_not_by_idle_memory(
    example: Example, capsys: pytest.CaptureFixture[str]
) -> None:
    shapes = example.compared["shapes"]
    stores = {shape: shapes[shape]["by_kind"] for shape in SHAPES}
    each = stores["unified"]["postgres"]["memory"]
    assert (each, stores["isolated"]["postgres"]["memory"]) == (GIB, 4 * GIB)
    assert 3 * each - each == 2 * GIB, "the document's three PostgreSQL servers with the limit of one here"
    measured = shapes[example.shape]["measured"]
    assert measured["whole"]
    MEASURED[example.shape] = sum(measured["by_kind"][kind] for kind in ("postgres", "redis"))
    if set(MEASURED) == set(SHAPES):
        saved = MEASURED["isolated"] - MEASURED["unified"]
        with capsys.disabled():
            print(f"\nabout 2 GB saved: met by limits (3 to 1: 2 GiB); not met idle: {saved // 2**20} MiB (4 to 1)")
        assert 0 < saved < 2 * GIB


def test_the_figures_in_its_readme_are_those_of_compare(example: Example) -> None:
    readme = (REPOSITORY / "examples/bizosaas/README.md").read_text()
    for shape in SHAPES:
        total: dict[str, Any] = example.compared["shapes"][shape]["total"]
        row = f"| {shape} | {total['containers']} | {total['memory'] / GIB:g} GiB | {total['cpu']:g} |"
        assert f"{row} {total['storage'] // GIB} GiB | {total['data_ports']} |" in readme, row
