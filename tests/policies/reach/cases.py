"""Containers that publish something, made together with the truth about them.

The truth is what a case was made from: whether data listens in the container, on which port, and what is done to
publish it. No rule is asked for it, and nothing of the rules is used to make it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import hypothesis.strategies as st

LOOPBACK = ("127.0.0.1", "127.8.9.10", "::1", "::ffff:127.0.0.1")
PUBLIC = ("0.0.0.0", "::", "::ffff:0.0.0.0", "0:0:0:0:0:0:0:0", "", None, ...)  # what Docker takes for every address
UNREADABLE = (  # Docker takes these for every address too
    *("0", "127.1", "localhost", "*", "[::]", "[::1]", "0.0.0.0/0", "127.0.0.1/32", "2130706433", "db.example", " "),
    *(" 127.0.0.1", "127.0.0.1 ", "127.000.000.001", "0177.0.0.1", "::1%lo"),
)
ELSEWHERE = ("203.0.113.7", "192.168.1.5", "10.0.0.1", "2001:db8::1", "::ffff:8.8.8.8")
DATA_PORTS = (5432, 6432, 6379, 27017, 3306, 11211, 9200, 2379, 5672, 9092, 8123, 9042)
OTHER_PORTS = (80, 443, 3000, 8000, 8080, 15001, 18080)
IMAGES = (
    *("postgres:17", "pgvector/pgvector:pg16", "bitnami/postgresql:16", "edoburu/pgbouncer:v1.23", "redis:7-alpine"),
    *("valkey/valkey:8", "docker.dragonflydb.io/dragonflydb/dragonfly:v1", "mongo:7", "ghcr.io/ferretdb/ferretdb:2"),
    *("mysql:8", "mariadb:11", "memcached:1", "elasticsearch:8.15.0", "quay.io/coreos/etcd:v3.5", "rabbitmq:4"),
    *("apache/kafka:3.8", "clickhouse/clickhouse-server:24", "cassandra:5", "postgis/postgis:17-3.5"),
)
COMMANDS = (
    *(["postgres", "-p", "8080"], ["redis-server", "--port", "80"], ["valkey-server", "--port=8000"], ["mongod"]),
    *(["sh", "-c", "exec mysqld --port 80"], ["pgbouncer", "/x.ini"], ["memcached", "-p", "80"], ["dragonfly"]),
    *(["socat", "TCP-LISTEN:8080,fork", "TCP:db:5432"], ["sh", "-c", "umask 077; /usr/bin/redis-server /r.conf"]),
)
VARIABLES = ("POSTGRES_PASSWORD_FILE=/run/secrets/x", "PGDATA=/data", "MYSQL_DATABASE=x", "MONGO_INITDB_DATABASE=x")
UNTOLD = "sha256:" + "1" * 64


@dataclass(frozen=True)
class Published:
    """One published port: the address as it is spelled, and the ports."""

    ip: Any
    inside: int
    outside: Any

    def declared(self) -> dict[str, Any]:
        """The port as a program declares it."""
        fields = {"internal": self.inside, "external": self.outside, "ip": self.ip, "protocol": "tcp"}
        return {key: value for key, value in fields.items() if value is not ...}


@dataclass(frozen=True)
class Case:
    """The truth, and how it is declared. `evidence` is how a reader of the container knows that it holds data."""

    listens_on: int
    holds_data: bool
    evidence: str
    detail: Any
    published: tuple[Published, ...]
    network: str
    publish_all: Any

    def declared(self) -> dict[str, Any]:
        """The container's properties: compliant in all that isn't about reach."""
        props: dict[str, Any] = {
            "name": "generated",
            "image": UNTOLD,
            "memory": 64,
            "mustRun": True,
            "restart": "unless-stopped",
            "healthcheck": {"tests": ["CMD", "true"]},
            "volumes": [{"volumeName": "data", "containerPath": "/data"}],
            "ports": [port.declared() for port in self.published],
        }
        told: dict[str, Any] = {
            "image": {"image": self.detail},
            "command": {"command": self.detail},
            "variable": {"envs": [self.detail]},
            "label": {"labels": [{"label": "data-tier.tier", "value": self.detail}]},
        }
        props |= told.get(self.evidence, {})
        if self.publish_all is not ...:
            props["publishAllPorts"] = self.publish_all
        if self.network in ("host", "none", "bridge"):
            props["networkMode"] = self.network
        elif self.network == "host by name":
            props["networksAdvanced"] = [{"name": "host"}]
        else:
            props["networksAdvanced"] = [{"name": self.network}]
        return props


EVIDENCE = {
    "image": st.sampled_from(IMAGES),
    "command": st.sampled_from(COMMANDS),
    "variable": st.sampled_from(VARIABLES),
    "label": st.sampled_from(["data", "Data", " data "]),
}
ADDRESSES = st.sampled_from([*LOOPBACK, *PUBLIC, *UNREADABLE, *ELSEWHERE])
NETWORKS = st.sampled_from(["data-tier", "data-tier", "data-tier", "host", "host by name", "none"])


@st.composite
def cases(draw: st.DrawFn) -> Case:
    """A container with or without data, told in one way or only by its port, published in none to three ways."""
    evidence = draw(st.sampled_from(["nothing", "port", *EVIDENCE]))
    detail = draw(EVIDENCE[evidence]) if evidence in EVIDENCE else None
    listens_on = draw(st.sampled_from(DATA_PORTS if evidence == "port" else OTHER_PORTS))
    outside = st.sampled_from([listens_on, 15001, 8443, ..., None, 0])
    decoy = st.builds(Published, ADDRESSES, st.sampled_from(OTHER_PORTS), st.sampled_from([8081, 4001]))
    real = st.builds(Published, ADDRESSES, st.just(listens_on), outside)
    return Case(
        listens_on=listens_on,
        holds_data=evidence != "nothing",
        evidence=evidence,
        detail=detail,
        published=tuple(draw(st.lists(st.one_of(real, decoy), max_size=3))),
        network=draw(NETWORKS),
        publish_all=draw(st.sampled_from([..., ..., ..., False, None, True])),
    )
