"""The SDK reads a request once for all rules: nothing of one request is seen by another, and nothing is kept."""

from __future__ import annotations

import gc
import weakref
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pulumi_policy.policy as sdk
import pytest
from google.protobuf import json_format
from pulumi.runtime.proto import analyzer_pb2
from pulumi_policy import EnforcementLevel, ResourceValidationPolicy, StackValidationPolicy

from policies.pack import once_per_request, policies, settings_of
from policies.rule import ResourceRule, Severity

RULES = 20


@pytest.fixture(autouse=True)
def _patched(monkeypatch: pytest.MonkeyPatch) -> None:
    """The SDK as the pack has it, and as it was afterwards."""
    for name in ("deserialize_properties", "unknown_checking_proxy", "json_format"):
        monkeypatch.setattr(sdk, name, getattr(sdk, name))
    servicer = sdk._PolicyAnalyzerServicer
    for name in ("Analyze", "AnalyzeStack", "_get_resource_options", "_get_provider_resource"):
        monkeypatch.setattr(servicer, name, getattr(servicer, name))


def pack(*asked: Any) -> Any:
    once_per_request()
    return sdk._PolicyAnalyzerServicer("pack", "1.0.0", list(asked), EnforcementLevel.MANDATORY)


def rule(number: int, check: Any) -> ResourceValidationPolicy:
    return ResourceValidationPolicy(f"rule-{number}", "A rule.", check)


def request(**properties: Any) -> analyzer_pb2.AnalyzeRequest:
    made = analyzer_pb2.AnalyzeRequest(type="a:b:C", name="one", urn="urn:pulumi:a::b::a:b:C::one")
    made.properties.update(properties)
    made.provider.type = "pulumi:providers:a"
    made.provider.properties.update({"host": "h"})
    return made


def test_a_request_is_read_once_whatever_the_number_of_rules(monkeypatch: pytest.MonkeyPatch) -> None:
    calls: list[Any] = []
    real = json_format.MessageToDict
    monkeypatch.setattr(json_format, "MessageToDict", lambda message: calls.append(message) or real(message))
    seen: list[Any] = []
    asked = pack(*(rule(number, lambda args, report: seen.append(args.props)) for number in range(RULES)))
    asked.Analyze(request(size=1), None)
    assert len(calls) == 2, "the resource's properties and the provider's"
    assert len(seen) == RULES
    assert len({id(props) for props in seen}) == 1


def test_every_request_is_judged_by_its_own_properties() -> None:
    asked = pack(*(rule(number, lambda args, report: report(str(args.props["text"]))) for number in range(3)))
    for number in range(500):  # freed requests leave their addresses to the next ones
        answer = asked.Analyze(request(text=f"text {number}"), None)
        assert {item.message for item in answer.diagnostics} == {f"A rule.\ntext {number}"}


def test_requests_side_by_side_do_not_mix() -> None:
    asked = pack(*(rule(number, lambda args, report: report(str(args.props["text"]))) for number in range(5)))

    def texts(number: int) -> set[str]:
        return {item.message for item in asked.Analyze(request(text=f"text {number}"), None).diagnostics}

    with ThreadPoolExecutor(4) as threads:
        for number, found in enumerate(threads.map(texts, range(500))):
            assert found == {f"A rule.\ntext {number}"}


@pytest.mark.parametrize("fails", [False, True])
def test_nothing_of_a_request_is_kept_after_its_answer(fails: bool) -> None:
    seen: list[weakref.ref[Any]] = []

    def check(args: Any, report: Any) -> None:
        seen.append(weakref.ref(args.props))
        if fails:
            raise ValueError("broken")

    asked = pack(rule(1, check), rule(2, check))
    try:
        asked.Analyze(request(password="hunter2"), None)
    except ValueError:
        assert fails
    gc.collect()
    assert seen
    assert {reference() for reference in seen} == {None}


def test_stack_rules_share_what_was_read_too() -> None:
    seen: list[Any] = []
    asked = pack(
        *(
            StackValidationPolicy(f"stack-{number}", "A rule.", lambda args, report: seen.append(args.resources))
            for number in range(3)
        )
    )
    whole = analyzer_pb2.AnalyzeStackRequest()
    for number in range(5):
        one = whole.resources.add(type="a:b:C", name=str(number), urn=f"urn:pulumi:a::b::a:b:C::{number}")
        one.properties.update({"number": number})
    asked.AnalyzeStack(whole, None)
    assert [[resource.props["number"] for resource in resources] for resources in seen] == [[0, 1, 2, 3, 4]] * 3
    assert len({id(resource.props) for resources in seen for resource in resources}) == 5


def test_a_resource_is_shown_to_the_rules_of_its_type_and_to_those_of_all() -> None:
    def made(name: str, *types: str) -> ResourceRule:
        return ResourceRule(
            name=name,
            description="A rule.",
            why="",
            remedy="Do",
            severity=Severity.LOW,
            types=frozenset(types),
            check=lambda subject, settings: iter(["seen"]),
        )

    once_per_request()
    rules = [made("of-c", "a:b:C"), made("of-d", "a:b:D"), made("of-both", "a:b:C", "a:b:D"), made("of-all")]
    asked = sdk._PolicyAnalyzerServicer("pack", "1.0.0", policies(rules), EnforcementLevel.MANDATORY)
    for _ in range(2):
        assert [item.policyName for item in asked.Analyze(request(), None).diagnostics] == ["of-c", "of-both", "of-all"]
        assert len(asked.GetAnalyzerInfo(None, None).policies) == 4


def test_whole_numbers_of_a_config_are_whole_again_and_others_stay() -> None:
    length = {"type": "integer", "default": 20, "description": "The fewest."}
    one = ResourceRule(
        name="x",
        description="X.",
        why="",
        remedy="",
        severity=Severity.LOW,
        settings={"length": length},
        check=lambda subject, settings: iter(()),
    )
    assert repr(settings_of(one, {"length": 24.0})["length"]) == "24"
    assert settings_of(one, {"length": 0.5})["length"] == 0.5
    assert repr(settings_of(one, {"more": [1.0, {"a": 2.0}], "on": True})["more"]) == "[1, {'a': 2}]"
    assert settings_of(one, None) == {"length": 20, "exceptions": []}
