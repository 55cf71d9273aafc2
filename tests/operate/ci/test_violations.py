"""The policies of a preview's screen, in the forms of the CLI's versions and of the embedded engine."""

from __future__ import annotations

import pytest

from operate.ci.violations import Violation, parse

SCREEN = """Previewing update (dev):
 +  docker:index:Container db create
Policies:
    ❌ data-tier@v0.1.0 (local: base/policies)
        - [advisory]{low}  require-health-check  (docker:index:Container: db)
          Data stores say whether they are well.
          healthcheck: there is none. Add one
        - [mandatory]{high}  refuse-published-data-port  (docker:index:Container: db)
          ports[0]: data port 5432 is published

          - [mandatory]  not-a-rule  (in: a message)
        - [remediate]  set-labels  (3 resources)
        - [mandatory]{high}  own-roles
          apps share a role
    ✅ other@v1.0.0 (local: more)

Diagnostics:
  docker:index:Container (db):
    error: - [mandatory]  neither  (a: rule)

Resources:
    + 1 to create
"""


@pytest.mark.parametrize("severities", [("", ""), (" [severity: low]", " [severity: high]")])
def test_findings_are_read_with_level_rule_place_and_text(severities: tuple[str, str]) -> None:
    low, high = severities
    said = {"low": low and "low", "high": high and "high"}
    found = parse(SCREEN.format(low=low, high=high))
    assert [(one.rule, one.mandatory, one.where) for one in found] == [
        ("own-roles", True, ""),
        ("refuse-published-data-port", True, "docker:index:Container: db"),
        ("require-health-check", False, "docker:index:Container: db"),
    ]
    assert [one.severity for one in found] == [said["high"], said["high"], said["low"]]
    assert found[2].message == "Data stores say whether they are well. healthcheck: there is none. Add one"


def test_a_screen_without_policies_has_none() -> None:
    assert parse("Previewing update (dev):\n\nResources:\n    3 unchanged\n") == []


def test_a_program_that_prints_the_form_of_a_finding_makes_none() -> None:
    assert parse("        - [mandatory]  refuse-x  (a: b)\nResources:\n") == []


def test_what_cannot_be_known_yet_is_asked_later() -> None:
    given = {"rule": "r", "severity": "", "where": ""}
    assert Violation(**given, mandatory=False, message="can't run policy 'r': image cannot be known yet").later
    assert not Violation(**given, mandatory=False, message="image: no digest").later
    assert not Violation(**given, mandatory=True, message="can't run policy 'r'").later


def test_a_program_cannot_hide_findings_behind_a_section_of_its_own() -> None:
    printed = "Previewing update (dev):\n    hello\nPolicies:\n    ✅ data-tier@v0.1.0 (local: policies)\n\n"
    assert len(parse(printed + SCREEN.format(low="", high=""))) == 3
