"""Refuses a custom resource from which an operator would make a store that is reachable from outside the cluster."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, Final

from policies.kubernetes import Entry, objects
from policies.rule import ResourceRule, Settings, Severity, Subject
from policies.scalars import is_on, whole_number

_OPERATORS: Final = re.compile(
    r"postgres|pgcluster|pgbouncer|cnpg|crunchydata|zalan|stackgres|percona|redis|valkey|dragonfly|keydb|mongo|mysql|"
    r"mariadb|memcached|elastic|opensearch|etcd|rabbitmq|kafka|strimzi|clickhouse|cassandra|scylla|k8ssandra|cockroach|"
    r"couchbase|yugabyte|kubedb|kubeblocks"
)
_TYPES: Final = frozenset({"nodeport", "loadbalancer", "ingress", "route"})
_TYPE_KEYS: Final = re.compile(r"(?:^|service|expose|exposure|access)type$")
_SWITCHES: Final = re.compile(r"^enable\w*loadbalancers?$|^hostnetwork$|^hostnetworkaccess$")


def _check(subject: Subject, _: Settings) -> Iterator[str]:
    for one in objects(subject):
        told = _OPERATORS.search(" ".join((one.group, *one.kinds)))
        for entry in one.entries("spec") if one.custom and told else ():
            if _opens(entry.keys[-1].lower(), entry.value, entry):
                yield f"{entry.where}: the operator would make the store reachable from outside the cluster"


def _opens(key: str, value: Any, entry: Entry) -> bool:
    if _TYPE_KEYS.search(key):
        return str(value).strip().lower() in _TYPES
    if _SWITCHES.search(key):
        return is_on(value)
    if key in ("hostport", "nodeport"):
        return (whole_number(value) or 0) > 0
    return key == "externalips" and bool(value) and entry.keys[-1] == "externalIPs"


RULE = ResourceRule(
    name="refuse-public-data-operator",
    description="No custom resource of a data store's operator opens it to the outside.",
    why="The operator makes the Service, so no rule ever sees it.",
    remedy="Leave the operator's Services at ClusterIP",
    severity=Severity.CRITICAL,
    check=_check,
)
