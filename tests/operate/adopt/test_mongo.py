"""MongoDB servers adopted from compose files: whose each database is, and what is told about the rest."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from components.config import parse
from operate.errors import OperateError
from tests.operate.adopt.adopted import reasons, text, written

PORT = "    ports: ['4000:80']\n"
SERVER = "  db:\n    image: mongo:7\n"


def app(name: str, url: str, more: str = "") -> str:
    return f"  {name}:\n    image: example/{name}:1\n    environment: {{MONGODB_URI: '{url}'}}\n{more}"


@pytest.mark.parametrize(
    ("url", "database"),
    [
        ("mongodb://db:27017/shop", "shop"),
        ("mongodb://root:x@db/shop?authSource=admin", "shop"),
        ("mongodb://root:x@db:27017,other:27017/Shop-1?replicaSet=rs0", "Shop-1"),
        ("mongodb+srv://root:x@db/shop", "shop"),
        ("mongodb://root:x@db:27017/admin", "test"),
        ("mongodb://db", "test"),
        ("mongodb://db/?appName=shop", "test"),
    ],
)
def test_the_database_is_the_one_that_the_url_names_and_else_what_drivers_take(tmp_path: Path, url, database):
    made = written(tmp_path, f"services:\n{SERVER}{app('web', url)}")
    assert made.apps["web"]["mongo"] == {"database": database}
    assert made.connecting["web"] == ["MONGODB_URI"]
    assert made.problems == ()
    told = reasons(made, "db").get("database", "")
    assert ("nothing names a database" in told) == (database == "test")


def test_a_database_is_found_by_host_and_name_in_variables_and_by_the_servers_own(tmp_path: Path):
    made = written(
        tmp_path,
        "services:\n  db:\n    image: mongo:7\n    environment: {MONGO_INITDB_DATABASE: main}\n"
        "  web: {image: 'w:1', environment: {MONGO_HOST: db, MONGO_PORT: '27017', MONGO_DB: docs, MONGO_USER: root}}\n"
        "  api: {image: 'a:1', environment: {MONGO_SERVER: 'db:27017'}}\n",
    )
    assert made.apps["web"]["mongo"] == {"database": "docs"}
    assert made.apps["api"]["mongo"] == {"database": "main"}
    assert made.connecting["web"] == ["MONGO_DB", "MONGO_HOST", "MONGO_PORT", "MONGO_USER"]


def test_two_services_of_one_database_are_one_app_and_one_to_decide(tmp_path: Path):
    url = "mongodb://db/shop"
    made = written(tmp_path, f"services:\n{SERVER}{app('worker', url)}{app('shop', url, PORT)}")
    assert list(made.apps) == ["shop"]
    [(name, section, why)] = made.beside
    assert (name, "mongo" in section) == ("worker", False)
    assert "uses the database of shop" in why


def test_an_app_with_a_postgres_database_stays_one_when_its_documents_are_anothers(tmp_path: Path):
    url = "mongodb://db/shop"
    both = "  sql: {image: 'postgres:17'}\n  worker: {image: 'w:1', environment: "
    both += f"{{DATABASE_URL: 'postgres://u@sql/jobs', MONGODB_URI: '{url}'}}}}\n"
    made = written(tmp_path, f"services:\n{SERVER}{both}{app('shop', url, PORT)}")
    assert made.apps["worker"]["postgres"] == {"database": "jobs"}
    assert "mongo" not in made.apps["worker"]
    assert made.apps["shop"]["mongo"] == {"database": "shop"}
    assert "an app has one database, and it uses shop of db too" in reasons(made, "worker")["environment"]


def test_documents_of_a_service_that_is_no_app_are_kept_by_an_app_without_a_service(tmp_path: Path):
    sql = "  sql: {image: 'postgres:17'}\n  web: {image: 'w:1', ports: ['4000:80'], "
    sql += "environment: {DATABASE_URL: 'postgres://u@sql/jobs'}}\n"
    worker = "  worker: {image: 'w:1', environment: {DATABASE_URL: 'postgres://u@sql/jobs', MONGO_URL: 'mongodb://db/log'}}\n"
    made = written(tmp_path, f"services:\n{SERVER}{sql}{worker}")
    assert made.apps == {
        "web": {"postgres": {"database": "jobs"}, "service": made.apps["web"]["service"]},
        "log": {"mongo": {"database": "log"}},
    }


def test_databases_of_init_scripts_and_lists_are_declared_and_scripts_are_told(tmp_path: Path):
    (tmp_path / "init.js").write_text("db.getSiblingDB('audit').createCollection('x')\nuse reports\n")
    made = written(
        tmp_path,
        "services:\n  db:\n    image: bitnami/mongodb:7.0\n"
        "    environment: {MONGODB_ROOT_USER: boss, MONGODB_EXTRA_DATABASES: 'one,two'}\n"
        "    volumes: ['./init.js:/docker-entrypoint-initdb.d/init.js']\n"
        f"{app('web', 'mongodb://db/one')}",
    )
    assert {name: its["mongo"]["database"] for name, its in made.apps.items()} == {
        name: name if name != "web" else "one" for name in ("web", "two", "audit", "reports")
    }
    assert made.config["data-tier:mongo"]["image"] == "mongo:7"
    assert made.config["data-tier:mongo"]["admin"] == "boss"
    assert {"image", "/docker-entrypoint-initdb.d/init.js"} <= set(reasons(made, "db"))


def test_several_servers_become_one_and_own_ones_keep_what_they_had(tmp_path: Path):
    source = (
        "services:\n"
        "  one: {image: 'mongo:6', container_name: documents, mem_limit: 2g, cpus: 2}\n"
        "  two: {image: 'mongo:7', mem_limit: 1g}\n"
        f"{app('web', 'mongodb://one/shop')}{app('api', 'mongodb://two/SHOP')}"
    )
    unified = written(tmp_path, source)
    assert unified.config["data-tier:mongo"] == {"image": "mongo:7", "resources": {"memory": "3Gi", "cpu": 4}}
    assert [its["mongo"]["database"] for its in unified.apps.values()] == ["shop", "SHOP_2"], "case doesn't count"
    assert "mongo:6 and mongo:7 become one version" in reasons(unified, "one")["image"]
    isolated = written(tmp_path, source, "isolated")
    assert isolated.config["data-tier:mongo"]["resources"] == {"memory": "2Gi", "cpu": 2}
    assert isolated.apps["web"]["mongo"] == {"database": "shop", "server": {"name": "documents"}}
    assert isolated.apps["api"]["mongo"] == {"database": "SHOP", "server": {"resources": {"memory": "1Gi"}}}
    for made in (unified, isolated):
        own = yaml.safe_load(text(made))["config"]
        assert parse({key.removeprefix("data-tier:"): value for key, value in own.items()}).mongo is not None


def test_replica_sets_and_other_options_are_told(tmp_path: Path):
    server = (
        "  db: {image: 'mongo:4.2', command: mongod --replSet rs0 --wiredTigerCacheSizeGB=1 --oplogSize 128 --auth}\n"
    )
    made = written(tmp_path, f"services:\n{server}{app('web', 'mongodb://db/shop')}")
    told = reasons(made, "db")
    assert "no replica set" in told["command: replSet"]
    assert {"command: wiredTigerCacheSizeGB", "command: oplogSize"} <= set(told)
    assert "command: auth" not in told
    assert told["image"] == "version 4 is older than 5, the oldest that is built"
    assert made.config["data-tier:mongo"]["image"] == "mongo:7"


def test_a_name_without_a_value_ends_it_and_another_store_of_the_protocol_stays_outside(tmp_path: Path):
    with pytest.raises(OperateError, match="NAME"):
        written(tmp_path, f"services:\n{SERVER}{app('web', 'mongodb://db/${NAME}')}")
    made = written(
        tmp_path, f"services:\n  db: {{image: 'ghcr.io/ferretdb/ferretdb:2'}}\n{app('web', 'mongodb://db/x')}"
    )
    assert "data-tier:mongo" not in made.config
    assert "mongo" not in made.apps["web"]
    assert "db" in {one.service for one in made.left}
