"""An app on a server that somebody else runs, from its first `up` to its purge, on real Docker.

One stack of its own; the tests go through its life in order, each from where the one before has left it.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from typing import Any

import docker
import psycopg
import pytest

from tests.integration import stackfile
from tests.integration.daemon import ran
from tests.integration.life import Life, lived
from tests.integration.outside import ADMIN, ADMIN_PASSWORD, NAME, Outside, running
from tests.integration.project import Project

pytestmark = pytest.mark.integration
PREFIX = f"external-{os.getpid()}"
READER = "auditor"
ROLES = ["wiki", "wiki_a", "wiki_b", "wiki_migrate", "wiki_owner"]
INIT = "CREATE TABLE pages (id serial PRIMARY KEY, title text); INSERT INTO pages (title) VALUES ('home');"
ASK = """
import psycopg, sys
url = open("/run/secrets/database_url").read().strip()
if len(sys.argv) > 2:
    url = url.replace(*sys.argv[2:])
with psycopg.connect(url, connect_timeout=5) as connection:
    print(*connection.execute(sys.argv[1]).fetchone())
"""
WHO = "SELECT session_user, (SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()), count(*) FROM pages"


def settings(client: docker.DockerClient, outside: Outside) -> dict[str, Any]:
    database = {
        "database": "wiki",
        "extensions": ["hstore"],
        "init": ["pages.sql"],
        "connections": 4,
        "limits": {"statement_timeout": "5s", "lock_timeout": "1s"},
        "row_level_security": {},
        "readers": [READER],
        "server": {"external": outside.section("BOSS_PASSWORD", "certificates/outside.pem")},
    }
    data, backend, pool = (str(subnet) for subnet in stackfile.free_subnets(client, 3))
    return {
        "data-tier:prefix": PREFIX,
        "data-tier:images": dict(stackfile.IMAGES),
        "data-tier:rotation": {"drain": "3s"},
        "data-tier:network": {
            "data": {"internal": True, "subnet": data, "apps": pool},
            "backend": {"internal": True, "subnet": backend},
        },
        "data-tier:postgres": {"image": "postgres:17", "resources": {"memory": "256Mi", "cpu": 1}, "connections": 60},
        "data-tier:redis": {"image": "redis:8", "memory": "64Mi", "databases": {"cache": 0}},
        "data-tier:readers": {READER: {"connections": 2}},
        "data-tier:apps": {"wiki": {"postgres": database, "service": {"tier": "backend", "memory": "64Mi"}}},
    }


@pytest.fixture(scope="module")
def outside(daemon: docker.DockerClient) -> Iterator[Outside]:
    with running(daemon, PREFIX) as server:
        yield server


@pytest.fixture(scope="module")
def before(outside: Outside) -> list[list[tuple[Any, ...]]]:
    """The server as it was before the stack came."""
    return outside.everything()


@pytest.fixture(scope="module")
def life(
    daemon: docker.DockerClient,
    outside: Outside,
    before: list[list[tuple[Any, ...]]],
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Life]:
    assert before
    project = Project(tmp_path_factory.mktemp("external"), settings(daemon, outside))
    project.env["BOSS_PASSWORD"] = ADMIN_PASSWORD
    (project.root / "pages.sql").write_text(INIT)
    (project.root / "certificates").mkdir()
    (project.root / "certificates/outside.pem").write_text(outside.authority)
    (project.root / "certificates/other.pem").write_text(_another_authority())
    with lived(daemon, project, Life, up=False) as found:
        yield found


def _another_authority() -> str:
    from datetime import UTC, datetime

    from components.tls import certificates

    return certificates.authority("another seed", "other", datetime.now(UTC))


def ask(life: Life, query: str, *replaced: str) -> tuple[int, str]:
    """What the app's own container is told with its own URL, parts of which may be replaced."""
    return ran(life.host.containers()[f"{PREFIX}-wiki"], ["python3", "-c", ASK, query, *replaced])


def external(life: Life, **keys: Any) -> dict[str, Any]:
    apps = life.apps
    apps["wiki"]["postgres"]["server"]["external"].update(keys)
    return apps


