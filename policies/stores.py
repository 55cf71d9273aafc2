"""What gives a data store away: its ports, image, programs, environment and labels.

Owns the table and pure questions about it. Where the values come from belongs to the callers.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final


@dataclass(frozen=True, kw_only=True)
class Store:
    """One kind of data store: usual ports, words in its images' names, programs that serve it."""

    name: str
    ports: frozenset[int]
    images: str
    programs: frozenset[str] = frozenset()


def _store(name: str, ports: Iterable[int], images: str, programs: str) -> Store:
    return Store(name=name, ports=frozenset(ports), images=images, programs=frozenset(programs.split()))


STORES: Final = (
    _store(
        "PostgreSQL",
        (5432, 5433, 5434, 26257),
        r"pg|pgsql|postgis|timescale(?:db)?(?:-ha)?|citus|db|cockroach(?:db)?|yugabyte(?:db)?|spilo(?:-\d+)?|patroni|stolon"
        r"|paradedb|edb|greenplum|gpdb|neon|edgedb|gel|percona-distribution",
        "postgres postmaster pg_ctl pg_ctlcluster patroni stolon-keeper cockroach yb-tserver pg_autoctl",
    ),
    _store(
        "PostgreSQL pooler",
        (6432, 9999),
        r"pgbouncer|pgpool(?:-ii|2)?|pgcat|odyssey|supavisor",
        "pgbouncer pgpool pgcat odyssey",
    ),
    _store(
        "Redis",
        (6379, 6380, 16379, 26379),
        r"valkey|keydb|dragonfly(?:db)?|garnet|kvrocks",
        "redis-server redis-sentinel valkey-server valkey-sentinel keydb-server dragonfly kvrocks",
    ),
    _store("MongoDB", (27017, 27018, 27019), r"ferretdb|percona-server-mongodb|documentdb", "mongod mongos ferretdb"),
    _store(
        "MySQL",
        (3306, 33060, 33061, 6033),
        r"mysql(?:-server)?|mariadb|percona(?:-server)?|percona-xtradb-cluster|tidb|vitess|proxysql",
        "mysqld mysqld_safe mariadbd mariadbd-safe proxysql tidb-server",
    ),
    _store("Memcached", (11211,), "memcached", "memcached"),
    _store(
        "Elasticsearch",
        (9200, 9300),
        r"elasticsearch(?:-oss)?|opensearch|elastic|solr|meilisearch|typesense",
        "elasticsearch opensearch",
    ),
    _store("etcd", (2379, 2380), "etcd", "etcd"),
    _store("RabbitMQ", (5671, 5672, 15672, 25672), "rabbitmq(?:-server)?", "rabbitmq-server"),
    _store(
        "Kafka",
        (9092, 9093, 9094, 29092, 2181),
        r"(?:cp-)?kafka|redpanda|zookeeper|cp-server",
        "kafka-server-start.sh kafka-server-start redpanda zkserver.sh",
    ),
    _store(
        "ClickHouse",
        (8123, 9000, 9004, 9005, 9009, 9440),
        r"clickhouse(?:-server|-keeper)?",
        "clickhouse clickhouse-server",
    ),
    _store("Cassandra", (9042, 9142, 9160), r"cassandra|scylla(?:db)?|dse-server", "cassandra scylla"),
    _store("SQL Server", (1433, 1434), r"mssql(?:-server)?|azure-sql-edge|sqlserver", "sqlservr"),
    _store("Oracle", (1521,), r"oracle|oracle-(?:xe|free|database)", ""),
    _store("CouchDB", (5984,), "couchdb|couchbase(?:-server)?", "couchdb"),
    _store("Neo4j", (7473, 7474, 7687), "neo4j|memgraph|arangodb", "neo4j memgraph arangod"),
    _store("InfluxDB", (8086,), "influxdb|questdb|victoria-metrics", "influxd"),
)
DATA_PORTS: Final = frozenset().union(*(store.ports for store in STORES))
PROGRAMS: Final = frozenset().union(*(store.programs for store in STORES))

_WORDS: Final = "|".join(store.images for store in STORES)
_IMAGES: Final = re.compile(rf"postgres|pgvector|redis|mongo|(?:^|[/_.-])(?:{_WORDS})(?:$|[:/_.-]|[0-9])")
_TOOLS: Final = re.compile(r"[-_](?:exporter|commander|insight|express)(?::[^/]*)?$")  # beside a store, not one
_ENVIRONMENT: Final = (
    "POSTGRES_", "POSTGRESQL_", "PGDATA=", "MYSQL_", "MARIADB_", "REDIS_PASSWORD", "VALKEY_", "MONGO_INITDB_",
    "MONGODB_ROOT", "RABBITMQ_DEFAULT", "CLICKHOUSE_", "CASSANDRA_", "ELASTIC_PASSWORD", "ETCD_", "KAFKA_", "COUCHDB_",
    "FERRETDB_", "NEO4J_AUTH",
)  # fmt: skip
_RELAYS: Final = frozenset(
    {"socat", "haproxy", "ncat", "nc", "netcat", "rinetd", "simpleproxy", "gost", "ssh", "stunnel"}
)
_HIGHEST: Final = 65535


def holds_data_port(port: Any) -> bool:
    """Whether a number, a text or a range holds a data port; what can't be read as one might."""
    if port is None:
        return False
    match = re.fullmatch(r"([0-9]+)(?:\.0)?(?:-([0-9]+))?(?:/[a-z]+)?", str(port).strip(), flags=re.ASCII)
    if match is None:
        return True
    first, last = int(match[1]), int(match[2] or match[1])
    return any(first <= number <= last for number in DATA_PORTS) or last > _HIGHEST or first > last


def is_store_image(image: Any) -> bool:
    """Whether an image is a data store's by its name; digest and registry don't matter, tools beside a store do."""
    name = image.split("@")[0].lower() if isinstance(image, str) else ""
    return bool(_IMAGES.search(name)) and not _TOOLS.search(name)


def is_store_variable(name: str) -> bool:
    """Whether an environment entry (`NAME=value` or a name) is one that a data store's image reads."""
    return name.upper().startswith(_ENVIRONMENT) or f"{name.upper()}=".startswith("PGDATA=")


def serves_data(words: Sequence[str]) -> bool:
    """Whether a command starts a data store, or relays to one: by its programs and the ports that it names."""
    programs = {part.rsplit("/", 1)[-1].lower() for word in words for part in _pieces(word)}
    if programs & PROGRAMS:
        return True
    return bool(programs & _RELAYS) and any(
        int(number) in DATA_PORTS for word in words for number in re.findall(r"[:\s]([0-9]{2,5})\b", f" {word}")
    )


def _pieces(word: str) -> list[str]:
    """The words of one argument: a shell's script is one argument with many."""
    return re.split(r"[\s;&|()'\"`=]+", word)
