"""Slides of Darevel moves to a server that somebody else runs, with its data, as the example's README says.

One stack of its own with slides alone; the tests go through the move in order.
"""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

import docker
import psycopg
import pytest

from tests.examples import example
from tests.examples.example import Example
from tests.integration import stackfile
from tests.integration.life import lived
from tests.integration.outside import ADMIN_PASSWORD, NAME, Outside, running
from tests.integration.project import Project
from tests.integration.test_services import report

pytestmark = pytest.mark.integration
PREFIX = f"managed-{os.getpid()}"
ROWS = "SELECT array_agg(title ORDER BY id), max(id) FROM slides"
MADE = """
    CREATE TABLE slides (id serial PRIMARY KEY, title text NOT NULL UNIQUE);
    INSERT INTO slides (title) VALUES ('first'), ('second');
    CREATE VIEW titles AS SELECT title FROM slides;
"""


@pytest.fixture(scope="module")
def outside(daemon: docker.DockerClient) -> Iterator[Outside]:
    with running(daemon, PREFIX) as server:
        yield server


@pytest.fixture(scope="module")
def darevel(
    daemon: docker.DockerClient, outside: Outside, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Example]:
    stack = stackfile.moved(example.config("darevel"), PREFIX, daemon)
    stack["data-tier:apps"] = {"slides": stack["data-tier:apps"]["slides"]}
    project = Project(tmp_path_factory.mktemp("managed"), stack)
    project.env["SLIDES_DB_PASSWORD"] = ADMIN_PASSWORD
    (project.root / "rds.pem").write_text(outside.authority)
    with lived(daemon, project, Example) as found:
        yield found


def managed(outside: Outside) -> dict[str, Any]:
    """The README's second app; `hostaddr` and the port are this test's, whose server no DNS knows."""
    external = outside.section("SLIDES_DB_PASSWORD", "rds.pem")
    return {"postgres": {"database": "darevel_slides", "server": {"external": external}}}


def asked(darevel: Example) -> dict[str, Any]:
    """What the backend says of its database, by the address that people know."""
    url = next(its["url"] for its in darevel.told["services"].values())
    found: dict[str, Any] = report(urlsplit(url).port or 0)["database"]
    return found


def test_a_second_app_makes_the_database_on_the_managed_server_while_the_first_one_works(
    darevel: Example, outside: Outside
) -> None:
    with darevel.connect("slides", "migrate_url") as connection:
        connection.execute(MADE)
    ids = darevel.host.ids()
    darevel.change(apps=darevel.apps | {"slides-managed": managed(outside)})
    darevel.up()
    assert darevel.host.ids().items() >= ids.items(), "nothing that ran was touched"
    assert outside.rows("SELECT datdba::regrole::text FROM pg_database WHERE datname = 'darevel_slides'") == [
        ("darevel_slides_owner",)
    ]


def test_its_data_moves_while_nobody_writes_and_is_the_owners_there(darevel: Example, outside: Outside) -> None:
    darevel.change(retired=["slides"])
    darevel.up()
    assert [name for name in darevel.names() if name.endswith("backend")] == []
    server = f"{PREFIX}-darevel-postgres-slides"
    dump = f"docker exec -u postgres {server} pg_dump -U postgres --no-owner --no-privileges darevel_slides"
    psql = "./operatew psql slides-managed --admin --stack dev --"
    told = "-q -v ON_ERROR_STOP=1 -1 -c 'SET ROLE darevel_slides_owner' -f -"
    done = subprocess.run(
        ["bash", "-o", "pipefail", "-c", f"{dump} | {psql} {told}"],
        cwd=darevel.project.root,
        env=darevel.project.env,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert (
        darevel.admin("postgres-slides", ROWS, "darevel_slides")
        == outside.rows(ROWS, "darevel_slides")
        == [(["first", "second"], 2)]
    )
    owners = "SELECT DISTINCT relowner::regrole::text FROM pg_class WHERE relname IN ('slides', 'titles')"
    assert outside.rows(owners, "darevel_slides") == [("darevel_slides_owner",)]
    assert outside.rows("SELECT last_value FROM slides_id_seq", "darevel_slides") == [(2,)]


def test_the_backend_changes_over_and_connects_with_a_password_of_the_new_server(
    darevel: Example, outside: Outside
) -> None:
    apps = darevel.apps
    apps["slides-managed"]["service"] = apps["slides"].pop("service")
    darevel.change(apps=apps)
    darevel.up()
    assert {name for name in darevel.names() if name.endswith("backend")} == {"darevel-slides-backend"}
    told = asked(darevel)
    assert (told["ok"], told["database"], told["user"]) == (True, "darevel_slides", "darevel_slides_a")
    own = urlsplit(darevel.told["secrets"]["urls"]["slides-managed"]["database_url"])
    assert own.hostname == NAME
    there = {"host": outside.address[0], "port": outside.address[1], "dbname": "darevel_slides", "sslmode": "require"}
    with psycopg.connect(**there, user=own.username, password=own.password, autocommit=True) as connection:
        connection.execute("INSERT INTO slides (title) VALUES ('third')")
        assert connection.execute(ROWS).fetchone() == (["first", "second", "third"], 3)
    with pytest.raises(psycopg.OperationalError, match="pg_hba"):
        psycopg.connect(**{**there, "sslmode": "disable"}, user=own.username, password=own.password)


def test_until_a_purge_there_is_a_way_back_and_forth(darevel: Example) -> None:
    apps = darevel.apps
    service = apps["slides-managed"].pop("service")
    darevel.change(apps=apps)
    darevel.up()
    darevel.change(apps=apps | {"slides": apps["slides"] | {"service": service}}, retired=None)
    darevel.up()
    assert asked(darevel)["ok"]
    assert darevel.ask("slides", ROWS) == [(["first", "second"], 2)], "what was written since is elsewhere"
    darevel.change(retired=["slides"])
    darevel.up()
    darevel.change(apps=apps | {"slides-managed": apps["slides-managed"] | {"service": service}})
    darevel.up()
    assert asked(darevel)["ok"]


def test_nobody_logs_in_where_the_data_was_and_it_is_there_until_a_purge(darevel: Example) -> None:
    query = "SELECT bool_or(rolcanlogin) FROM pg_roles WHERE rolname ~ '^darevel_slides'"
    assert darevel.admin("postgres-slides", query) == [(False,)]
    assert darevel.admin("postgres-slides", ROWS, "darevel_slides") == [(["first", "second"], 2)]
    darevel.project.operate("purge", "slides", "--yes")
    darevel.__dict__.pop("told", None)
    assert f"{PREFIX}-darevel-postgres-slides-data" not in darevel.host.volumes()
    assert asked(darevel)["ok"]
