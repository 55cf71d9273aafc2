"""No generated secret is anywhere in plain, after all that the other tests have done.

Runs last, on a stack that other modules of its process have worked on. Root and the docker group can read the secret
files themselves, which is no subject here.
"""

from __future__ import annotations

import json
import re
import stat
from collections.abc import Iterable

import pytest

from tests.integration.conftest import Stack
from tests.integration.project import STACK, command_lines
from tests.integration.stores import Stores

pytestmark = pytest.mark.integration
_VERIFIER = re.compile(r"SCRAM-SHA-256\$[0-9]+:")


@pytest.fixture(scope="module")
def secrets(stack: Stack) -> tuple[str, ...]:
    """Every generated password, read anew: some belong to apps that were added later."""
    found = Stores.of(stack.project.resources(), stack.config).passwords
    assert len(found) >= 2 + 3 * 4 + 3, "two admins, three logins for each database, three users of Redis"
    assert all(len(password) >= 32 for password in found), "shorter ones could be found by chance"
    return found


def assert_absent(secrets: Iterable[str], where: str, text: str) -> None:
    """Fails without printing what was found."""
    count = sum(secret in text for secret in secrets)
    assert count == 0, f"{count} passwords in plain in {where}"


def test_state_holds_no_password_in_plain(stack: Stack, secrets: tuple[str, ...]) -> None:
    files = [path for path in stack.project.state.rglob("*") if path.is_file()]
    assert any(path.name.startswith(f"{STACK}.json") for path in files), "nothing would be found where nothing is"
    for path in files:
        assert_absent(secrets, str(path), path.read_bytes().decode(errors="replace"))


def test_state_and_passphrase_are_readable_by_their_owner_only(stack: Stack) -> None:
    assert stat.S_IMODE(stack.project.state.stat().st_mode) == 0o700
    files = [path for path in stack.project.state.rglob("*.json") if path.is_file()]
    assert {path.name: oct(stat.S_IMODE(path.stat().st_mode) & 0o077) for path in files} == {
        path.name: "0o0" for path in files
    }


def test_the_stack_file_holds_no_password(stack: Stack, secrets: tuple[str, ...]) -> None:
    assert_absent(secrets, stack.project.file.name, stack.project.file.read_text())


def test_no_command_has_printed_a_password(stack: Stack, secrets: tuple[str, ...]) -> None:
    assert stack.project.said, "there was output to look at"
    for text in stack.project.said:
        assert_absent(secrets, "the output of a command", text)
        assert not _VERIFIER.search(text), "a verifier lets its holder guess offline"


def test_the_ordinary_export_holds_no_password(stack: Stack, secrets: tuple[str, ...]) -> None:
    for command in (("stack", "export"), ("stack", "output", "--json"), ("preview", "--diff"), ("preview", "--json")):
        assert_absent(secrets, " ".join(command), stack.project.pulumi(*command).text)


def test_docker_inspect_shows_no_password(stack: Stack, secrets: tuple[str, ...]) -> None:
    host = stack.host
    shown = [json.dumps(item.attrs) for item in host.containers(ended=True).values()]
    shown += [json.dumps(host.client.networks.get(name).attrs) for name in host.networks()]
    shown += [json.dumps(host.client.volumes.get(name).attrs) for name in host.volumes()]
    assert len(shown) > 3 * 5
    for text in shown:
        assert_absent(secrets, "docker inspect", text)
        assert not _VERIFIER.search(text)


def test_container_logs_show_no_password_and_no_verifier(stack: Stack, secrets: tuple[str, ...]) -> None:
    logs = {name: item.logs().decode(errors="replace") for name, item in stack.host.containers(ended=True).items()}
    server = stack.project.outputs()["servers"]["postgres"]["name"]
    assert "database system is ready" in logs[server], "the log that statements would be in"
    for name, text in logs.items():
        assert_absent(secrets, f"the log of {name}", text)
        assert not _VERIFIER.search(text), f"a verifier in the log of {name}"


def test_no_process_has_a_password_in_its_command_line(stack: Stack, secrets: tuple[str, ...]) -> None:
    seen = stack.project.seen | command_lines()
    assert any("embedded up" in line or "pulumi up" in line for line in seen), "the runs themselves were looked at"
    for line in seen:
        assert_absent(secrets, "a command line", line)
