"""One rule asked as the pack asks it: properties wrapped in the SDK's proxies, settings over the rule's defaults."""

from __future__ import annotations

import copy
from collections.abc import Mapping, Sequence
from typing import Any

from pulumi_policy.proxy import unknown_checking_proxy

from policies.rule import Finding, ResourceRule, StackRule, Subject

URN = "urn:pulumi:prod::data-tier::{type}::{name}"


def subject(kind: str, props: Mapping[str, Any], name: str = "one", *, protect: bool = False, urn: str = "") -> Subject:
    """A resource with wrapped properties."""
    wrapped = unknown_checking_proxy(copy.deepcopy(dict(props)))
    return Subject(kind, name, urn or URN.format(type=kind, name=name), wrapped, protect)


def found(rule: ResourceRule, kind: str, props: Mapping[str, Any], urn: str = "", **settings: Any) -> list[str]:
    """What the rule says of one resource. Raises NotKnownYet where something wasn't known."""
    one = subject(kind, props, urn=urn)
    messages = findings_so_far(rule, one, **settings)
    one.reader.finish()
    return messages


def findings_so_far(rule: ResourceRule, one: Subject, **settings: Any) -> list[str]:
    """What the rule says, whatever isn't known."""
    return [finding.message for finding in rule.findings(one, {**rule.defaults(), **settings})]


def found_in_stack(rule: StackRule, subjects: Sequence[Subject], **settings: Any) -> list[Finding]:
    """What a stack rule says. Raises NotKnownYet where something wasn't known."""
    findings = list(rule.findings(subjects, {**rule.defaults(), **settings}))
    for one in subjects:
        one.reader.finish()
    return findings


def changed(base: Mapping[str, Any], **changes: Any) -> dict[str, Any]:
    """A copy of `base` with some keys changed; `...` takes a key away."""
    copied = {**copy.deepcopy(dict(base)), **changes}
    return {key: value for key, value in copied.items() if value is not ...}
