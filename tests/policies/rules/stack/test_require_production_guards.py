"""The production stack as it is built today, which has no backups yet, and with each of its guards."""

from __future__ import annotations

import datetime
from typing import Any

import pytest
from pulumi_policy.proxy import UNKNOWN_ARRAY_VALUE, UnknownValueError

from policies.containers import CONTAINER
from policies.rule import Level, Subject
from policies.rules.stack.require_production_guards import HARDENS, RULE
from tests.policies.graphs import own_graph, subjects
from tests.policies.judging import found_in_stack, subject

SERVER = "urn:pulumi:{}::p::data-tier:postgres:PostgresServer$docker:index/container:Container::db"
GUARDS = [
    subject("data-tier:backup:Backups", {}, name="backups"),
    subject("data-tier:pooler:Pooler", {}, name="pooler"),
]
TLS: dict[str, Any] = {"image": "postgres:17", "command": ["postgres", "-c", "ssl=on"]}


def server(stack: str = "prod", **props: Any) -> Subject:
    return subject(CONTAINER, {**TLS, **props}, urn=SERVER.format(stack))


def violations(*subjects: Subject, **settings: Any) -> list[str]:
    return [one.message.split(" (")[0] for one in found_in_stack(RULE, subjects, **settings)]


def test_a_guarded_production_passes():
    assert violations(server(), *GUARDS) == []


def test_today_production_has_no_backup():
    assert violations(*subjects(own_graph("prod"), "prod")) == ["production has no backup"]
    assert violations(*subjects(own_graph("prod"), "dev")) == []


@pytest.mark.parametrize(("missing", "guard"), [(0, "backup"), (1, "pooler")])
def test_a_missing_guard_is_told(missing, guard):
    assert violations(server(), GUARDS[1 - missing]) == [f"production has no {guard}"]


def test_a_guard_is_known_by_the_label_of_its_container():
    labels = [{"label": "data-tier.component", "value": "pooler"}]
    assert violations(server(), GUARDS[0], subject(CONTAINER, {"image": "x:1", "labels": labels})) == []


@pytest.mark.parametrize(
    "command", [["postgres"], ["postgres", "-c", "ssl=off"], ["postgres", "-c", "ssl_ciphers=on"], []]
)
def test_a_server_without_tls_is_told(command):
    assert violations(server(command=command), *GUARDS) == ["command: the server of a production stack has no TLS"]


@pytest.mark.parametrize("stack", ["dev", "staging", "reprod"])
def test_other_stacks_need_none(stack):
    assert violations(server(stack, command=["postgres"])) == []


def test_the_names_of_production_are_a_setting():
    assert len(violations(server("live"), stacks=["live"])) == 2


def test_production_without_a_server_needs_none():
    assert violations(subject(CONTAINER, {"image": "example/web:1"})) == []


def test_the_rule_is_advisory_until_its_day_and_mandatory_from_then_on():
    assert RULE.level_on(HARDENS - datetime.timedelta(days=1)) is Level.ADVISORY
    assert RULE.level_on(HARDENS) is Level.MANDATORY


def test_the_day_is_told():
    assert RULE.hardens == HARDENS
    assert HARDENS.isoformat() in found_in_stack(RULE, [server()])[0].message


def test_an_unknown_command_is_told():
    with pytest.raises(UnknownValueError):
        violations(server(command=UNKNOWN_ARRAY_VALUE), *GUARDS)
