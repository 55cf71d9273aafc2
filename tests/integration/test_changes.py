"""What a run changes: nothing, one service, one app more, everything that runs and nothing that is kept.

Each test leaves the stack up and unchanged by a further run; an app that one adds stays, as protected data does.
"""

from __future__ import annotations

from typing import Any

import pytest

from tests.integration.conftest import Stack
from tests.integration.stackfile import PREFIX, free_port
from tests.integration.stores import Stores
from tests.integration.test_services import report

pytestmark = pytest.mark.integration


def passwords(stack: Stack) -> tuple[str, ...]:
    return Stores.of(stack.project.resources(), stack.config).passwords


def change(stack: Stack, app: str, content: dict[str, Any]) -> None:
    """Write an app into the stack file."""
    file = stack.project.edit()
    file["config"]["data-tier:apps"][app] = content
    stack.project.write(file)


def test_a_second_preview_is_empty(stack: Stack) -> None:
    done = stack.project.pulumi("preview", "--expect-no-changes", ok=False)
    assert done.code == 0, done.text
    assert stack.project.steps() == {}


def test_a_second_up_changes_nothing(stack: Stack) -> None:
    before, kept = stack.host.ids(), passwords(stack)
    stack.project.pulumi("up", "--yes", "--expect-no-changes")
    assert stack.host.ids() == before
    assert passwords(stack) == kept


def test_one_changed_variable_of_a_service_replaces_that_container_and_no_other(stack: Stack) -> None:
    app, before = "brain", stack.host.ids()
    stack.project.pulumi("config", "set", "--path", f"data-tier:apps.{app}.service.env.TRIED", "first")

    assert set(stack.project.steps()) == {f"service-{app}-container"}
    done = stack.project.pulumi("preview", "--expect-no-changes", ok=False)
    assert done.code != 0, "a script must be able to tell that there is a change"
    assert stack.host.ids() == before, "a preview changes nothing"

    stack.project.pulumi("up", "--yes")
    after = stack.host.ids()
    changed = {name for name in before if after.get(name) != before[name]}
    assert changed == {stack.services[app]["name"]}
    assert set(after) == set(before)
    [container] = (item for name, item in stack.host.containers().items() if name in changed)
    assert "TRIED=first" in container.attrs["Config"]["Env"]
    assert container.attrs["State"]["Health"]["Status"] == "healthy"


def test_adding_an_app_leaves_every_existing_container_alone(stack: Stack) -> None:
    before, port = stack.host.ids(), free_port(4900, 4999)
    change(
        stack,
        "notes",
        {
            "postgres": {"database": "notes", "extensions": ["vector"], "connections": 5},
            "redis": ["cache"],
            "service": {"tier": "backend", "port": f"{port}:8000"},
        },
    )
    stack.project.pulumi("up", "--yes")

    after = stack.host.ids()
    assert {name: after.get(name) for name in before} == before
    assert set(after) - set(before) == {f"{PREFIX}-notes"}
    told = report(port)
    assert told["database"]["ok"], told
    assert told["database"]["user"] == "notes_a"
    assert told["redis"] == {"ok": True, "db": 0, "user": "notes"}


def test_down_and_up_again_keep_data_and_passwords(stack: Stack) -> None:
    kept, volumes, networks = passwords(stack), stack.host.volumes(), stack.host.networks()
    login, key = stack.stores.apps["brain"], "brain:before"
    with stack.stores.sql(stack.stores.migrations["brain"]) as migrate, stack.stores.sql(login) as app:
        migrate.execute("CREATE TABLE IF NOT EXISTS kept (id int PRIMARY KEY, point vector(3))")
        app.execute("INSERT INTO kept VALUES (1, '[1,2,3]')")
    with stack.stores.keys(stack.stores.redis_users["brain"]) as client:
        client.set(key, "kept", ex=3600)

    stack.project.operate("down")
    assert stack.host.containers(ended=True) == {}
    assert stack.host.networks() == []
    data = {name for name in volumes if name.endswith("-data")}
    assert len(data) == 2
    assert data <= set(stack.host.volumes()), "what holds data stays"
    assert passwords(stack) == kept

    stack.project.pulumi("config", "rm", "data-tier:running")
    stack.project.pulumi("up", "--yes")
    assert stack.host.networks() != []
    assert set(stack.host.networks()) == set(networks)
    assert passwords(stack) == kept
    with stack.stores.sql(login) as app:
        assert app.execute("SELECT id, point::text FROM kept").fetchall() == [(1, "[1,2,3]")]
    with stack.stores.keys(stack.stores.redis_users["brain"]) as client:
        assert client.get(key) == "kept"
    done = stack.project.pulumi("preview", "--expect-no-changes", ok=False)
    assert done.code == 0, done.text
