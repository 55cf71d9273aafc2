"""Sums of a plan: memory, containers and volumes before and after it."""

from __future__ import annotations

import json
from typing import Any

import pytest

from operate.ci.plan import Plan, Totals
from tests.operate.ci.plans import CONTAINER, VOLUME, plan, resource, step

UNKNOWN = "04da6b54-80e4-46f7-96ec-b56ff0331ba9"


def test_what_is_unchanged_counts_before_and_after() -> None:
    found = plan(resources=(resource(CONTAINER, "db", memory=512), resource(VOLUME, "v")))
    assert found.before == found.after == Totals(memory=512, containers=1, volumes=1)


def test_each_operation_changes_the_sums() -> None:
    kept, gone, grown = (resource(CONTAINER, name, memory=100) for name in ("kept", "gone", "grown"))
    found = plan(
        step("delete", gone, None),
        step("update", grown, resource(CONTAINER, "grown", memory=300)),
        step("create", None, resource(CONTAINER, "new", memory=50)),
        step("create", None, resource(VOLUME, "v")),
        resources=(kept, gone, grown),
    )
    assert found.before == Totals(memory=300, containers=3)
    assert found.after == Totals(memory=450, containers=3, volumes=1)


def test_a_resource_that_is_renamed_by_an_alias_counts_once() -> None:
    old, new = resource(CONTAINER, "old", memory=100), resource(CONTAINER, "new", memory=200)
    assert plan(step("update", old, new), resources=(old,)).after == Totals(memory=200, containers=1)


def test_what_waits_for_its_deletion_does_not_count() -> None:
    waiting = {**resource(CONTAINER, "db", memory=100), "delete": True}
    assert plan(resources=(waiting,)).before == Totals()


@pytest.mark.parametrize("limit", [{}, {"memory": 0}, {"memory": UNKNOWN}, {"memory": "[secret]"}, {"memory": None}])
def test_a_limit_that_is_missing_zero_or_not_known_is_said(limit: dict[str, Any]) -> None:
    assert plan(resources=(resource(CONTAINER, "db", **limit),)).before == Totals(containers=1, unlimited=1)


def test_a_container_that_ends_by_itself_does_not_count() -> None:
    fill = resource(CONTAINER, "fill", mustRun=False, networkMode="none", memory=64)
    assert plan(resources=(fill,)).before == Totals()


def test_a_swarm_service_counts_with_all_its_replicas() -> None:
    task = {"resources": {"limits": {"memoryBytes": 64 * 1024 * 1024}}}
    service = resource("docker:index/service:Service", "s", taskSpec=task, mode={"replicated": {"replicas": 3}})
    assert plan(resources=(service,)).before == Totals(memory=192, containers=1)


def test_diagnostics_are_kept_once_without_their_prefix() -> None:
    said = [{"severity": "error", "message": "error: no"}] * 2 + [{"severity": "info", "message": "hello"}]
    assert plan(diagnostics=said).errors == ("no",)


@pytest.mark.parametrize("text", ["", "error: no stack", "[]", "null"])
def test_what_is_no_plan_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r".*"):
        Plan.parse(text)


def test_an_empty_plan_is_one() -> None:
    assert Plan.parse(json.dumps({})) == Plan()
