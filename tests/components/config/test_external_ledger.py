"""Data on a server outside of the stack is looked for nowhere else, nor data of the stack outside."""

from __future__ import annotations

from typing import Any

import pytest

from components.config import parse
from components.config.ledger import compare, entries
from components.naming import server_key
from tests.components.samples import outside, small

KEY = "data-tier:apps.wiki.postgres.server.external"


def recorded(raw: dict[str, Any], **more: Any) -> dict[str, Any]:
    """The outputs that a run of `raw` leaves, as far as this part of the ledger reads them."""
    apps = {app: entry.model_dump(mode="json") for app, entry in entries(parse(raw)).items()}
    return {"topology": raw["topology"], "apps": apps, **more}


def there(raw: dict[str, Any]) -> dict[str, Any]:
    return recorded(raw, external_servers={server_key("postgres", "wiki"): {"host": "db.example.com", "port": 5432}})


def own() -> dict[str, Any]:
    """The same app on a server of its own."""
    raw = outside()
    raw["apps"]["wiki"] |= {"dedicated": True}
    del raw["apps"]["wiki"]["postgres"]["server"]
    return raw


def told(outputs: dict[str, Any], raw: dict[str, Any]) -> list[str]:
    return [str(problem) for problem in compare(outputs, parse(raw))]


def test_the_same_server_is_no_change_and_neither_is_another_admin_or_address():
    assert told(there(outside()), outside()) == []
    assert told(there(outside()), outside(admin="chief", hostaddr="10.1.2.3")) == []


@pytest.mark.parametrize("keys", [{"host": "other.example.com"}, {"port": 5433}])
def test_another_server_is_refused(keys):
    [problem] = told(there(outside()), outside(**keys))
    assert problem.startswith(f"{KEY}.host")
    assert "the app's data is on db.example.com:5432" in problem


def test_leaving_for_a_server_of_its_own_is_refused():
    [problem] = told(there(outside()), own())
    assert problem.startswith(KEY)
    assert "Write db.example.com:5432 back" in problem


def test_leaving_a_server_of_its_own_for_one_outside_is_refused():
    before = recorded(
        own(), servers={server_key("postgres", "wiki"): {"kind": "postgres", "name": "small-wiki-postgres"}}
    )
    [problem] = told(before, outside())
    assert problem.startswith(f"{KEY} = 'db.example.com:5432'")
    assert "small-wiki-postgres" in problem


def test_leaving_the_shared_server_for_one_outside_needs_both_declared():
    before = recorded(small(wiki={"postgres": {"database": "wiki"}, "redis": ["cache"]}))
    [problem] = told(before, outside())
    assert problem.startswith(KEY)
    assert "keep: [unified] and serving: unified" in problem
    moving = outside()
    moving["apps"]["wiki"] |= {"keep": ["unified"], "serving": "unified"}
    assert told(before, moving) == []


def test_an_app_that_was_purged_may_leave_it():
    outputs = there({**outside(), "retired": ["wiki"], "purging": ["wiki"]})
    assert told(outputs, small()) == []