@pytest.mark.parametrize(
    ("keys", "password", "words"),
    [
        ({"port": 1}, ADMIN_PASSWORD, "Connection refused"),
        ({}, "wrong", "password authentication failed"),
        ({"ca": "certificates/other.pem"}, ADMIN_PASSWORD, "certificate verify failed"),
        ({"host": "elsewhere.outside.test"}, ADMIN_PASSWORD, "does not match host name"),
        ({"admin": "weak"}, ADMIN_PASSWORD, "weak lacks CREATEROLE and CREATEDB"),
    ],
)
def test_what_is_wrong_with_the_server_is_one_error_and_nothing_is_made_there(
    life: Life, outside: Outside, before: list[Any], keys: dict[str, Any], password: str, words: str
) -> None:
    right = life.apps
    life.change(apps=external(life, **keys))
    life.project.env["BOSS_PASSWORD"] = password
    done = life.project.pulumi("up", "--yes", "--skip-preview", ok=False)
    life.project.env["BOSS_PASSWORD"] = ADMIN_PASSWORD
    life.change(apps=right)
    assert done.code != 0
    told = {line.strip() for line in done.text.splitlines() if f" on {keys.get('host', NAME)}:" in line}
    assert len(told) == 1, done.text
    assert words in told.pop()
    assert outside.everything() == before


def test_an_extension_that_it_lacks_and_a_database_of_others_are_told_together(
    life: Life, outside: Outside, before: list[Any]
) -> None:
    right = life.apps
    apps = life.apps
    apps["wiki"]["postgres"] |= {"database": "other", "extensions": ["hstore", "postgis", "nonesuch"]}
    life.change(apps=apps)
    done = life.project.pulumi("up", "--yes", "--skip-preview", ok=False)
    life.change(apps=right)
    assert done.code != 0
    assert "there is a database other already, which belongs to others" in done.text
    assert "it doesn't offer the extensions nonesuch, postgis" in done.text
    assert outside.everything() == before


def test_the_database_its_roles_and_grants_are_made_and_nothing_else_is_touched(
    life: Life, outside: Outside, before: list[Any]
) -> None:
    life.up()
    roles = "SELECT rolname, rolcanlogin, rolsuper FROM pg_roles WHERE rolname ~ '^wiki' ORDER BY 1"
    assert [row[0] for row in outside.rows(roles)] == ROLES
    assert [row[0] for row in outside.rows(roles) if row[1]] == ["wiki_a", "wiki_b", "wiki_migrate"]
    owner = "SELECT datdba::regrole::text, has_database_privilege('public', oid, 'CONNECT') FROM pg_database"
    assert outside.rows(f"{owner} WHERE datname = 'wiki'") == [("wiki_owner", False)]
    owners = "SELECT DISTINCT relowner::regrole::text FROM pg_class WHERE relnamespace = 'public'::regnamespace"
    assert outside.rows(f"{owners} AND relkind = 'r'", "wiki") == [("wiki_owner",)]
    assert outside.rows("SELECT 1 FROM pg_extension WHERE extname = 'hstore'", "wiki") == [(1,)]
    for was, now in zip(before, outside.everything(), strict=True):
        assert set(was) <= set(now), "what was there is as it was"


def test_the_app_connects_through_the_relay_and_verifies_the_servers_own_name(life: Life) -> None:
    assert ask(life, WHO) == (0, "wiki_a True 1")
    assert "sslmode=verify-full" in life.told["secrets"]["urls"]["wiki"]["database_url"]
    code, said = ask(life, WHO, f"@{NAME}:", f"@{PREFIX}-wiki-postgres:")
    assert code != 0
    assert "does not match host name" in said
    code, said = ask(life, WHO, "/run/secrets/postgres-wiki.crt", "/run/secrets/ca.crt")
    assert code != 0
    assert "certificate verify failed" in said
    assert ask(life, "SHOW lock_timeout") == (0, "1s")


def test_nothing_drifts_also_after_a_refresh(life: Life) -> None:
    assert life.project.steps() == {}
    life.project.pulumi("refresh", "--yes")
    assert life.project.steps() == {}


