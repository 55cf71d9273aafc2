"""Properties of any shape: a provider refuses most of them, but a rule that breaks on one lets the others through."""

from __future__ import annotations

import copy
import random
from typing import Any

from pulumi_policy.proxy import UNKNOWN_STRING_VALUE

from policies.catalogue import all_rules
from policies.containers import CONTAINER, SERVICE
from policies.networks import NETWORK
from policies.rule import ResourceRule, StackRule
from tests.policies.docker_models import APP, STORE, SWARM
from tests.policies.judging import findings_so_far, subject
from tests.policies.kubernetes_models import POLICY, STORE_POD, STORE_SERVICE, declared, with_port, with_spec

ROUNDS = 200
RULES = all_rules()
ODD: list[Any] = [
    *(None, "", 0, 1.5, True, "x", [], {}, [None], {"a": None}, [[{}]], {"": ""}),
    *(UNKNOWN_STRING_VALUE, [UNKNOWN_STRING_VALUE], {"metadata": {"labels": [1]}}),
]
PEER = {"podSelector": {"matchLabels": {"a": "b"}}, "ipBlock": {"cidr": "0.0.0.0/0"}}
RULES_OF_POLICY = [{"from": [PEER], "ports": [{"port": 5432, "endPort": 6000}]}]
SHAPES: list[tuple[str, dict[str, Any]]] = [
    ("kubernetes:core/v1:Service", with_spec(STORE_SERVICE, type="NodePort", externalIPs=["203.0.113.7"])),
    ("kubernetes:core/v1:ServiceList", {"items": [STORE_SERVICE]}),
    *declared(with_port(STORE_POD, hostPort=5432))[:4],
    (POLICY, {"metadata": {"name": "postgres"}, "spec": {"podSelector": {}, "ingress": RULES_OF_POLICY}}),
    ("kubernetes:gateway.networking.k8s.io/v1:TCPRoute", {"spec": {"rules": [{"backendRefs": [{"port": 5432}]}]}}),
    ("kubernetes:core/v1:ConfigMap", {"data": {"5432": "data/postgres:5432"}}),
    ("kubernetes:acid.zalan.do/v1:postgresql", {"spec": {"enableMasterLoadBalancer": True}}),
    (CONTAINER, STORE),
    (CONTAINER, APP),
    (SERVICE, SWARM),
    (NETWORK, {"name": "data-tier", "labels": STORE["labels"], "options": {"x": "y"}}),
    ("docker:index/volume:Volume", {"name": "db-data", "labels": STORE["labels"]}),
    ("postgresql:index/role:Role", {"name": "a", "roles": ["b"]}),
    ("postgresql:index/database:Database", {"name": "a", "owner": "b"}),
    ("postgresql:index/grant:Grant", {"database": "a", "role": "b", "privileges": ["SELECT"]}),
    ("pulumi:pulumi:Stack", {"apps": {"a": {"purging": True}}}),
]


def odd(value: Any, chance: random.Random) -> Any:
    """The value with a tenth of its parts turned into something else."""
    if chance.random() < 0.1:
        return copy.deepcopy(chance.choice(ODD))
    if isinstance(value, dict):
        return {key: odd(one, chance) for key, one in value.items()}
    return [odd(one, chance) for one in value] if isinstance(value, list) else value


def test_no_rule_breaks_on_a_value_of_the_wrong_shape():
    chance = random.Random(5)  # noqa: S311  no secret
    for _ in range(ROUNDS):
        props = [(kind, {key: odd(value, chance) for key, value in shape.items()}) for kind, shape in SHAPES]
        subjects = [subject(kind, one, name=f"r{at}") for at, (kind, one) in enumerate(props)]
        for rule in RULES:
            if isinstance(rule, StackRule):
                list(rule.findings(subjects, rule.defaults()))
            elif isinstance(rule, ResourceRule):
                for one in subjects:
                    findings_so_far(rule, one)
