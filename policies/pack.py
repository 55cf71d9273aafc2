"""Rules as the SDK's policies: levels, severities, settings, exceptions, and what isn't known yet.

Owns what every rule has in common under an engine. What a rule looks at belongs to its own file.
"""

from __future__ import annotations

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

from policies.exceptions import judged
from policies.rule import EXCEPTIONS, ResourceRule, Rule, Settings, StackRule, Subject

DOCS: Final = "docs/policies.md"
_REMEMBERED: Final = 4096  # resources: a stack rule looks at all of them


def policies(rules: Iterable[Rule]) -> list[pulumi_policy.Policy]:
    """The SDK's policy for each rule."""
    return [_resource_policy(rule) if isinstance(rule, ResourceRule) else _stack_policy(rule) for rule in rules]


def settings_of(rule: Rule, configured: Mapping[str, Any] | None) -> Settings:
    """What is configured over the rule's defaults."""
    return {**rule.defaults(), "exceptions": [], **(configured or {})}


def _resource_policy(rule: ResourceRule) -> pulumi_policy.Policy:
    def validate(args: ResourceValidationArgs, report: ReportViolation) -> None:
        protect = bool(args.opts and args.opts.protect)
        subject = Subject(args.resource_type, args.name, args.urn, args.props, protect)
        settings = settings_of(rule, args.get_config())
        for finding in judged(rule.findings(subject, settings), [subject], settings):
            report(rule.told(finding), None)
        subject.reader.finish()

    return ResourceValidationPolicy(validate=validate, **_metadata(rule))


def _stack_policy(rule: Rule) -> pulumi_policy.Policy:
    assert isinstance(rule, StackRule)

    def validate(args: StackValidationArgs, report: ReportViolation) -> None:
        subjects = [
            Subject(one.resource_type, one.name, one.urn, one.props, bool(one.opts and one.opts.protect))
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

    The SDK calls these functions anew for each policy, and nothing that they return is ever written to.
    """
    sdk.deserialize_properties = _remembering(sdk.deserialize_properties)
    sdk.unknown_checking_proxy = _remembering(sdk.unknown_checking_proxy)
    sdk.json_format = SimpleNamespace(MessageToDict=_remembering(json_format.MessageToDict))


def _remembering(function: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """The same function, which remembers what it last made of which object; the object is kept, so its id is its own."""
    last: dict[int, tuple[Any, Any]] = {}

    def remembered(argument: Any, *rest: Any) -> Any:
        if rest:
            return function(argument, *rest)
        known = last.get(id(argument))
        if known is None:
            if len(last) >= _REMEMBERED:
                last.clear()
            known = last[id(argument)] = (argument, function(argument))
        return known[1]

    return remembered
