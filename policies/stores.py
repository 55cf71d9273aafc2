"""What gives a data store away: its ports, image, programs, environment and labels.

Owns the table and pure questions about it. Where the values come from belongs to the callers.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import chain
from typing import Any, Final


@dataclass(frozen=True, kw_only=True)
class Store:
    """One kind of data store: usual ports, its images, programs that serve it.

    `images` are words that tell it anywhere in an image's last part, `exact` last parts that only tell it alone.
    """

    name: str
    ports: frozenset[int]
    images: str
    exact: str
    programs: frozenset[str] = frozenset()


def _store(name: str, ports: Iterable[int], images: str, exact: str, programs: str) -> Store:
    return Store(name=name, ports=frozenset(ports), images=images, exact=exact, programs=frozenset(programs.split()))


STORES: Final = (
    _store(
        "PostgreSQL",
        (5432, 5433, 5434, 26257),
        r"postgres(?!t)|pgvector|pgvecto-rs|postgis|timescaledb|pgroonga|cockroach|yugabyte|orioledb|ivorysql|opengauss|pgedge"
        r"|greenplum|edgedb|paradedb|percona-distribution",
        r"pg|pgsql|psql|citus|\w*db|spilo(?:-\d+)?|patroni|stolon|edb|gpdb|neon|gel|age|timescale(?:db)?(?:-ha)?",
        "postgres postmaster pg_ctl pg_ctlcluster patroni stolon-keeper cockroach yb-tserver pg_autoctl",
    ),
    _store(
        "PostgreSQL pooler",
        (6432,),
        "pgbouncer|pgpool|pgcat|supavisor",
        "odyssey",
        "pgbouncer pgpool pgcat odyssey",
    ),
    _store(
        "Redis",
        (6379, 6380, 16379, 26379),
        "redis|valkey|keydb|dragonflydb|kvrocks|redict",
        "dragonfly|garnet|tile38",
        "redis-server redis-sentinel valkey-server valkey-sentinel keydb-server redict-server dragonfly kvrocks",
    ),
    _store(
        "MongoDB",
        (27017, 27018, 27019),
        "mongo(?!ose)|ferretdb|documentdb",
        "mongo",
        "mongod mongos ferretdb mongod.sh",
    ),
    _store(
        "MySQL",
        (3306, 33060, 6033),
        "mysql(?:db|d|-|:|$)|mariadb|percona-server|percona-xtradb",
        "mysql|percona|tidb|vitess|proxysql|dolt|oceanbase",
        "mysqld mysqld_safe mysqld-debug mysql.server mariadbd mariadbd-safe proxysql tidb-server",
    ),
    _store("Memcached", (11211,), "memcached", "memcached", "memcached"),
    _store(
        "Elasticsearch",
        (9200, 9300),
        "elasticsearch|opensearch(?!-dashboards)",
        "elastic|solr|meilisearch|typesense|crate|manticore",
        "elasticsearch opensearch",
    ),
    _store("etcd", (2379, 2380), "etcd", "etcd", "etcd"),
    _store("RabbitMQ", (5671, 5672, 15672, 25672), "rabbitmq|lavinmq", "nats", "rabbitmq-server lavinmq nats-server"),
    _store(
        "Kafka",
        (9092, 29092),
        "cp-kafka|redpanda|zookeeper|cp-server|confluent-local",
        "kafka",
        "kafka-server-start.sh kafka-server-start redpanda zkserver.sh",
    ),
    _store(
        "ClickHouse",
        (8123, 9000, 9004, 9440),
        "clickhouse",
        "clickhouse",
        "clickhouse clickhouse-server clickhouse-keeper",
    ),
    _store("Cassandra", (9042, 9142, 9160), "cassandra|scylla", "dse-server", "cassandra scylla"),
    _store("SQL Server", (1433, 1434), "mssql|azure-sql-edge|sqlserver", "mssql", "sqlservr"),
    _store("Oracle", (1521,), "oracle-(?:xe|free|database)", "oracle", ""),
    _store("CouchDB", (5984,), "couchdb|couchbase", "couchdb", "couchdb"),
    _store("graphs", (7473, 7474, 7687), "neo4j|memgraph|arangodb|dgraph", "surrealdb", "neo4j memgraph arangod"),
    _store(
        "others", (), "influxdb|questdb|rethinkdb|tarantool|aerospike", "qdrant|weaviate|milvus|hazelcast", "influxd"
    ),
)
DATA_PORTS: Final = frozenset().union(*(store.ports for store in STORES))
PROGRAMS: Final = frozenset().union(*(store.programs for store in STORES))

_TOLD: Final = re.compile("|".join(store.images for store in STORES))
_ALONE: Final = re.compile(rf"(?:{'|'.join(store.exact for store in STORES)})(?:[-_]?v?[0-9][\w.]*)?")
_TOOLS: Final = re.compile(  # beside a store, not one
    r"(?:^|[-_])(?:exporter|commander|insight|express|ui|consumers?|producers?|clients?|migrate|migrations?|backup|local|meta"
    r"|admin|console|rest|dashboards?|connect)$|^redisinsight$"
)
_ENVIRONMENT: Final = (
    "POSTGRES_", "POSTGRESQL_", "PGDATA", "MYSQL_", "MARIADB_", "REDIS_PASSWORD", "VALKEY_", "MONGO_INITDB_",
    "MONGODB_ROOT", "RABBITMQ_DEFAULT", "CLICKHOUSE_", "CASSANDRA_", "ELASTIC_PASSWORD", "ETCD_", "KAFKA_", "COUCHDB_",
    "FERRETDB_", "NEO4J_AUTH",
)  # fmt: skip
_SERVERS_ONLY: Final = re.compile(
    r"PGDATA|PGPORT|\w*_INITDB_\w+|\w*_ROOT_PASSWORD(?:_FILE)?|POSTGRES_HOST_AUTH_METHOD|\w*_ALLOW_EMPTY\w*|RABBITMQ_DEFAULT_\w+"
    r"|KAFKA_(?:ADVERTISED_)?LISTENERS|KAFKA_(?:BROKER|NODE)_ID|ETCD_(?:LISTEN|INITIAL|ADVERTISE)\w+|CASSANDRA_SEEDS|NEO4J_AUTH"
)
_CLIENTS: Final = re.compile(
    r"(?:^|_)(?:HOST|HOSTS|HOSTNAME|URL|URLS|URI|DSN|SERVER|SERVERS|ENDPOINTS?|BROKERS?|ADDR|ADDRESS|POINTS|PORT)(?:_FILE)?$"
)
_HIGHEST: Final = 65535
_DIGITS: Final = 5  # of the highest port


def port_range(port: Any) -> tuple[int, int] | None:
    """First and last port of a number, a text or a range; None for what can't be read as one."""
    match = re.fullmatch(r"([0-9]+)(?:\.0)?(?:-([0-9]+))?(?:/[a-z]+)?", str(port).strip(), flags=re.ASCII)
    if match is None or max(len(part.lstrip("0")) for part in match.groups("")) > _DIGITS:
        return None
    return int(match[1]), int(match[2] or match[1])


