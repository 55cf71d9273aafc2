"""Refuses a container that offers a data port to anybody but this host.

A data port is the usual port of a data store, inside or outside, or any port of a container that is a data store by
label or image. Loopback is allowed. Not seen here: swarm services, and containers started by commands.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

from pulumi_policy import EnforcementLevel, ReportViolation, ResourceValidationArgs, ResourceValidationPolicy

from policies.reading import Reader

CONTAINER: Final = "docker:index/container:Container"
DATA_PORTS: Final = frozenset(
    {
        1433, 1521, 3306, 5432, 5984, 6379, 6380, 6432, 7687, 9042, 9200, 9300, 11211, 16379, 26257, 26379, 27017,
        27018, 27019, 33060,
    }
)  # fmt: skip
_STORES: Final = re.compile(
    r"postgres|pgvector|redis|mongo|(^|[/_.-])(pg|db|postgis|pgsql|timescaledb?|citus|pgbouncer|pgpool|valkey|keydb"
    r"|dragonfly|ferretdb|mysql|mariadb|percona|mssql|oracle|cockroach|cassandra|scylladb|elasticsearch|opensearch"
    r"|couchdb|influxdb|clickhouse|neo4j|memcached)($|[:/_.-]|[0-9])"
)
_NOT_STORES: Final = re.compile(r"[-_](exporter|commander|insight|express)(:[^/]*)?$")  # tools beside a store
_STORES_ENV: Final = ("POSTGRES_", "PGDATA=", "MYSQL_", "MARIADB_", "REDIS_PASSWORD", "MONGO_INITDB_")
_HIGHEST: Final = 65535
_NOT_KNOWN: Final = object()


def _check(args: ResourceValidationArgs, report: ReportViolation) -> None:
    if args.resource_type != CONTAINER:
        return
    reader = Reader()
    for message in _findings(reader, args.props):
        report(message, None)
    reader.finish()


def _findings(reader: Reader, props: Any) -> Iterator[str]:
    """Every way out, then what is behind it: a container without a way out isn't looked at further."""
    open_ports = list(_open_ports(reader, props))
    data_ports = [port for port in open_ports if port.holds_data]
    ways_out = list(_other_ways_out(reader, props))
    store = len(data_ports) < len(open_ports) + len(ways_out) and _is_store(reader, props)
    yield from (str(port) for port in (open_ports if store else data_ports))
    if store:
        yield from ways_out


@dataclass(frozen=True)
class _OpenPort:
    """A port that is published beyond loopback."""

    position: int
    inside: Any
    outside: Any
    ip: Any

    @property
    def holds_data(self) -> bool:
        return _holds_data_port(self.inside) or _holds_data_port(self.outside)

    def __str__(self) -> str:
        where = "every address (no ip)" if self.ip in (None, "") else repr(self.ip)
        inside = int(self.inside) if isinstance(self.inside, float) else self.inside
        return (
            f"ports[{self.position}]: data port {inside} is published on {where}; "
            "remove the port, or publish it on 127.0.0.1"
        )


def _open_ports(reader: Reader, props: Any) -> Iterator[_OpenPort]:
    for position, port in reader.items(props, "ports"):
        ip = reader.get(port, "ip", unknown=_NOT_KNOWN)
        if ip is not _NOT_KNOWN and not _is_loopback(ip):
            yield _OpenPort(position, reader.get(port, "internal"), reader.get(port, "external"), ip)


def _other_ways_out(reader: Reader, props: Any) -> Iterator[str]:
    if reader.get(props, "publishAllPorts") in (True, "true"):
        yield "publishAllPorts publishes every port of a data store on every address: remove it"
    networks = [reader.get(network, "name") for _, network in reader.items(props, "networksAdvanced")]
    if "host" in [reader.get(props, "networkMode"), *networks]:
        yield "a data store in the host's network answers on every address of the host: give it a network of its own"


def _is_store(reader: Reader, props: Any) -> bool:
    """Whether label or image says so. Both count; an image that isn't known yet is told only without a label."""
    tiers = [
        reader.get(label, "value")
        for _, label in reader.items(props, "labels")
        if reader.get(label, "label") == "data-tier.tier"
    ]
    if any(isinstance(tier, str) and tier.strip().lower() == "data" for tier in tiers):
        return True
    if any(isinstance(env, str) and env.startswith(_STORES_ENV) for _, env in reader.items(props, "envs")):
        return True
    image = (Reader() if any(tiers) else reader).get(props, "image")
    name = image.split("@")[0].lower() if isinstance(image, str) else ""
    return bool(_STORES.search(name)) and not _NOT_STORES.search(name)


def _is_loopback(ip: Any) -> bool:
    """Whether only this host reaches `ip`. Names, shorthands and nothing at all don't count."""
    if not isinstance(ip, str):
        return False
    try:
        address = ipaddress.ip_address(ip.strip().removeprefix("[").removesuffix("]"))
    except ValueError:
        return False
    mapped = getattr(address, "ipv4_mapped", None)
    return bool((mapped or address).is_loopback)


def _holds_data_port(port: Any) -> bool:
    """Whether a number, a text or a range holds a data port; what can't be read as one might."""
    if port is None:
        return False
    match = re.fullmatch(r"([0-9]+)(?:\.0)?(?:-([0-9]+))?(?:/[a-z]+)?", str(port).strip())
    if match is None:
        return True
    first, last = int(match[1]), int(match[2] or match[1])
    return any(first <= number <= last for number in DATA_PORTS) or last > _HIGHEST


refuse_published_data_port = ResourceValidationPolicy(
    name="refuse-published-data-port",
    description="Data ports are reachable from this host and its networks only.",
    validate=_check,
    enforcement_level=EnforcementLevel.MANDATORY,
)
