"""URLs for a program on this host: the ports that `expose` opens, and the authority where this host has it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from psycopg.conninfo import conninfo_to_dict
from sqlalchemy.engine import make_url

from components import drivers
from components.tls.authority import POSTGRES_QUERY
from operate import loopback
from operate.errors import OperateError
from tests.operate.outputs import outputs, stack

CA = Path("/home/a person/ca.crt")
EXTERNAL = {
    "app": "old", "host": "db.example", "hostaddr": None, "port": 6000, "admin": "boss", "sslmode": "verify-full",
    "major": 17, "relay": "t-old-postgres", "outlet": "t-old-postgres-outside", "network": "t-old-data",
    "ca": "/certificates/old.pem",
}  # fmt: skip


def exposed(**changed: Any) -> Any:
    servers = outputs()["servers"]
    servers["postgres"]["expose"] = 15432
    servers["redis"]["expose"] = 16379
    return stack(servers=servers, **changed)


def test_libpq_finds_port_login_and_authority() -> None:
    url = f"postgresql://shop_a:p%40ss@t-postgres:5432/shop_db{POSTGRES_QUERY}"
    found = conninfo_to_dict(loopback.urls({"DATABASE_URL": url}, exposed(), CA)["DATABASE_URL"])
    assert found == {
        "host": "localhost", "port": "15432", "user": "shop_a", "password": "p@ss", "dbname": "shop_db",
        "sslmode": "verify-full", "sslrootcert": str(CA),
    }  # fmt: skip


def test_asyncpg_finds_the_authority_within_its_own_parameter() -> None:
    url = f"postgresql+asyncpg://shop_a:p@t-postgres:5432/shop_db{drivers.query('asyncpg', POSTGRES_QUERY)}"
    found = make_url(loopback.urls({"DATABASE_URL": url}, exposed(), CA)["DATABASE_URL"])
    assert (found.host, found.port) == ("localhost", 15432)
    assert conninfo_to_dict(str(found.query["dsn"])) == {"sslmode": "verify-full", "sslrootcert": str(CA)}


def test_each_url_takes_the_port_of_its_own_server() -> None:
    urls = {"DATABASE_URL": "postgresql://a:b@t-postgres:5432/x", "REDIS_URL": "rediss://a:b@t-redis:6379/0"}
    assert loopback.urls(urls, exposed(), CA) == {
        "DATABASE_URL": "postgresql://a:b@localhost:15432/x",
        "REDIS_URL": "rediss://a:b@localhost:16379/0",
    }


def test_servers_without_a_port_are_named_together() -> None:
    urls = {"A": "postgresql://a:b@t-wiki-postgres:5432/x", "B": "postgresql://a:b@t-postgres-pooler:6432/x"}
    with pytest.raises(OperateError, match=r"leads to t-postgres-pooler, t-wiki-postgres: give it `expose`"):
        loopback.urls(urls, exposed(), CA)


def test_a_server_outside_of_the_stack_keeps_its_address_and_has_its_own_authority() -> None:
    url = "postgresql://a:b@db.example:6000/old?sslmode=verify-full&sslrootcert=/run/secrets/postgres-old.crt"
    here = loopback.urls({"URL": url}, exposed(external_servers={"postgres-old": EXTERNAL}), CA)["URL"]
    assert here == url.replace("/run/secrets/postgres-old.crt", "/certificates/old.pem")
