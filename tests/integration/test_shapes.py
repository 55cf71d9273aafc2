"""The isolated shape and the mixed one on real Docker, and how apps come, move, retire and go.

One stack of its own; the tests go through its life in order, each from where the one before has left it.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import Any

import docker
import psycopg
import pytest
import redis

from tests.integration import stackfile
from tests.integration.daemon import outside_address, ran, reachable
from tests.integration.life import Life, lived
from tests.integration.project import Project
from tests.integration.test_services import report

pytestmark = pytest.mark.integration
PREFIX = f"shapes-{os.getpid()}"
POSTGRES, REDIS = 5432, 6379
TLS = "--tls --cacert /run/secrets/ca.crt"


def settings(client: docker.DockerClient) -> dict[str, Any]:
    data, backend = (str(subnet) for subnet in stackfile.free_subnets(client, 2))
    pool = str(stackfile.free_pool(client))
    store = {"tier": "backend", "memory": "64Mi"}
    first = 20_000 + os.getpid() % 1000 * 20  # away from the ports that other runs look for at the same time
    ports = [stackfile.free_port(first + shift, first + shift + 3) for shift in (0, 4, 8, 12, 16)]
    return {
        "data-tier:prefix": PREFIX,
        "data-tier:images": dict(stackfile.IMAGES),
        "data-tier:topology": "isolated",
        "data-tier:network": {
            "data": {"internal": True, "subnet": data, "apps": pool},
            "backend": {"internal": True, "subnet": backend, "publish": "loopback", "ports": f"{first}-{first + 11}"},
        },
        "data-tier:postgres": {"image": "postgres:17", "resources": {"memory": "256Mi", "cpu": 1}, "connections": 60},
        "data-tier:redis": {"image": "redis:8", "memory": "64Mi", "databases": {"cache": 0, "queue": 1}},
        "data-tier:apps": {
            "shop": {
                "postgres": {"database": "shop"},
                "redis": ["queue"],
                "service": {**store, "port": f"{ports[0]}:8000"},
            },
            "blog": {
                "postgres": {"database": "blog", "server": {"expose": ports[3]}},
                "service": {**store, "port": f"{ports[1]}:8000"},
            },
            "feed": {
                "redis": ["cache"],
                "redis_server": {"expose": ports[4]},
                "service": {**store, "port": f"{ports[2]}:8000"},
            },
        },
    }


@pytest.fixture(scope="module")
def life(daemon: docker.DockerClient, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Life]:
    """Three apps on servers of their own, up; purged at the end."""
    with lived(daemon, Project(tmp_path_factory.mktemp("shapes"), settings(daemon)), Life) as found:
        yield found


def port(life: Life, app: str) -> int:
    return int(life.apps[app]["service"]["port"].split(":")[0])


def test_every_isolated_app_reaches_its_own_stores(life: Life) -> None:
    told = report(port(life, "shop"))
    assert told["database"]["ok"], told
    assert told["database"]["user"] == "shop_a"
    assert told["redis"] == {"ok": True, "db": 1, "user": "shop"}
    assert report(port(life, "blog"))["database"]["database"] == "blog"
    assert report(port(life, "feed"))["redis"]["user"] == "feed"


def test_a_server_answers_on_its_apps_network_and_from_nowhere_else(life: Life) -> None:
    servers, networks = life.servers(), life.told["networks"]
    assert set(servers) == {"postgres-shop", "redis-shop", "postgres-blog", "redis-feed"}
    for app in ("shop", "blog", "feed"):
        own = [target for key, target in servers.items() if key.endswith(app)]
        found = life.host.reachable_from(networks[f"data-{app}"]["name"], *servers.values())
        assert sorted(found) == sorted(own), f"from the network of {app}"
    assert life.host.reachable_from(networks["backend"]["name"], *servers.values()) == []
    assert reachable((outside_address(), POSTGRES), (outside_address(), REDIS)) == []


def test_an_exposed_server_is_reached_and_managed_through_loopback_only(life: Life) -> None:
    apps, passwords = life.apps, life.told["secrets"]["admin_passwords"]
    postgres = apps["blog"]["postgres"]["server"]["expose"]
    cache = apps["feed"]["redis_server"]["expose"]
    manager = next(
        item for item in life.project.resources() if item["urn"].endswith("isolated-blog-postgres-server-provider")
    )
    assert (manager["inputs"]["host"], manager["inputs"]["port"]) == ("127.0.0.1", str(postgres))
    with psycopg.connect(
        host="127.0.0.1", port=postgres, user="admin", dbname="postgres", password=passwords["postgres-blog"]
    ) as admin:
        assert admin.execute("SELECT 1").fetchone() == (1,)
    login = {"username": "admin", "password": passwords["redis-feed"]}
    with redis.Redis(port=cache, **login, ssl=True, ssl_ca_data=life.told["ca"]) as client:
        assert client.ping()
    assert reachable((outside_address(), postgres), (outside_address(), cache)) == []


def test_a_second_preview_of_the_isolated_shape_is_empty(life: Life) -> None:
    done = life.project.pulumi("preview", "--expect-no-changes", ok=False)
    assert done.code == 0, done.text


def test_an_app_that_disappears_is_refused_again_and_again(life: Life) -> None:
    apps = life.apps
    life.change(apps={app: its for app, its in apps.items() if app != "blog"})
    wanted = ("1 problem in the stack file; nothing was built", "data-tier:apps.blog", "./operatew purge blog")
    life.refused(["up", "--yes", "--skip-preview"], ["preview"], wanted=wanted)
    life.change(apps=apps)


def test_a_bare_change_of_the_topology_is_refused(life: Life) -> None:
    life.change(topology="unified")
    life.refused(["preview"], wanted=("data-tier:topology = 'unified'", "blog, feed, shop", "./operatew migrate"))
    life.change(topology="isolated")


def test_dedicated_apps_stay_alone_beside_a_shared_server(life: Life) -> None:
    before, apps = life.host.ids(), life.apps
    for its in apps.values():
        its["dedicated"] = True
    apps["wiki"] = {"postgres": {"database": "wiki"}, "redis": ["cache"]}
    apps["notes"] = {"postgres": {"database": "notes"}, "redis": ["cache"]}
    life.change(topology="unified", apps=apps)
    life.up()
    after = life.host.ids()
    assert {name: after.get(name) for name in before} == before, "nobody else is touched"
    assert set(after) - set(before) == {f"{PREFIX}-postgres-unified", f"{PREFIX}-redis-unified"}
    done = life.project.pulumi("preview", "--expect-no-changes", ok=False)
    assert done.code == 0, done.text


def test_a_retired_app_has_no_service_and_no_login_and_keeps_its_data(life: Life) -> None:
    blog, wiki = life.url("blog", "database_url", "postgres-blog"), life.url("wiki", "redis_url", "redis")
    with psycopg.connect(life.url("blog", "migrate_url", "postgres-blog"), autocommit=True) as migrate:
        migrate.execute("CREATE TABLE kept (id int)")
    with redis.Redis.from_url(wiki) as client, redis.Redis.from_url(life.url("notes", "redis_url", "redis")) as other:
        client.set("wiki:page", "kept")
        other.set("notes:page", "kept")
        volumes = set(life.host.volumes())
        life.change(retired=["blog", "wiki"])
        life.up()
        with pytest.raises(redis.RedisError):  # logged in before: its connection is ended
            client.ping()
    with pytest.raises(psycopg.OperationalError, match="not permitted to log in"):
        psycopg.connect(blog, connect_timeout=5)
    with pytest.raises(redis.AuthenticationError):
        redis.Redis.from_url(wiki).ping()
    assert f"{PREFIX}-blog" not in life.host.containers()
    assert {name for name in volumes if name.endswith("-data")} <= set(life.host.volumes())


def test_purging_deletes_what_the_app_had_and_nothing_else(life: Life) -> None:
    notes = life.url("notes", "redis_url", "redis")
    life.change(purging=["blog", "wiki"])
    life.up()
    assert f"{PREFIX}-blog-postgres-data" in life.host.volumes(), "purging by itself deletes nothing"
    life.change(
        apps={app: its for app, its in life.apps.items() if app not in {"blog", "wiki"}}, retired=None, purging=None
    )
    life.up()

    assert not [
        name for name in (*life.host.containers(), *life.host.volumes(), *life.host.networks()) if "-blog" in name
    ]
    assert not [item for item in life.project.resources() if "blog" in item["urn"] or "wiki" in item["urn"]]
    server = life.host.containers()[f"{PREFIX}-postgres-unified"]
    listed = "SELECT datname FROM pg_database UNION SELECT rolname FROM pg_roles"
    names = ran(server, ["psql", "-U", "admin", "-Atc", listed, "postgres"], user="postgres")[1].split()
    assert "notes" in names
    assert not [name for name in names if name.startswith("wiki")]
    with redis.Redis.from_url(notes) as client:
        assert client.get("notes:page") == b"kept"
    ask = f"REDISCLI_AUTH=$(cat /run/secrets/redis_admin) redis-cli {TLS} --no-auth-warning --user admin KEYS '*'"
    keys = ran(life.host.containers()[f"{PREFIX}-redis-unified"], ["sh", "-c", ask])
    assert keys == (0, "notes:page"), "a later app of that name must find nothing"
    done = life.project.pulumi("preview", "--expect-no-changes", ok=False)
    assert done.code == 0, done.text


def test_the_shared_servers_go_with_the_last_of_their_apps(life: Life) -> None:
    life.change(retired=["notes"], purging=["notes"])
    life.up()
    rest = {app: its for app, its in life.apps.items() if app != "notes"}
    life.change(apps=rest, retired=None, purging=None)
    life.up()
    left = [*life.host.containers(ended=True), *life.host.volumes(), *life.host.networks()]
    assert not [name for name in left if "unified" in name or name == f"{PREFIX}-data-tier"]
    assert {f"{PREFIX}-shop-postgres", f"{PREFIX}-feed-redis"} <= set(life.host.containers()), "others stay"
    assert report(port(life, "shop"))["database"]["ok"]