def test_the_commands_reach_it(life: Life) -> None:
    status = json.loads(life.project.operate("status", "--json").out)
    relays = [one for one in status["containers"] if one["role"] == "relay"]
    assert {one["name"] for one in relays} == {f"{PREFIX}-wiki-postgres", f"{PREFIX}-wiki-postgres-outside"}
    assert status["problems"] == []
    asked = ("-m", "operate", "psql", "wiki", "--stack", "dev")
    assert life.project.plain(*asked, "--", "-tAc", "SELECT session_user").out.strip() == "wiki_a"
    assert life.project.plain(*asked, "--admin", "--", "-tAc", "SELECT session_user").out.strip() == ADMIN
    assert life.project.plain(*asked, "--reader", READER, "--", "-tAc", "TABLE pages").out.strip() == "1|home"
    assert json.loads(life.project.operate("env", "wiki", "--json").out)["DATABASE_URL"].startswith("postgresql://")
    life.project.operate("restart", "wiki")
    assert ask(life, WHO) == (0, "wiki_a True 1")


def test_a_copy_restores_there_and_takes_the_databases_place(life: Life, outside: Outside) -> None:
    told = json.loads(life.project.operate("backup", "wiki", "--check", "restore", "--json").out)
    assert told["failed"] == []
    [file] = [one["file"] for one in told["backups"]]
    life.project.operate("restore", "wiki", "--from", file)
    swapped = json.loads(
        life.project.operate("restore", "wiki", "--swap", "--as", "wiki_restored", "--yes", "--json").out
    )
    done = life.project.pulumi("preview", "--expect-no-changes", ok=False)
    assert done.code == 0, done.text
    life.project.pulumi("refresh", "--yes")
    done = life.project.pulumi("preview", "--expect-no-changes", ok=False)
    assert done.code == 0, done.text
    left = life.project.operate("restore", "wiki", "--swap", "--as", "postgres", "--yes", ok=False)
    assert f"those there are: {swapped['former']}" in left.err
    drop = f"DROP DATABASE {swapped['former']}"
    asked = ("-m", "operate", "psql", "wiki", "--stack", "dev", "--admin", "--", "-d", "postgres", "-c", drop)
    life.project.plain(*asked)


def test_a_rotation_changes_over_and_locks_the_login_before(life: Life, outside: Outside) -> None:
    ids = life.host.ids()
    life.project.operate("rotate", "wiki")
    life.__dict__.pop("told", None)
    assert life.host.ids() == ids
    assert ask(life, WHO) == (0, "wiki_b True 1")
    assert outside.rows("SELECT rolname FROM pg_roles WHERE rolname ~ '^wiki_[ab]$' AND rolcanlogin") == [("wiki_b",)]


def test_another_server_or_one_of_the_stack_is_refused_before_anything_is_done(life: Life) -> None:
    right = life.apps
    life.change(apps=external(life, host="elsewhere.outside.test"))
    life.refused(["up", "--yes"], wanted=(f"the app's data is on {NAME}:",))
    apps = life.apps
    apps["wiki"] |= {"dedicated": True}
    del apps["wiki"]["postgres"]["server"]
    life.change(apps=apps)
    life.refused(["up", "--yes"], wanted=("outside of the stack, and another server begins without it",))
    life.change(apps=right)


def test_while_the_stack_is_down_the_data_stays_and_is_used_again(life: Life, outside: Outside) -> None:
    life.project.operate("down")
    assert life.host.containers() == {}
    assert outside.rows("SELECT title FROM pages", "wiki") == [("home",)]
    life.project.operate("up")
    life.__dict__.pop("told", None)
    assert ask(life, WHO) == (0, "wiki_b True 1")


def test_a_purge_backs_the_database_up_and_leaves_the_server_as_it_was(
    life: Life, outside: Outside, before: list[Any]
) -> None:
    apps = life.apps
    del apps["wiki"]["postgres"]["readers"]
    life.change(apps=apps, readers=None)
    life.up()
    assert outside.rows(f"SELECT 1 FROM pg_roles WHERE rolname ~ '{READER}'") == []
    life.change(retired=["wiki"])
    life.up()
    assert outside.rows("SELECT rolname FROM pg_roles WHERE rolname ~ '^wiki' AND rolcanlogin") == []
    done = json.loads(life.project.operate("purge", "wiki", "--yes", "--json").out)
    [backup] = done["backups"]
    assert backup["store"] == f"{NAME}:{outside.address[1]}/wiki"
    assert backup["entries"] > 0
    assert outside.everything() == before, "the server is as it was before the stack came"
    with pytest.raises(psycopg.OperationalError, match="does not exist"):
        outside.superuser("wiki")
