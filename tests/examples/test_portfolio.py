"""The portfolio of source 004 on Docker: six stores of five applications, as their document counts them.

What stands in for MongoDB here answers as it does where users and databases are concerned (docs/security.md).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import docker
import psycopg
import pymongo
import pytest
import redis
from pymongo.errors import OperationFailure, PyMongoError

from tests.examples.example import SHAPES, Example, brought_up
from tests.integration.daemon import reachable
from tests.integration.test_services import report

pytestmark = pytest.mark.integration
MEBIBYTE = 1024**2
CORE = 10**9  # NanoCpus
SHARED = {
    "postgresql-bookmarked": "postgres-unified",
    "postgresql-codetalk": "postgres-unified",
    "redis": "redis-unified",
    "mongodb-educationelly": "mongo-unified",
    "mongodb-educationelly-graphql": "mongo-unified",
    "mongodb-intervalai": "mongo-unified",
}
# kind: limit and reservation of memory in MiB, cores, weight of the processors
SIZES = {"postgresql": (512, 256, 0.5, 256), "redis": (256, 128, 0.25, 102), "mongodb": (512, 256, 0.5, 256)}
DATABASES = {"bookmarked": "bookmarked", "codetalk": "codetalk"}
DOCUMENTS = {
    "educationelly": "educationelly",
    "educationelly-graphql": "educationelly_graphql",
    "intervalai": "intervalai",
}
PORTS = {"postgres": 5432, "redis": 6379, "mongo": 27017}


@pytest.fixture(scope="module", params=SHAPES)
def portfolio(
    daemon: docker.DockerClient, tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest
) -> Iterator[Example]:
    with brought_up(daemon, tmp_path_factory.mktemp("portfolio"), "portfolio", request.param) as found:
        yield found


def store(portfolio: Example, name: str) -> str:
    return name if portfolio.shape == "isolated" else SHARED[name]


def documents(portfolio: Example, app: str, **changed: str) -> pymongo.MongoClient[dict[str, Any]]:
    server = f"mongo-{app}" if portfolio.shape == "isolated" else "mongo"
    url = portfolio.url(app, "mongodb_url", server)
    for was, now in changed.items():
        url = url.replace(was, now)
    return pymongo.MongoClient(url, serverSelectionTimeoutMS=5000)


def keys(portfolio: Example) -> redis.Redis:
    server = "redis-codetalk" if portfolio.shape == "isolated" else "redis"
    return redis.Redis.from_url(portfolio.url("codetalk", "redis_url", server))


def test_every_store_and_service_is_there_and_nothing_else(portfolio: Example) -> None:
    services = {f"{app}" for app in (*DATABASES, *DOCUMENTS)}
    assert portfolio.names() == {store(portfolio, name) for name in SHARED} | services


def test_a_store_has_the_limits_requests_and_claim_of_the_document(portfolio: Example) -> None:
    for name in SHARED:
        found = portfolio.container(store(portfolio, name))
        memory, reservation, cores, weight = SIZES[name.partition("-")[0]]
        limits = found["HostConfig"]
        assert limits["Memory"] == memory * MEBIBYTE, name
        assert limits["MemoryReservation"] == reservation * MEBIBYTE, name
        assert limits["NanoCpus"] == cores * CORE, name
        assert limits["CpuShares"] == weight, name
        if portfolio.shape == "isolated":
            volumes = {mount["Name"] for mount in found["Mounts"] if mount["Type"] == "volume"}
            assert f"{portfolio.host.prefix}-{name}-pvc" in volumes


def test_the_stores_add_up_to_what_the_document_says(portfolio: Example) -> None:
    shapes = portfolio.compared["shapes"]
    isolated, unified = (shapes[shape]["stores"] for shape in SHAPES)
    assert isolated["storage"] == 11 * 1024 * MEBIBYTE
    assert isolated["memory"] == 2816 * MEBIBYTE
    assert isolated["cpu"] == 2.75
    assert unified["memory"] == 1280 * MEBIBYTE
    print(
        f"document 11Gi, 2816Mi, 2750m: met; unified {unified['storage'] >> 30}Gi, "
        f"{unified['memory'] // MEBIBYTE}Mi, {unified['cpu'] * 1000:g}m"
    )


def test_an_app_reaches_its_database_as_a_user_with_no_other_rights(portfolio: Example) -> None:
    for app, database in DATABASES.items():
        [(name, user, superuser, creates)] = portfolio.ask(
            app,
            "SELECT current_database(), current_user, rolsuper, rolcreatedb OR rolcreaterole FROM pg_roles "
            "WHERE rolname = current_user",
        )
        assert (name, user, superuser, creates) == (database, f"{database}_a", False, False)
        with portfolio.connect(app) as connection, pytest.raises(psycopg.errors.InsufficientPrivilege):
            connection.execute("CREATE DATABASE other")


def test_an_app_is_refused_the_other_apps_database(portfolio: Example) -> None:
    for app, other in (("bookmarked", "codetalk"), ("codetalk", "bookmarked")):
        login = portfolio.login(app)
        with pytest.raises(psycopg.OperationalError):
            psycopg.connect(**{**login, "dbname": other})
        with pytest.raises(psycopg.OperationalError):
            psycopg.connect(**{**portfolio.login(other), "user": login["user"], "password": login["password"]})


def test_every_service_works_with_its_stores(portfolio: Example) -> None:
    for app in (*DATABASES, *DOCUMENTS):
        networks = portfolio.container(app)["NetworkSettings"]["Networks"]
        told = report(8000, networks[f"{portfolio.host.prefix}-backend-tier"]["IPAddress"])
        for kind, names in (("database", DATABASES), ("documents", DOCUMENTS)):
            if app in names:
                assert told[kind]["ok"], told
                assert (told[kind]["database"], told[kind]["user"]) == (names[app], f"{app}_a")
        assert ("redis" in told) == (app == "codetalk"), told
        assert told.get("redis", {"ok": True})["ok"], told


def test_code_talk_has_keys_of_its_own_and_may_not_manage_the_server(portfolio: Example) -> None:
    with keys(portfolio) as client:
        client.set("codetalk:session", "1")
        assert client.get("codetalk:session") == b"1"
        with pytest.raises(redis.exceptions.NoPermissionError):
            client.flushall()
        with pytest.raises(redis.exceptions.NoPermissionError):
            client.get("other:session")


def test_an_app_keeps_documents_in_its_database_and_is_not_root(portfolio: Example) -> None:
    for app, database in DOCUMENTS.items():
        with documents(portfolio, app) as client:
            its = client.get_default_database()
            assert its.name == database
            its["lessons"].insert_one({"app": app})
            assert its["lessons"].count_documents({"app": app}) == 1
            others = next(name for name in DOCUMENTS.values() if name != database)
            for where, command in (
                (others, {"find": "lessons"}),
                ("admin", "listDatabases"),
                ("admin", "serverStatus"),
            ):
                with pytest.raises(OperationFailure) as caught:
                    client[where].command(command)
                assert caught.value.code == 13, caught.value


def test_the_passwords_of_the_document_open_nothing(portfolio: Example) -> None:
    for app, password in (("bookmarked", "bookmarked_postgres123"), ("codetalk", "codetalk_postgres123")):
        with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
            psycopg.connect(**{**portfolio.login(app), "password": password})
    right = portfolio.told["secrets"]["urls"]["intervalai"]["mongodb_url"].split("://")[1].partition("@")[0]
    with (
        documents(portfolio, "intervalai", **{right: "root:intervalai_mongo123"}) as client,
        pytest.raises(OperationFailure),
    ):
        client.get_default_database()["lessons"].find_one()


def test_a_connection_in_clear_is_refused(portfolio: Example) -> None:
    for app in DATABASES:
        with pytest.raises(psycopg.OperationalError, match="no encryption"):
            psycopg.connect(**{**portfolio.login(app), "sslmode": "disable"})
    server = "mongo-educationelly" if portfolio.shape == "isolated" else "mongo"
    clear = portfolio.url("educationelly", "mongodb_url", server).partition("&tls=")[0]
    with pymongo.MongoClient(clear, serverSelectionTimeoutMS=1500) as client, pytest.raises(PyMongoError):
        client.get_default_database()["lessons"].find_one()


def test_changes_of_tables_and_roles_are_logged(portfolio: Example) -> None:
    for app in DATABASES:
        server = portfolio.server(app)
        assert portfolio.admin(server, "SHOW pgaudit.log") == [("ddl,role",)]
        with portfolio.connect(app, "migrate_url") as connection:
            connection.execute("CREATE TABLE audited (id int)")
        name = portfolio.told["servers"][server]["name"]
        assert "CREATE TABLE audited" in portfolio.host.containers()[name].logs(tail=50).decode()


def test_no_port_of_any_container_is_published(portfolio: Example) -> None:
    for name in portfolio.names():
        ports = portfolio.container(name)["NetworkSettings"]["Ports"] or {}
        assert not [bound for bound in ports.values() if bound], name
    assert not reachable(*(("127.0.0.1", port) for port in PORTS.values()))


def test_a_store_is_reached_by_its_own_app_only(portfolio: Example) -> None:
    if portfolio.shape == "unified":
        networks = {tuple(portfolio.container(name)["NetworkSettings"]["Networks"]) for name in set(SHARED.values())}
        assert networks == {(f"{portfolio.host.prefix}-data-tier",)}
        return
    for app in (*DATABASES, *DOCUMENTS):
        its = {key: (one["address"], one["port"]) for key, one in portfolio.told["servers"].items()}
        own = {place for key, place in its.items() if key.partition("-")[2] == app}
        reached = portfolio.host.reachable_from(f"{portfolio.host.prefix}-{app}-data", *its.values())
        assert set(reached) == own, app