def holds_data_port(port: Any) -> bool:
    """Whether a number, a text or a range holds a data port; what can't be read as one might."""
    if port is None:
        return False
    bounds = port_range(port)
    if bounds is None:
        return True
    first, last = bounds
    return any(first <= number <= last for number in DATA_PORTS) or last > _HIGHEST or first > last


def is_store_image(image: Any) -> bool:
    """Whether an image is a data store's by its name; digest and registry don't matter, tools beside a store do."""
    name = last_part(image)
    if not name or _TOOLS.search(name):
        return False
    return bool(_TOLD.search(name) or _ALONE.fullmatch(name))


def kind_of(image: Any) -> str | None:
    """The name of the kind of store that an image is, None for what is none; a word in it goes before a whole name."""
    name = last_part(image)
    if not is_store_image(image):
        return None
    told = (store.name for store in STORES if re.search(store.images, name))
    alone = (store.name for store in STORES if re.fullmatch(rf"(?:{store.exact})(?:[-_]?v?[0-9][\w.]*)?", name))
    return next(chain(told, alone), None)


def is_tool_image(image: Any) -> bool:
    """Whether an image is a tool beside a store by its name: an exporter, a backup, a page to look at the data."""
    name = last_part(image)
    return bool(_TOOLS.search(name) and (_TOLD.search(name) or name == "redisinsight"))


def last_part(image: Any) -> str:
    """`name` of `registry/team/name:tag@digest`, with the team where it names the store: pgvector/x, redis/y."""
    if not isinstance(image, str):
        return ""
    path = re.sub(r":[^/:]*$", "", image.split("@")[0].strip().lower())
    return path.rsplit("/", 1)[-1]


def is_store_variable(name: str) -> bool:
    """Whether an environment entry is one that only a data store's image reads."""
    return bool(_SERVERS_ONLY.fullmatch(name.upper()))


def variables_tell_store(names: Iterable[str]) -> bool:
    """Whether variables are those of a data store: its server's own, or its family's and none of a client's."""
    upper = [name.upper() for name in names]
    if any(is_store_variable(name) for name in upper):
        return True
    return any(name.startswith(_ENVIRONMENT) for name in upper) and not any(_CLIENTS.search(name) for name in upper)
