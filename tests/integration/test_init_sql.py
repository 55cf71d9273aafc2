"""SQL files that databases begin with, on real Docker: in both shapes, once each, and never half.

One stack of its own; the tests go through its life in order, each from where the one before has left it.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import docker
import pytest

from tests.integration import stackfile
from tests.integration.daemon import ran
from tests.integration.life import Life, lived
from tests.integration.project import Project

pytestmark = pytest.mark.integration
PREFIX = f"init-{os.getpid()}"
TABLES = """-- runs first; by its name
CREATE EXTENSION IF NOT EXISTS "uuid-ossp";
CREATE SCHEMA sales;
CREATE TABLE sales.orders (id uuid PRIMARY KEY DEFAULT uuid_generate_v4(), item text NOT NULL);
CREATE FUNCTION sales.shout() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN NEW.item = upper(NEW.item); RETURN NEW; END $$;
CREATE TRIGGER shout BEFORE INSERT ON sales.orders FOR EACH ROW EXECUTE FUNCTION sales.shout();
"""

ROWS = """SET search_path = sales;
INSERT INTO orders (item) VALUES ('tea'), ('rice');
CREATE TABLE later (a int);
"""


def settings(client: docker.DockerClient) -> dict[str, Any]:
    data, pool = str(*stackfile.free_subnets(client, 1)), str(stackfile.free_pool(client))
    return {
        "data-tier:prefix": PREFIX,
        "data-tier:images": dict(stackfile.IMAGES),
        "data-tier:network": {"data": {"internal": True, "subnet": data, "apps": pool}},
        "data-tier:postgres": {"image": "postgres:17", "resources": {"memory": "256Mi", "cpu": 1}, "connections": 100},
        "data-tier:redis": {"image": "redis:8", "memory": "64Mi", "databases": {"cache": 0}},
        "data-tier:apps": {
            "shop": {"postgres": {"database": "shop", "extensions": ["pg_trgm"], "init": ["sql/shop"]}},
            "blog": {"dedicated": True, "postgres": {"database": "blog", "init": ["sql/shop/01-tables.sql"]}},
        },
    }


@pytest.fixture(scope="module")
def life(daemon: docker.DockerClient, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Life]:
    project = Project(tmp_path_factory.mktemp("init"), settings(daemon))
    folder(project).mkdir(parents=True)
    (folder(project) / "01-tables.sql").write_text(TABLES)
    (folder(project) / "02-rows.sql").write_text(ROWS)
    with lived(daemon, project, Life) as found:
        yield found


def folder(project: Project) -> Path:
    return project.root / "sql" / "shop"


def ask(life: Life, query: str, app: str = "shop", role: str = "admin") -> str:
    server = f"{PREFIX}-postgres-unified" if app == "shop" else f"{PREFIX}-{app}-postgres"
    text = f"SET ROLE {role}; {query}" if role != "admin" else query
    code, out = ran(life.host.client.containers.get(server), ["psql", "-U", "admin", "-d", app, "-XAtqc", text])
    return f"{code}: {out}" if code else out


APPLIED = "SELECT string_agg(file, ',' ORDER BY position) FROM data_tier_init.applied"


def test_files_run_in_order_of_their_names_and_belong_to_the_owner(life):
    assert ask(life, "SELECT string_agg(item, ',' ORDER BY item) FROM sales.orders") == "RICE,TEA"
    assert ask(life, APPLIED) == "01-tables.sql,02-rows.sql"
    owners = (
        "SELECT string_agg(DISTINCT tableowner, ',') FROM pg_tables WHERE schemaname IN ('sales', 'data_tier_init')"
    )
    assert ask(life, owners) == "shop_owner"
    assert ask(life, APPLIED, app="blog") == "01-tables.sql"


def test_the_app_uses_what_they_made_and_never_sees_the_record(life):
    assert ask(life, "SELECT count(*) FROM sales.orders", role="shop_a") == "2"
    assert "permission denied" in ask(life, APPLIED, role="shop_a")
    assert "permission denied" in ask(life, "DELETE FROM data_tier_init.applied", role="shop")


def test_a_second_run_does_nothing(life):
    assert "unchanged" in life.project.pulumi("preview", "--expect-no-changes").text
    life.up()
    assert ask(life, "SELECT count(*) FROM sales.orders") == "2"


def test_a_further_file_runs_and_no_container_is_another(life):
    before = life.host.ids()
    (folder(life.project) / "03-more.sql").write_text("INSERT INTO sales.orders (item) VALUES ('salt');\n")
    life.up()
    assert ask(life, "SELECT count(*) FROM sales.orders") == "3"
    assert life.host.ids() == before


HALF = "CREATE TABLE half (a int);\n"


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("\nCREATE TABL other (b int);\n", "line 3: CREATE TABL other (b int): syntax error"),
        ("INSERT INTO half\n  SELECT 1/0;\n", "line 2: INSERT INTO half SELECT 1/0: division by zero"),
        ("SELECT\n  nothing\nFROM half;\n", 'SELECT nothing FROM half: column "nothing"'),
        ("COMMIT;\n", "line 2: COMMIT: the file runs in one transaction"),
        ("COPY half FROM STDIN;\n", "COPY FROM STDIN has no input here"),
        ("SELECT 'never ends;\n", "line 2: unterminated quoted string"),
        ("CREATE ROLE mighty SUPERUSER;\n", "line 2: CREATE ROLE mighty SUPERUSER: permission denied"),
        ("CREATE SCHEMA pg_x;\n", 'line 2: CREATE SCHEMA pg_x: unacceptable schema name "pg_x"'),
        ("RESET ROLE; ALTER ROLE shop_a SUPERUSER;\n", "line 2: ALTER ROLE shop_a SUPERUSER: permission denied"),
    ],
)
def test_a_file_that_fails_is_named_with_line_and_statement_and_leaves_nothing(life, text, wanted):
    wrong = folder(life.project) / "04-wrong.sql"
    wrong.write_text(HALF + text)
    done = life.project.pulumi("up", "--yes", "--skip-preview", ok=False)
    wrong.unlink()
    assert done.code != 0
    assert "sql/shop/04-wrong.sql, line " in done.text
    assert wanted in done.text, [line for line in done.text.splitlines() if "04-wrong" in line]
    assert ask(life, "SELECT to_regclass('half') IS NULL") == "t"
    assert ask(life, APPLIED) == "01-tables.sql,02-rows.sql,03-more.sql"


def test_an_edited_file_that_has_run_is_refused_by_name(life):
    life.up()
    file = folder(life.project) / "02-rows.sql"
    was = file.read_text()
    file.write_text(was + "INSERT INTO sales.orders (item) VALUES ('edited');\n")
    (folder(life.project) / "05-new.sql").write_text("CREATE TABLE new (a int);\n")
    done = life.project.pulumi("up", "--yes", "--skip-preview", ok=False)
    assert done.code != 0
    assert "sql/shop/02-rows.sql: it has run in this database and was edited since" in done.text
    assert ask(life, "SELECT to_regclass('new') IS NULL") == "t", "files after it wait as well"
    file.write_text(was)
    life.up()
    assert ask(life, "SELECT to_regclass('new') IS NULL") == "f"


def test_a_file_that_is_not_there_is_refused_before_anything_runs(life):
    apps = life.apps
    apps["shop"]["postgres"]["init"] = ["sql/shop", "sql/none.sql"]
    was = life.apps
    life.change(apps=apps)
    life.refused(["preview"], ["up", "--yes"], wanted=("apps.shop.postgres.init[1]", "sql/none.sql", "can't be read"))
    life.change(apps=was)
