"""Rules as the SDK's policies: levels, severities, settings, exceptions, and what isn't known yet.

Owns what every rule has in common under an engine. What a rule looks at belongs to its own file.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Mapping
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
    made = []
    for rule in rules:
        if isinstance(rule, ResourceRule):
            made.append(_resource_policy(rule))
        elif isinstance(rule, StackRule):
            made.append(_stack_policy(rule))
    return made


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
        configured = args.get_config()
        if rule.types and args.resource_type not in rule.types and not configured.get("exceptions"):
            return  # most rules of most resources
        protect = bool(args.opts and args.opts.protect)
        subject = Subject(args.resource_type, args.name, args.urn, args.props, protect, args.provider is not None)
        settings = settings_of(rule, configured)
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
        "enforcement_level": pulumi_policy.EnforcementLevel(rule.level.value),
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
    memory = _Memory()
    _replace(sdk, "deserialize_properties", _remembering(memory, deserialize_properties))
    _replace(sdk, "unknown_checking_proxy", _remembering(memory, unknown_checking_proxy))
    _replace(sdk, "json_format", SimpleNamespace(MessageToDict=_remembering(memory, json_format.MessageToDict)))
    servicer = sdk._PolicyAnalyzerServicer
    for method in ("_get_resource_options", "_get_provider_resource"):
        _replace(servicer, method, _remembering(memory, getattr(servicer, method)))
    for method in ("Analyze", "AnalyzeStack"):
        _replace(servicer, method, _within(memory, getattr(servicer, method)))


def _replace(owner: object, name: str, new: object) -> None:
    """Give the SDK another function. Raises AttributeError where a later SDK has none of that name."""
    getattr(owner, name)
    setattr(owner, name, new)


class _Memory(threading.local):
    """What was made of which object while this thread answers one request; None between requests."""

    made: dict[tuple[object, ...], tuple[tuple[Any, ...], Any]] | None = None


def _within(memory: _Memory, answer: Callable[[Any, Any, Any], Any]) -> Callable[[Any, Any, Any], Any]:
    """The same method, with a memory of its own for each request."""

    def answering(servicer: Any, request: Any, context: Any) -> Any:
        memory.made = {}
        try:
            return answer(servicer, request, context)
        finally:
            memory.made = None

    return answering


def _remembering(memory: _Memory, function: Callable[..., Any]) -> Callable[..., Any]:
    """The same function, called once for the same objects; they are kept, so that an id stays its object's own."""

    def remembered(*arguments: Any) -> Any:
        made = memory.made
        if made is None:
            return function(*arguments)
        key = (function, *map(id, arguments))
        known = made.get(key)
        if known is None:
            known = made[key] = (arguments, function(*arguments))
        return known[1]

    return remembered
