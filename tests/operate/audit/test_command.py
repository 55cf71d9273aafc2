"""`operatew audit` as people call it: exit codes, tables, JSON, and errors on standard error."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
FIXTURES = ROOT / "tests/fixtures/audit"
CLEAN = "services: {}\n"
OPEN = "services: {db: {image: 'redis:7', ports: ['6379:6379']}}\n"


def audit(*arguments: str | Path, given: str = "") -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "operate", "audit", *map(str, arguments)],
        cwd=ROOT,
        input=given,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


@pytest.fixture
def compose(tmp_path: Path) -> Path:
    path = tmp_path / "compose.yaml"
    path.write_text(OPEN)
    return path


def test_a_mandatory_finding_is_exit_code_one_with_all_that_is_needed(compose):
    done = audit("--compose", compose)
    assert done.returncode == 1
    for text in ("critical", "mandatory", "refuse-published-data-port", "services.db.ports[0]", "Remove the port"):
        assert text in done.stdout
    assert done.stderr == ""


def test_nothing_found_is_exit_code_zero(compose):
    compose.write_text(CLEAN)
    done = audit("--compose", compose)
    assert (done.returncode, done.stdout.strip()[:10]) == (0, "0 findings")


def test_only_advisory_findings_are_exit_code_zero(compose, tmp_path):
    config = tmp_path / "config.json"
    config.write_text('{"all": "advisory"}')
    done = audit("--compose", compose, "--policy-pack-config", config)
    assert done.returncode == 0
    assert "refuse-published-data-port" in done.stdout


def test_json_is_one_document(compose):
    done = audit("--compose", compose, "--json")
    document = json.loads(done.stdout)
    assert (done.returncode, document["ok"]) == (1, False)
    [finding] = [one for one in document["findings"] if one["rule"] == "refuse-published-data-port"]
    assert (finding["resource"], finding["where"]) == ("Container db", "services.db.ports[0]")
    assert {"severity", "level", "what", "todo", "urn", "source"} <= set(finding)


@pytest.mark.parametrize("option", ["--compose", "--state", "--plan", "--logs", "--policy-pack-config"])
def test_what_is_not_there_is_exit_code_two_and_one_line(option, tmp_path):
    done = audit("--compose", FIXTURES / "000/current.yaml", option, tmp_path / "gone")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("error: ")
    assert done.stderr.count("\n") == 1
    assert "gone" in done.stderr


def test_a_state_is_read_from_standard_input():
    state = {"resources": [{"urn": "urn:pulumi:d::p::a:b:C::x", "type": "a:b:C", "inputs": {}}]}
    done = audit("--state", "-", "--json", given=json.dumps({"deployment": state}))
    assert json.loads(done.stdout)["sources"] == [{"kind": "state", "name": "standard input", "resources": 1}]


def test_a_state_on_disk_with_its_secrets_in_plain_is_a_finding_and_its_log_is_searched_for_them(tmp_path):
    secret = {"4dabf18193072939515e22adb298388d": "1b47061264138c4ac30d75fd1eb44270", "plaintext": '"correct-horse"'}
    state, log = tmp_path / "state.json", tmp_path / "app.log"
    urn = "urn:pulumi:d::p::random:index/randomPassword:RandomPassword::x"
    state.write_text(json.dumps({"deployment": {"resources": [{"urn": urn, "outputs": {"result": secret}}]}}))
    log.write_text("one\nuser=app correct-horse\n")
    done = audit("--state", state, "--logs", log, "--json")
    found = [one for one in json.loads(done.stdout)["findings"] if one["rule"] == "refuse-known-secret-in-plain"]
    assert done.returncode == 1
    assert [(Path(one["source"]).name, one["where"]) for one in found] == [("app.log", "line 2"), ("state.json", "")]
    assert "correct-horse" not in done.stdout + done.stderr


def test_only_needs_docker(compose):
    assert audit("--compose", compose, "--only", "shop").returncode == 2


def test_a_daemon_that_does_not_answer_is_exit_code_two(monkeypatch, tmp_path):
    monkeypatch.setenv("DOCKER_HOST", f"unix://{tmp_path}/none.sock")
    done = audit("--docker")
    assert (done.returncode, done.stdout) == (2, "")
    assert "no Docker daemon answers" in done.stderr
