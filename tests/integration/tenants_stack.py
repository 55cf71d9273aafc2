"""The stack of the tests of row-level security: its apps, their tables with a row of each tenant, who comes and how.

What must hold of it is in test_row_level_security.py.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

import docker
import psycopg

from tests.integration import stackfile
from tests.integration.life import Life

READER = "analytics_ro"
SERVERS = {"shop": "postgres", "wiki": "postgres-wiki"}
STRICT = {"shop": False, "wiki": True}
A, B = "aaaaaaaa-0000-4000-8000-000000000001", "bbbbbbbb-0000-4000-8000-000000000002"
WAYS: Final[tuple[str, ...]] = ("database_direct_url", "database_url")
POOLED: Final = frozenset({"a", "b"})  # migrations and readers come directly; SET ROLE is of a session
MIGRATION = """
    CREATE TABLE orders (id int PRIMARY KEY, tenant_id uuid NOT NULL, item text);
    CREATE TABLE lines (id int, tenant_id uuid NOT NULL, order_id int REFERENCES orders);
    CREATE TABLE days (day date, tenant_id uuid NOT NULL) PARTITION BY RANGE (day);
    CREATE TABLE days_1 PARTITION OF days FOR VALUES FROM ('2026-01-01') TO ('2027-01-01');
    SELECT data_tier.enable_row_level_security('orders'), data_tier.enable_row_level_security('lines'),
           data_tier.enable_row_level_security('days');
    CREATE VIEW owners_view AS SELECT * FROM orders;
    CREATE VIEW invokers_view WITH (security_invoker = true) AS SELECT * FROM orders;
    CREATE VIEW view_of_view WITH (security_invoker = true) AS SELECT * FROM owners_view;
    CREATE FUNCTION as_owner() RETURNS SETOF orders LANGUAGE sql SECURITY DEFINER
        SET search_path = public, pg_temp AS 'SELECT * FROM orders';
    CREATE FUNCTION as_caller() RETURNS SETOF orders LANGUAGE sql AS 'SELECT * FROM orders';
    GRANT EXECUTE ON FUNCTION as_owner(), as_caller() TO analytics_ro;
"""
# the first tenant's item is a number and the second's is none, so that a condition that met it first would fail
FILL = """
    INSERT INTO orders VALUES ({id}, '{tenant}', '{item}');
    INSERT INTO days VALUES ('2026-05-05', '{tenant}');
"""

Connection = psycopg.Connection[Any]


def settings(client: docker.DockerClient, prefix: str) -> dict[str, Any]:
    data, pool = str(*stackfile.free_subnets(client, 1)), str(stackfile.free_pool(client))
    return {
        "data-tier:prefix": prefix,
        "data-tier:images": dict(stackfile.IMAGES),
        "data-tier:network": {"data": {"internal": True, "subnet": data, "apps": pool}},
        "data-tier:postgres": {
            "image": "postgres:17",
            "resources": {"memory": "256Mi", "cpu": 1},
            "connections": 100,
            "pooler": {"pool": 1},
        },
        "data-tier:redis": {"image": "redis:8", "memory": "64Mi", "databases": {"cache": 0}},
        "data-tier:readers": {READER: {}},
        "data-tier:apps": {
            "shop": {"postgres": {"database": "shop", "direct": 10, "readers": [READER], "row_level_security": {}}},
            "wiki": {
                "dedicated": True,
                "postgres": {
                    "database": "wiki",
                    "direct": 10,
                    "readers": [READER],
                    "row_level_security": {"strict": True},
                },
            },
            "blog": {"postgres": {"database": "blog"}},
        },
    }


class Tenants(Life):
    """The stack with the passwords of logins that nobody has been given yet."""

    passwords: dict[str, str]

    def connect(self, app: str, role: str, way: str = WAYS[0]) -> Connection:
        """A connection in one of the roles; the group's is that of a login which has become the group."""
        pooled = way == "database_url" and role in POOLED
        file = "migrate_url" if role == "owner" else "database_url" if pooled else "database_direct_url"
        url = self.url(app, file, SERVERS[app])
        if role == "b":
            url = url.replace(url.split("@")[0], f"postgresql://{app}_b:{self.passwords[app]}")
        if role == "reader":
            given = self.told["secrets"]["reader_urls"][READER][app]
            url = url.replace(url.split("@")[0], given.split("@")[0])
        connection = psycopg.connect(url, autocommit=True, connect_timeout=5)
        if role == "group":
            connection.execute(f"SET ROLE {app}".encode())
        return connection


def as_admin(life: Tenants) -> Connection:
    """The admin, from the host."""
    password = life.told["secrets"]["admin_passwords"]["postgres"]
    url = life.url("shop", "database_direct_url", "postgres").replace("verify-full", "require")
    return psycopg.connect(url, user="admin", password=password, autocommit=True)


def fill(life: Tenants, app: str) -> None:
    with life.connect(app, "owner") as migrate:
        migrate.execute(MIGRATION.encode())
        for number, (tenant, item) in enumerate(((A, "1"), (B, "secret")), start=1):
            with acting(migrate, app, tenant):
                migrate.execute(FILL.format(id=number, tenant=tenant, item=item).encode())


@contextmanager
def acting(connection: Connection, app: str, tenant: str | None) -> Iterator[None]:
    """A transaction of `tenant`, as the app's framework begins it; None forgets to say who it is."""
    with connection.transaction():
        if tenant is not None and STRICT[app]:
            connection.execute("SELECT data_tier.set_tenant(%s::uuid)", [tenant])
        elif tenant is not None:
            connection.execute("SELECT set_config('app.current_tenant_id', %s, true)", [tenant])
        yield


def tenants(connection: Connection, source: str = "orders") -> list[str]:
    """Whose rows there are to see."""
    rows = connection.execute(f"SELECT DISTINCT tenant_id::text FROM {source} ORDER BY 1".encode()).fetchall()
    return [tenant for (tenant,) in rows]
