"""What the platform's document says, as tables, and the clients of its tests: tenants, reader, pooler's console."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import urlsplit

import psycopg

from tests.examples.example import Example

DATABASE = "bizosaas_platform"
CONSUMERS = {
    "brain": 8001,
    "ai-agents": 8008,
    "auth": 8007,
    "wagtail": 8002,
    "saleor": 8000,
    "django-crm": 8003,
    "coreldove": 8005,
    "amazon-sourcing": 8009,
    "business-directory": 8004,
    "quanttrade": 8012,
    "temporal": None,
}
EXTENSIONS = {"plpgsql", "uuid-ossp", "pg_trgm", "vector", "pg_stat_statements", "pgaudit"}
SCHEMAS = {"public", "tenants", "auth", "analytics"}
COLUMNS = {
    "tenants": {
        "id": "uuid",
        "name": "character varying(255)",
        "slug": "character varying(100)",
        "domain": "character varying(255)",
        "status": "character varying(50)",
        "subscription_tier": "character varying(50)",
        "created_at": "timestamp without time zone",
        "updated_at": "timestamp without time zone",
    },
    "users": {
        "id": "uuid",
        "tenant_id": "uuid",
        "email": "character varying(255)",
        "password_hash": "character varying(255)",
        "role": "character varying(50)",
        "is_active": "boolean",
        "created_at": "timestamp without time zone",
    },
    "vector_store": {
        "id": "uuid",
        "tenant_id": "uuid",
        "content": "text",
        "embedding": "vector(384)",
        "metadata": "jsonb",
        "created_at": "timestamp without time zone",
    },
}
INDEXES = {
    "idx_vector_store_embedding": "USING ivfflat (embedding vector_cosine_ops) WITH (lists='100')",
    "idx_campaigns_tenant_id": "ON public.campaigns USING btree (tenant_id)",
    "idx_leads_tenant_created": "ON public.leads USING btree (tenant_id, created_at DESC)",
    "idx_content_search": "ON public.content USING gin (to_tsvector('english'::regconfig, content))",
}
A, B = "aaaaaaaa-0000-4000-8000-000000000001", "bbbbbbbb-0000-4000-8000-000000000002"


def admin(platform: Example, query: str, database: str = DATABASE) -> list[tuple[Any, ...]]:
    """The rows that the superuser gets in the platform's database."""
    return platform.admin(platform.server("platform"), query, database)


def as_tenant(platform: Example, tenant: str, *statements: str) -> list[tuple[Any, ...]]:
    """The rows of the last statement, in one transaction of a tenant through the pooler."""
    with platform.connect("platform") as connection, connection.transaction():
        connection.execute("SELECT data_tier.set_tenant(%s)", [tenant])
        for statement in statements[:-1]:
            connection.execute(statement.encode())
        found = connection.execute(statements[-1].encode())
        return found.fetchall() if found.description else []


def reader(platform: Example, **changed: Any) -> psycopg.Connection[Any]:
    """analytics_ro, by the URL that `operate env` prints for it."""
    told = json.loads(platform.project.operate("env", "platform", "--reader", "analytics_ro", "--json").out)
    parts = urlsplit(next(iter(told.values())))
    ca = platform.project.root / "ca.crt"
    ca.write_text(platform.told["ca"])
    named = [its for kind in ("servers", "poolers") for its in platform.told[kind].values()]
    login = {
        "host": next(its["address"] for its in named if its["name"] == parts.hostname),
        "port": parts.port,
        "user": parts.username,
        "password": parts.password,
        "dbname": parts.path.strip("/"),
        "sslmode": "verify-full",
        "sslrootcert": str(ca),
    }
    return psycopg.connect(**{**login, **changed}, autocommit=True)


def console(platform: Example, command: str) -> list[dict[str, Any]]:
    """What the console of the pooler answers."""
    key = platform.server("platform")
    its, password = platform.told["poolers"][key], platform.told["secrets"]["pooler_consoles"][key]
    where = {"host": its["address"], "port": its["port"], "user": "pgbouncer", "dbname": "pgbouncer"}
    with (
        psycopg.connect(**where, password=password, autocommit=True) as connection,
        psycopg.ClientCursor(connection, row_factory=psycopg.rows.dict_row) as cursor,
    ):
        cursor.execute(command.encode())
        return cursor.fetchall()
