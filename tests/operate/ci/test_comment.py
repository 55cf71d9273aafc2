"""The comment: what stands first, what is never in it, and that it fits."""

from __future__ import annotations

import pytest

from operate.ci import comment
from operate.ci.comment import Preview, write
from operate.ci.violations import Violation
from tests.operate.ci.plans import CONTAINER, PASSWORD, SECRET, VOLUME, golden, plan, recorded, resource, step

RECORDED = ("change", "remove-app", "limit", "nothing", "replacements", "forced")
STORE = {"image": "postgres:17", "envs": [f"POSTGRES_PASSWORD={SECRET}"]}


def violation(**other: object) -> Violation:
    given = {"rule": "refuse-published-data-port", "mandatory": True, "severity": "critical", "where": "docker: db"}
    return Violation(**{**given, "message": "ports[0]: published. Remove the port", **other})  # type: ignore[arg-type]


@pytest.mark.parametrize("name", RECORDED)
def test_a_recorded_plan_gives_the_golden_comment(name: str) -> None:
    text = write(Preview(stack="ref", plan=recorded(name)))
    assert text == golden(name, text)


def test_a_failed_preview_that_policies_refuse_gives_the_golden_comment() -> None:
    volume, store = resource(VOLUME, "data"), resource(CONTAINER, "db", memory=512, **STORE)
    found = plan(
        step("replace", volume, volume, replaceReasons=["name"], diffReasons=["name", "labels"]),
        step("delete", {**resource(PASSWORD, "admin"), "retainOnDelete": True}, None),
        step("replace", store, {**store, "inputs": {**STORE, "memory": 1024}}, replaceReasons=["image"]),
        step("create", None, resource(CONTAINER, "app", image="app:1")),
        resources=(volume, store),
        diagnostics=[{"severity": "error", "message": "error: 1 problem in the stack file:\n  - data-tier:apps"}],
    )
    later = violation(mandatory=False, message="can't run policy 'x': image cannot be known yet")
    stack = violation(mandatory=False, where="", severity="", message="apps share a role. Give each its own")
    text = write(
        Preview(
            stack="prod",
            plan=found,
            violations=[violation(), stack, later],
            storage=(20480, 40960),
            placeholders=["data-tier:key"],
            code=1,
        )
    )
    assert SECRET not in text
    assert text == golden("refused", text)


def test_data_stands_before_everything_else_and_is_bold() -> None:
    text = write(Preview(stack="ref", plan=recorded("remove-app"), violations=[violation()]))
    places = [text.index(part) for part in ("### Data", "### Policies", "### Summary", "All 10 changes")]
    assert places == sorted(places)
    assert "**delete database `blog-db`**: what is in it is lost." in text


@pytest.mark.parametrize("retained", [True, False])
def test_what_is_kept_on_deletion_is_not_called_lost(retained: bool) -> None:
    text = write(
        Preview(stack="dev", plan=plan(step("delete", {**resource(VOLUME, "v"), "retainOnDelete": retained}, None)))
    )
    assert ("stays (retained)" in text) == retained
    assert ("is lost" in text) != retained


def test_creating_and_changing_data_in_place_is_no_danger() -> None:
    volume = resource(VOLUME, "v")
    assert "### Data" not in write(
        Preview(stack="dev", plan=plan(step("create", None, volume), step("update", volume, volume)))
    )


def test_a_store_that_is_replaced_is_downtime_and_an_app_is_not() -> None:
    store, app = resource(CONTAINER, "db", **STORE), resource(CONTAINER, "app", image="app:1")
    text = write(Preview(stack="dev", plan=plan(step("replace", store, store), step("replace", app, app))))
    assert "**replace data container `db`**: what it serves can't be reached meanwhile" in text
    assert "data container `app`" not in text


def test_without_changes_it_says_so_under_the_same_marker() -> None:
    first, second, *_ = write(Preview(stack="dev", plan=recorded("nothing"))).splitlines()
    assert first == comment.marker("dev")
    assert second == "## Preview of `dev`: no changes"
    assert write(Preview(stack="dev", plan=recorded("change"))).splitlines()[0] == first


def test_a_run_without_a_plan_shows_its_error() -> None:
    text = write(Preview(stack="dev", errors=["no stack named 'dev' found"], code=255))
    assert "## Preview of `dev`: failed" in text
    assert "no stack named 'dev' found" in text
    assert "### Summary" not in text


def test_a_failure_nobody_explains_is_still_a_failure() -> None:
    assert ": failed" in write(Preview(stack="dev", plan=recorded("nothing"), code=1)).splitlines()[1]


def test_advisory_findings_refuse_nothing() -> None:
    text = write(Preview(stack="dev", plan=recorded("nothing"), violations=[violation(mandatory=False)]))
    assert "no changes" in text.splitlines()[1]
    assert "refuse-published-data-port" in text


def test_without_state_nothing_is_known_of_before() -> None:
    text = write(Preview(stack="dev", plan=plan(step("create", None, resource(VOLUME, "v"))), with_state=False))
    assert "Planned without state" in text
    assert "| Volumes | not known | 1 |" in text


def test_no_value_of_a_property_is_shown() -> None:
    old = resource(CONTAINER, "db", **STORE, labels=[{"label": "x", "value": SECRET}])
    text = write(Preview(stack="dev", plan=plan(step("replace", old, old, replaceReasons=["envs"]), resources=(old,))))
    assert SECRET not in text


def test_passwords_in_urls_of_errors_are_hidden() -> None:
    text = write(Preview(stack="dev", errors=[f"can't reach postgresql://admin:{SECRET}/@@db:5432/x"], code=1))
    assert SECRET not in text
    assert "postgresql://[hidden]@db:5432/x" in text


def test_a_long_comment_is_cut_and_stays_whole_markdown() -> None:
    steps = [step("create", None, resource(CONTAINER, f"app-{number}")) for number in range(2_000)]
    text = write(Preview(stack="dev", plan=plan(*steps)))
    assert len(text) <= comment.LONGEST
    assert text.count("<details>") == text.count("</details>")
    assert "Cut here" in text.splitlines()[-1]


def test_many_and_long_errors_and_findings_fit_as_well() -> None:
    findings = [violation(where=f"docker: {'x' * 900}{number}", message="y" * 5_000) for number in range(200)]
    text = write(Preview(stack="dev", violations=findings, errors=[f"{n}" + "z" * 90_000 for n in range(30)], code=1))
    assert len(text) <= comment.LONGEST
