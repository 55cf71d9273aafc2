"""Provider calls that do not come back: timeouts of the program, Ctrl-C once and twice, a server that stops."""

from __future__ import annotations

import secrets
import signal
import time
from collections.abc import Callable, Iterator

import docker
import pytest

from embedded.providers.base import UncertainError
from embedded.providers.postgresql import PostgresqlProvider
from embedded.providers.postgresql._role import Roles
from embedded.providers.postgresql._server import Server
from embedded.values import Properties
from tests import busybox
from tests.embedded.conftest import Workspace
from tests.embedded.providers.postgresql.conftest import ROLE, PostgresServer
from tests.faults.cuts import UP
from tests.faults.stack import Going

Make = Callable[[str], Workspace]
ATTACHED = f"""
import pulumi_docker as docker
docker.Container("once", name=config.require("name"), image="{busybox.IMAGE}", command=["sleep", "4"],
    must_run=False, attach=True, network_mode="none", opts=Opts(delete_before_replace=True))
"""
ROLES = """
import pulumi_postgresql as postgresql
provider = postgresql.Provider("server", host=config.require("host"), port=5432, username="postgres",
    password=config.require_secret("admin"), sslmode="disable", connect_timeout=10)
last = None
for number in range(12):
    last = postgresql.Role(f"role-{number}", name=f"{config.require('name')}_{number}",
        opts=Opts(provider=provider, depends_on=[last] if last else []))
"""


def test_a_timeout_of_the_program_ends_a_call_that_hangs(workspace: Make) -> None:
    stack = workspace("""
command.local.Command("slow", create=config.require("do"),
    opts=Opts(custom_timeouts=pulumi.CustomTimeouts(create="1s")))
""")
    stack.set("do", "sleep 60")
    began = time.monotonic()
    result = stack.up(ok=False)
    assert time.monotonic() - began < 20
    assert "no end after 1 s" in result.out
    stack.set("do", "true")
    stack.up()
    stack.pulumi("preview", "--expect-no-changes")


def test_a_hanging_call_holds_a_cancelled_run_until_the_second_ctrl_c(workspace: Make) -> None:
    stack = workspace("random.RandomPassword('stuck', length=20)\n")
    going = Going(stack, "hang=create random", *UP).until("stuck creating")
    going.process.send_signal(signal.SIGINT)
    time.sleep(1)
    assert going.process.poll() is None, "what runs is given the time to end"
    going.process.send_signal(signal.SIGINT)
    assert going.result(3).code == 130
    stack.pulumi("cancel", "--yes")
    assert "interrupted while creating" in stack.up().out
    stack.pulumi("preview", "--expect-no-changes")


@pytest.fixture
def named() -> Iterator[str]:
    """A name on the daemon that is free afterwards."""
    name = f"flt-{secrets.token_hex(3)}"
    busybox.ensure(docker.APIClient())
    yield name
    daemon = docker.from_env()
    for container in daemon.containers.list(all=True, filters={"name": f"^/{name}$"}):
        container.remove(force=True)
    daemon.close()


@pytest.mark.integration
@pytest.mark.parametrize("signals", [1, 2])
def test_ctrl_c_while_docker_works(workspace: Make, named: str, signals: int) -> None:
    stack = workspace(ATTACHED)
    stack.set("name", named)
    going = Going(stack, "", *UP).until("once creating")
    time.sleep(2)  # seconds; it is made, and runs for four
    for _ in range(signals):
        going.process.send_signal(signal.SIGINT)
        time.sleep(0.5)
    assert going.result(15).code != 0
    assert ("once" in stack.resources()) == (signals == 1), "the first lets it end, the second doesn't"
    stack.pulumi("cancel", "--yes")
    stack.up()
    stack.pulumi("preview", "--expect-no-changes")
    (only,) = docker.from_env().containers.list(all=True, filters={"name": f"^/{named}$"})
    assert only.id == stack.resources()["once"]["id"]


@pytest.mark.integration
def test_a_role_made_by_a_server_that_then_died_is_adopted(
    postgres_server: PostgresServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    create, name = Roles.create, f"flt_{secrets.token_hex(3)}"

    def dying(roles: Roles, server: Server, new: Properties) -> str:
        made = create(roles, server, new)
        postgres_server.container.kill()
        return made

    provider = PostgresqlProvider()
    provider.configure(postgres_server.settings)
    inputs = provider.check(ROLE, "it", {}, {"name": name}).inputs
    monkeypatch.setattr(Roles, "create", dying)
    with pytest.raises(UncertainError):
        provider.create(ROLE, "it", inputs, preview=False, timeout=None)
    postgres_server.container.start()
    postgres_server.wait()
    provider.configure(postgres_server.settings)
    found = provider.settle(ROLE, "it", inputs).found
    assert found is not None
    assert found.id == name
    provider.delete(ROLE, name, inputs, found.outputs, timeout=None)


@pytest.mark.integration
def test_a_server_that_goes_away_in_mid_run_is_taken_as_it_comes_back(
    workspace: Make, postgres_server: PostgresServer
) -> None:
    stack, name = workspace(ROLES), f"flt_{secrets.token_hex(3)}"
    stack.set("name", name)
    stack.set("host", postgres_server.host)
    stack.pulumi("config", "set", "--secret", "admin", postgres_server.password)
    going = Going(stack, "", *UP).until("role-2 creating")
    postgres_server.container.kill()
    result = going.result()
    postgres_server.container.start()
    postgres_server.wait()
    stack.set("host", postgres_server.host)
    assert result.code == 1, "twelve roles are not made in the time that a kill takes"
    assert postgres_server.password not in result.out + result.err + stack.files()
    stack.up()
    stack.pulumi("preview", "--expect-no-changes")
    found = [row[0] for row in postgres_server.sql(f"SELECT rolname FROM pg_roles WHERE rolname LIKE '{name}%'")]
    assert sorted(found) == sorted(f"{name}_{number}" for number in range(12))
    stack.pulumi("destroy", "--yes", "--skip-preview")
    assert postgres_server.sql(f"SELECT 1 FROM pg_roles WHERE rolname LIKE '{name}%'") == []
