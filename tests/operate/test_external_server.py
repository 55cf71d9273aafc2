"""What is said about a server outside of the stack, without one."""

from __future__ import annotations

import json
from typing import Any

import pytest

from operate import external_server, step
from operate.external_server import faults

SERVER = {"PGHOST": "127.0.0.1", "PGPORT": "1", "PGSSLMODE": "disable", "PGUSER": "boss", "PGDATABASE": "postgres"}
ASKED = {"app": "wiki", "database": "wiki", "owner": "wiki_owner", "extensions": []}


class _Answers:
    """A connection that answers each question by what it asks for."""

    class info:  # noqa: N801 - psycopg's own name
        server_version = 170000
        user = "boss"

    def __init__(self, **answers: Any) -> None:
        told = {"recovery": [(False,)], "roles": [(True, True)], "owner": [], "extensions": []}
        self.answers = {**told, **answers}

    def execute(self, query: bytes, _values: Any = None) -> Any:
        text = query.decode()
        words = {"pg_is_in_recovery": "recovery", "rolcreaterole": "roles", "datdba": "owner", "unnest": "extensions"}
        rows = self.answers[next(name for word, name in words.items() if word in text)]

        class Cursor:
            fetchone = staticmethod(lambda: rows[0] if rows else None)
            fetchall = staticmethod(lambda: rows)

        return Cursor


def said(version: int = 170000, **answers: Any) -> list[str]:
    server = _Answers(**answers)
    server.info.server_version = version
    return list(faults(server, "wiki", "wiki_owner", ["hstore"]))  # type: ignore[arg-type]  # answers as one does


def test_a_server_as_it_has_to_be_is_told_nothing_about():
    assert said() == []
    assert said(owner=[("wiki_owner",)]) == [], "a database that the stack has made is its own"


def test_everything_that_is_wrong_is_told_at_once():
    found = said(
        140011, recovery=[(True,)], roles=[(False, True)], owner=[("alice",)], extensions=[("hstore",), ("vector",)]
    )
    assert found == [
        "it is PostgreSQL 14, and at least 15 is needed",
        "it is a standby, which takes no changes: name the primary",
        "boss lacks CREATEROLE",
        "there is a database wiki already, which belongs to alice: choose another name",
        "it doesn't offer the extensions hstore, vector",
    ]


def test_an_error_names_the_key_the_admin_and_the_server_and_no_password(capsys):
    told = {"EXTERNAL_SERVER": json.dumps(SERVER), "EXTERNAL_ASKED": json.dumps(ASKED), "PGPASSWORD": "hunter2-hunter2"}
    assert step.run(external_server.STEPS["check"], told) == 1
    line = capsys.readouterr().err.strip()
    assert line.startswith("data-tier:apps.wiki.postgres.server.external: boss on 127.0.0.1:1: ")
    assert "refused" in line
    assert "hunter2" not in line
    assert "\n" not in line


@pytest.mark.parametrize("arguments", [[], ["all"], ["check", "join"]])
def test_a_wrong_command_is_answered_with_its_usage(arguments, capsys):
    assert step.main("external_server", external_server.STEPS, arguments, {}) == 2
    assert "check|join" in capsys.readouterr().err


@pytest.mark.parametrize("command", ["check", "join"])
def test_what_the_environment_lacks_is_named(command, capsys):
    assert step.run(external_server.STEPS[command], {}) == 2
    assert "is not set in the environment" in capsys.readouterr().err
