"""What the doctor finds on a machine without Docker, with a damaged state, and where ports and subnets are taken."""

from __future__ import annotations

import json
import os
import socket
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from embedded.secrets import PassphraseSecrets
from operate import doctor, pulumi
from operate.doctor import state, taken
from operate.doctor.finding import Finding
from operate.doctor.stack_file import StackFile

SALT = PassphraseSecrets.create("right").salt
STACK = f"""
encryptionsalt: {SALT}
config:
  data-tier:prefix: t
  data-tier:network:
    data: {{internal: true, subnet: 198.18.1.0/24, apps: 198.18.8.0/22}}
    backend: {{internal: true, subnet: 198.18.2.0/24, publish: loopback, ports: 4000-4999}}
  data-tier:apps:
    shop: {{service: {{tier: backend, port: "PORT:8000"}}}}
"""


@pytest.fixture
def checkout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A checkout with a stack file, a state folder and the right passphrase, and no Docker daemon."""
    monkeypatch.setattr(pulumi, "REPOSITORY", tmp_path)
    for name in [name for name in os.environ if name.startswith(("PULUMI", "DOCKER"))]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("PULUMI_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("DOCKER_HOST", "unix:///nowhere.sock")
    (tmp_path / ".state" / ".pulumi").mkdir(parents=True)
    (tmp_path / ".state").chmod(0o700)
    (tmp_path / ".state" / "passphrase").write_text("right")
    (tmp_path / "Pulumi.dev.yaml").write_text(STACK.replace("PORT", "4000"))
    return tmp_path


@pytest.fixture(autouse=True)
def _no_stack_is_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    answer = subprocess.CompletedProcess([], 255, "", "error: no stack named 'dev' found")
    monkeypatch.setattr(pulumi, "try_", lambda *arguments: answer)


@pytest.fixture
def listener() -> Iterator[int]:
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        server.listen()
        yield server.getsockname()[1]


def about(check: str, findings: list[Finding]) -> Finding:
    [found] = [one for one in findings if one.check == check]
    return found


def lock(checkout: Path, pid: int, host: str) -> None:
    folder = checkout / ".state" / ".pulumi" / "locks" / "organization" / "data-tier" / "dev"
    folder.mkdir(parents=True)
    content = {"pid": pid, "username": "ann", "hostname": host, "timestamp": "2026-01-31T08:00:00Z"}
    (folder / "one.json").write_text(json.dumps(content))


def test_without_docker_the_other_checks_are_made_all_the_same(checkout: Path) -> None:
    findings = doctor.examine("dev")
    docker = about("docker", findings)
    assert (docker.level, "ensure-docker" in docker.todo) == ("fail", True)
    assert about("passphrase", findings).level == "ok"
    assert about("subnets", findings).level == "ok"
    assert not [one for one in findings if "couldn't be looked at" in one.found], "no check broke"


def test_without_a_stack_file_nothing_fails_but_docker(checkout: Path) -> None:
    (checkout / "Pulumi.dev.yaml").unlink()
    findings = doctor.examine("dev")
    assert [one.check for one in findings if one.level == "fail"] == ["docker"]
    assert "write it like Pulumi.dev.yaml" in about("stack file", findings).todo


@pytest.mark.parametrize(
    "content", ["config: [", "config: 3", "- a", "config: {data-tier:network: 3, data-tier:apps: [1]}"]
)
def test_a_stack_file_of_any_shape_is_a_finding_and_not_a_crash(checkout: Path, content: str) -> None:
    (checkout / "Pulumi.dev.yaml").write_text(content)
    findings = doctor.examine("dev")
    assert about("stack file", findings).level == "fail"
    assert not [one for one in findings if "couldn't be looked at" in one.found]


def test_a_wrong_passphrase_is_found_and_not_shown(checkout: Path) -> None:
    (checkout / ".state" / "passphrase").write_text("wr0ng-passphrase")
    found = about("passphrase", list(state.findings("dev")))
    assert (found.level, "wr0ng" in repr(found)) == ("fail", False)


def test_a_lost_passphrase_says_what_is_lost_with_it(checkout: Path) -> None:
    (checkout / ".state" / "passphrase").unlink()
    found = about("passphrase", list(state.findings("dev")))
    assert (found.level, "without it passwords are lost" in found.todo) == ("fail", True)


def test_a_state_folder_that_others_can_read_is_a_warning(checkout: Path) -> None:
    (checkout / ".state").chmod(0o755)
    assert about("state folder", list(state.findings("dev"))).level == "warn"


@pytest.mark.parametrize(("pid", "host", "level", "todo"), [
    (os.getpid(), socket.gethostname(), "warn", "wait for it"),
    (2**22 + 1, socket.gethostname(), "fail", "pulumiw cancel"),
    (1, "elsewhere", "warn", "if that run is over"),
], ids=["here", "gone", "elsewhere"])  # fmt: skip
def test_a_lock_says_who_holds_it_and_whether_it_is_left_over(
    checkout: Path, pid: int, host: str, level: str, todo: str
) -> None:
    lock(checkout, pid, host)
    found = about("lock", list(state.findings("dev")))
    assert (found.level, todo in found.todo) == (level, True)
    assert f"ann@{host} (pid {pid})" in found.found


def test_a_cloud_backend_is_left_to_the_cli(checkout: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PULUMI_BACKEND_URL", "https://api.example.org")
    assert [one.found for one in state.findings("dev")] == ["kept by https://api.example.org; ask the CLI about it"]


def test_a_port_that_another_process_has_is_named_with_its_app(checkout: Path, listener: int) -> None:
    (checkout / "Pulumi.dev.yaml").write_text(STACK.replace("PORT", str(listener)))
    [found] = taken.ports(StackFile.read("dev"), None)
    assert (found.level, found.found) == ("fail", f"{listener} of shop is in use by another process")
    assert "data-tier:apps.shop.service.port" in found.todo


def test_a_free_port_is_well(checkout: Path) -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        free = probe.getsockname()[1]
    (checkout / "Pulumi.dev.yaml").write_text(STACK.replace("PORT", str(free)))
    [found] = taken.ports(StackFile.read("dev"), None)
    assert found.level == "ok"


def test_a_subnet_that_a_route_of_this_machine_has_is_named_with_its_key(
    checkout: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    routes = tmp_path / "route"  # 198.18.2.0/25 as the kernel prints it, and a default route
    routes.write_text(
        "Iface Destination Gateway Flags RefCnt Use Metric Mask MTU Window IRTT\n"
        "vpn0 000212C6 00000000 0001 0 0 0 80FFFFFF 0 0 0\n"
        "eth0 00000000 010200C0 0003 0 0 0 00000000 0 0 0\n"
    )
    monkeypatch.setattr(taken, "_ROUTES", routes)
    [found] = taken.subnets(StackFile.read("dev"), None)
    assert found.found == "network.backend.subnet = 198.18.2.0/24 overlaps 198.18.2.0/25 of a route through vpn0"


@pytest.mark.parametrize(("forced", "level"), [("embedded", "ok"), ("pulumi", "fail"), ("other", "fail")])
def test_the_engine_is_the_one_that_the_wrapper_will_take(
    checkout: Path, monkeypatch: pytest.MonkeyPatch, forced: str, level: str
) -> None:
    monkeypatch.setenv("PULUMIW_ENGINE", forced)
    monkeypatch.setenv("PATH", str(checkout))
    assert about("pulumi", doctor.examine("dev")).level == level
