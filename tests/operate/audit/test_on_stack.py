"""The audit of a stack that runs: its state and containers hold nothing that is refused, and no secret in plain."""

from __future__ import annotations

import base64
from urllib.parse import quote

import pytest

from tests.operate.conftest import PREFIX, Running

pytestmark = pytest.mark.integration


def test_its_state_has_no_mandatory_finding_and_was_judged_with_its_secrets(running: Running) -> None:
    said = running.told("audit")
    assert [one for one in said["findings"] if one["level"] == "mandatory"] == []
    assert (said["ok"], said["not_judged"], said["notes"]) == (True, [], [])


def test_its_containers_publish_no_data_port(running: Running) -> None:
    said = running.told("audit", "--docker", "--only", PREFIX, ok=False)
    assert len([one for one in said["sources"] if one["resources"]]) == 1
    assert [one for one in said["findings"] if one["severity"] == "critical"] == []


def test_an_exported_state_is_opened_with_the_passphrase_and_has_no_secret_in_plain(running: Running) -> None:
    running.project.pulumi("stack", "export", "--file", "exported.json")
    said = running.told("audit", "--state", "exported.json")
    assert (said["ok"], said["not_judged"]) == (True, [])


def test_a_password_of_the_stack_is_found_in_a_log_and_never_shown(running: Running) -> None:
    password = running.passwords[0]
    log = running.project.root / "app.log"
    forms = (password, quote(password, safe=""), base64.b64encode(f"user:{password}".encode()).decode())
    log.write_text("all is well\n" + "\n".join(forms) + "\n")
    done = running.operate("audit", "--logs", "app.log", ok=False)
    assert done.code == 1
    assert [f"line {number}" in done.out for number in (1, 2, 3, 4)] == [False, True, True, True]
    assert not any(form in done.text for form in forms)
