"""What a program registered, as the pack judges it under an engine; and the graphs of this program in every shape."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import cache
from typing import Any

from pulumi_policy.deserialize import deserialize_properties
from pulumi_policy.proxy import unknown_checking_proxy

from policies.catalogue import all_rules
from policies.reading import Reader
from policies.rule import Level, ResourceRule, Rule, StackRule, Subject
from tests.components.recording import Graph, build_from, short, stack_file
from tests.components.samples import mixed, monitored, outside, small, using

NAMES = (
    "dev",
    "dev isolated",
    "prod",
    "unified",
    "isolated",
    "mixed",
    "exposed",
    "outside",
    "using",
    "monitored",
    "monitored alone",
    "standby",
)


@cache
def own_graph(name: str) -> Graph:
    """The recorded graph of a stack file that comes along, or of a small one in some shape."""
    file, _, shape = name.partition(" ")
    if file in ("dev", "prod"):
        return build_from({**stack_file(file), **({"topology": shape} if shape else {})})
    made = {
        "unified": small,
        "isolated": lambda: small("isolated"),
        "mixed": mixed,
        "exposed": _exposed,
        "outside": outside,
        "using": using,
        "monitored": monitored,
        "monitored alone": lambda: monitored("isolated"),
        "standby": _with_standby,
    }
    return build_from(made[name]())


def subjects(graph: Graph, stack: str = "dev") -> list[Subject]:
    """Fresh subjects of a graph, under the name of a stack."""
    urns = {short(one.urn): one.urn.replace(":test::", f":{stack}::") for one in graph.registered}
    return [
        Subject(
            one.type,
            one.name,
            urns[short(one.urn)],
            unknown_checking_proxy(deserialize_properties(dict(one.inputs))),
            one.protect,
            one.custom,
            urns.get(one.provider, ""),
        )
        for one in graph.registered
    ]


def faults(graph: Graph, *levels: Level, stack: str = "dev") -> list[str]:
    """What rules of these levels say about a graph; mandatory ones where none is named."""
    judged = subjects(graph, stack)  # once: each rule gets readers of its own, what is found out is shared
    return [
        f"{rule.name}: {message}"
        for rule in all_rules()
        if rule.level in (levels or (Level.MANDATORY,))
        for message in _said(rule, [replace(one, reader=Reader()) for one in judged])
    ]


def _said(rule: Rule, judged: Sequence[Subject]) -> Iterator[str]:
    if isinstance(rule, StackRule):
        found = list(rule.findings(judged, rule.defaults()))
    elif isinstance(rule, ResourceRule):
        found = [finding for one in judged for finding in rule.findings(one, rule.defaults())]
    yield from (f"{finding.urn.rsplit('::', 1)[-1]}: {finding.message}" for finding in found)
    yield from (f"{one.name}: not known: {one.reader.unknown.props}" for one in judged if one.reader.unknown)


def _with_standby() -> dict[str, Any]:
    """A server with a standby, behind a pooler."""
    raw = small()
    raw["postgres"] |= {"standbys": 1, "pooler": {"clients": 50}}
    return raw


def _exposed() -> dict[str, Any]:
    """Reached from the host by loopback ports, through forwarders."""
    raw = small()
    raw["postgres"]["expose"], raw["redis"]["expose"] = 15432, 16379
    return raw
