"""The data stores of the stack under test: their addresses, and connections as any of their users.

Reads passwords from the state, as only the stack's owner can; never prints one.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import psycopg
from redis import Redis

_POSTGRES_PORT, _REDIS_PORT = 5432, 6379


@dataclass(frozen=True)
class Login:
    """A user of a store, and what its URL leads to: a database's name or a number."""

    user: str
    password: str
    database: str

    @classmethod
    def of(cls, url: str) -> Login:
        """The parts of a data URL."""
        parts = urlsplit(url)
        return cls(parts.username or "", parts.password or "", parts.path.strip("/"))


@dataclass(frozen=True)
class Stores:
    """Where the stores are, and who may log in: `apps` and `migrations` by app, `redis_users` by app."""

    postgres: tuple[str, int]
    redis: tuple[str, int]
    admin: Login
    redis_admin: Login
    apps: dict[str, Login]
    migrations: dict[str, Login]
    redis_users: dict[str, Login]
    passwords: tuple[str, ...]
    ca: str

    @classmethod
    def of(cls, resources: list[dict[str, Any]], config: dict[str, Any]) -> Stores:
        """The stores of a state with its secrets in plain."""
        by_type: dict[str, list[tuple[str, dict[str, Any]]]] = {}
        for item in resources:
            name = item["urn"].rsplit("::", 1)[-1]
            by_type.setdefault(item["type"], []).append((name, item.get("outputs", {})))
        databases = by_type["data-tier:postgres:AppDatabase"]
        users = by_type["data-tier:redis:RedisUser"]
        [(_, server)] = by_type["data-tier:postgres:PostgresServer"]
        [(_, cache)] = by_type["data-tier:redis:RedisWithDbs"]
        [(_, authority)] = by_type["data-tier:tls:CertificateAuthority"]
        made = by_type["random:index/randomPassword:RandomPassword"]
        return cls(
            postgres=(server["address"], _POSTGRES_PORT),
            redis=(config_address(config, 11), _REDIS_PORT),
            admin=Login(config["data-tier:postgres"]["admin"], server["admin_password"], "postgres"),
            redis_admin=Login("admin", cache["admin_password"], "0"),
            apps={name.removeprefix("postgres-"): Login.of(its["url"]) for name, its in databases},
            migrations={name.removeprefix("postgres-"): Login.of(its["migrate_url"]) for name, its in databases},
            redis_users={
                name.removeprefix("redis-"): Login.of(next(iter(its["urls"].values()))) for name, its in users
            },
            passwords=tuple(sorted(its["result"] for _, its in made)),
            ca=authority["ca"],
        )

    def sql(self, login: Login, database: str = "", password: str = "") -> psycopg.Connection[Any]:
        """A connection to PostgreSQL over TCP from the host, each statement its own transaction."""
        return psycopg.connect(
            host=self.postgres[0],
            port=self.postgres[1],
            user=login.user,
            password=password or login.password,
            dbname=database or login.database,
            connect_timeout=5,
            autocommit=True,
        )

    def keys(self, login: Login, password: str = "") -> Redis:
        """A client of Redis over TCP from the host."""
        return Redis(
            host=self.redis[0],
            port=self.redis[1],
            db=int(login.database),
            username=login.user,
            password=password or login.password,
            socket_connect_timeout=5,
            socket_timeout=5,
            decode_responses=True,
            ssl=True,
            ssl_ca_data=self.ca,
        )


def config_address(config: dict[str, Any], number: int) -> str:
    """A fixed address on the data network: the nth of its subnet."""
    network, _, _ = config["data-tier:network"]["data"]["subnet"].partition("/")
    return f"{network.rsplit('.', 1)[0]}.{number}"
