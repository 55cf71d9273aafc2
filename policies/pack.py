"""Rules as the SDK's policies: levels, severities, settings, exceptions, and what isn't known yet.

Owns what every rule has in common under an engine. What a rule looks at belongs to its own file.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import wraps
from types import SimpleNamespace
from typing import Any, Final

import pulumi_policy
import pulumi_policy.policy as sdk
from google.protobuf import json_format
from pulumi_policy import (
    PolicyConfigSchema,
    ReportViolation,
    ResourceValidationArgs,
    ResourceValidationPolicy,
    StackValidationArgs,
    StackValidationPolicy,
)
from pulumi_policy.deserialize import deserialize_properties
from pulumi_policy.proxy import unknown_checking_proxy

from policies.exceptions import judged
from policies.rule import EXCEPTIONS, ResourceRule, Rule, Settings, StackRule, Subject

DOCS: Final = "docs/policies.md"


def policies(rules: Iterable[Rule]) -> list[pulumi_policy.Policy]:
    """The SDK's policy for each rule."""
    made = _Policies()
    for rule in rules:
        if isinstance(rule, ResourceRule):
            made.add(_resource_policy(rule), rule.types)
        elif isinstance(rule, StackRule):
            made.add(_stack_policy(rule), frozenset())
    return made


class _Memory(threading.local):
    """What belongs to the request that this thread answers: the resource's type, and what was made of which object.

    Both None between requests; the type also while the whole stack is judged.
    """

    type: str | None = None
    made: dict[tuple[object, ...], tuple[tuple[Any, ...], Any]] | None = None


_memory: Final = _Memory()


class _Policies(list[pulumi_policy.Policy]):
    """All policies; while one resource is judged, only those that look at its type: most look at few types."""

    def __init__(self) -> None:
        super().__init__()
        self._types: list[frozenset[str]] = []
        self._of_type: dict[str, list[pulumi_policy.Policy]] = {}

    def add(self, policy: pulumi_policy.Policy, types: frozenset[str]) -> None:
        """Add a policy for some types, or for all where there are none."""
        self.append(policy)
        self._types.append(types)

    def __iter__(self) -> Iterator[pulumi_policy.Policy]:
        kind = _memory.type
        if kind is None:
            return super().__iter__()
        found = self._of_type.get(kind)
        if found is None:
            pairs = zip(super().__iter__(), self._types, strict=True)
            found = self._of_type[kind] = [policy for policy, types in pairs if not types or kind in types]
        return iter(found)


def settings_of(rule: Rule, configured: Mapping[str, Any] | None) -> Settings:
    """What is configured over the rule's defaults; whole numbers are whole again, the protocol has floats only."""
    return {**rule.defaults(), "exceptions": [], **{key: _whole(value) for key, value in (configured or {}).items()}}


def _whole(value: Any) -> Any:
    if isinstance(value, float) and value.is_integer():
        return int(value)
    if isinstance(value, list):
        return [_whole(item) for item in value]
    return {key: _whole(item) for key, item in value.items()} if isinstance(value, dict) else value


def _resource_policy(rule: ResourceRule) -> pulumi_policy.Policy:
    def validate(args: ResourceValidationArgs, report: ReportViolation) -> None:
        protect = bool(args.opts and args.opts.protect)
        custom = args.provider is not None
        subject = Subject(
            args.resource_type, args.name, args.urn, args.props, protect, custom, facts=_facts(args.props)
        )
        settings = settings_of(rule, args.get_config())
        for finding in judged(rule.findings(subject, settings), [subject], settings):
            report(rule.told(finding), None)
        subject.reader.finish()

    return ResourceValidationPolicy(validate=validate, **_metadata(rule))


def _stack_policy(rule: StackRule) -> pulumi_policy.Policy:
    def validate(args: StackValidationArgs, report: ReportViolation) -> None:
        subjects = [
            Subject(
                one.resource_type,
                one.name,
                one.urn,
                one.props,
                bool(one.opts and one.opts.protect),
                one.provider is not None,
                one.provider.urn if one.provider else "",
                facts=_facts(one.props),
            )
            for one in args.resources
        ]
        settings = settings_of(rule, args.get_config())
        for finding in judged(rule.findings(subjects, settings), subjects, settings):
            report(rule.told(finding), finding.urn or None)
        for subject in subjects:
            subject.reader.finish()

    return StackValidationPolicy(validate=validate, **_metadata(rule))


def _metadata(rule: Rule) -> dict[str, Any]:
    properties = {**rule.settings, "exceptions": EXCEPTIONS}
    return {
        "name": rule.name,
        "description": rule.description,
        "enforcement_level": pulumi_policy.EnforcementLevel(rule.level_today().value),
        "severity": pulumi_policy.Severity(rule.severity.value),
        "remediation_steps": rule.remedy,
        "config_schema": PolicyConfigSchema({key: dict(schema) for key, schema in properties.items()}),
        "url": f"{DOCS}#{rule.name}",
    }


def once_per_request() -> None:
    """Let the SDK turn a request into properties once, not once for every rule: its cost grows with the rules.

    The SDK calls these functions anew for each policy, and nothing that they return is ever written to. What is
    remembered belongs to the thread that answers and is gone with its answer.
    """
    _replace(sdk, "deserialize_properties", _remembering(deserialize_properties))
    _replace(sdk, "unknown_checking_proxy", _remembering(unknown_checking_proxy))
    _replace(sdk, "json_format", SimpleNamespace(MessageToDict=_remembering(json_format.MessageToDict)))
    servicer = sdk._PolicyAnalyzerServicer
    for method in ("_get_resource_options", "_get_provider_resource"):
        _replace(servicer, method, _remembering(getattr(servicer, method)))
    for method in ("Analyze", "AnalyzeStack"):
        _replace(servicer, method, _within(getattr(servicer, method)))


def _replace(owner: object, name: str, new: object) -> None:
    """Give the SDK another function. Raises AttributeError where a later SDK has none of that name."""
    getattr(owner, name)
    setattr(owner, name, new)


def _within(answer: Callable[[Any, Any, Any], Any]) -> Callable[[Any, Any, Any], Any]:
    """The same method, with a memory of its own for each request."""

    def answering(servicer: Any, request: Any, context: Any) -> Any:
        _memory.made, _memory.type = {}, getattr(request, "type", None)
        try:
            return answer(servicer, request, context)
        finally:
            _memory.made = _memory.type = None

    return answering


def _remembering(function: Callable[..., Any]) -> Callable[..., Any]:
    """The same function, called once for the same objects; they are kept, so that an id stays its object's own."""

    @wraps(function)
    def remembered(*arguments: Any) -> Any:
        made = _memory.made
        if made is None:
            return function(*arguments)
        key = (function, *map(id, arguments))
        known = made.get(key)
        if known is None:
            known = made[key] = (arguments, function(*arguments))
        return known[1]

    return remembered


@_remembering
def _facts(_: Mapping[str, Any]) -> dict[str, Any]:
    """What rules have found out about these properties, for the rest of the request."""
    return {}
