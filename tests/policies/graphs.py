"""Every rule over what a program registered, as the pack would judge it under an engine."""

from __future__ import annotations

from collections.abc import Iterator

from pulumi_policy.deserialize import deserialize_properties
from pulumi_policy.proxy import unknown_checking_proxy

from policies.catalogue import all_rules
from policies.rule import Level, ResourceRule, Rule, StackRule, Subject
from tests.components.recording import Graph, Registered


def subject_of(one: Registered) -> Subject:
    """A registration as rules see it."""
    props = unknown_checking_proxy(deserialize_properties(dict(one.inputs)))
    return Subject(one.type, one.name, one.urn, props, one.protect, one.custom)


def faults(graph: Graph, *levels: Level) -> list[str]:
    """What rules of these levels say about a graph; mandatory ones where none is named."""
    return [
        f"{rule.name}: {message}"
        for rule in all_rules()
        if rule.level in (levels or (Level.MANDATORY,))
        for message in _said(rule, graph)
    ]


def _said(rule: Rule, graph: Graph) -> Iterator[str]:
    subjects = [subject_of(one) for one in graph.registered]
    if isinstance(rule, StackRule):
        found = list(rule.findings(subjects, rule.defaults()))
    elif isinstance(rule, ResourceRule):
        found = [finding for one in subjects for finding in rule.findings(one, rule.defaults())]
    yield from (f"{finding.urn.rsplit('::', 1)[-1]}: {finding.message}" for finding in found)
    yield from (f"{one.name}: not known: {one.reader.unknown.props}" for one in subjects if one.reader.unknown)
