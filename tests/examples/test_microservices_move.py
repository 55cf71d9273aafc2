"""The way out of the monolith, from the first write to both databases to its end (examples/microservices).

One stack in the unified shape; the tests go through the move in order, each from where the one before has left it.
"""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import docker
import psycopg
import pytest

from tests.examples.example import Example, brought_up
from tests.integration.outside import ADMIN_PASSWORD, Outside, running
from tests.integration.project import REPOSITORY

pytestmark = pytest.mark.integration
SERVICES = ("auth", "product", "cart", "promotion")
PROGRAM = REPOSITORY / "examples/microservices/dual_write.py"
LEGACY = "LEGACY_DATABASE_URL"


@pytest.fixture(scope="module")
def outside(daemon: docker.DockerClient) -> Iterator[Outside]:
    """The second variant's server: somebody else's, outlives the stack."""
    with running(daemon, f"micro-{os.getpid()}") as server:
        yield server


@pytest.fixture(scope="module")
def example(
    outside: Outside, daemon: docker.DockerClient, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Example]:
    with brought_up(daemon, tmp_path_factory.mktemp("move"), "microservices", "unified") as found:
        yield found


def env_file(example: Example, app: str) -> Path:
    """What `operate env` writes for a service that runs on this host."""
    file = example.project.root / f"{app}.env"
    example.project.operate("env", app, "--loopback", "ca.crt", "--output", file.name)
    return file


def dual_write(example: Example, *arguments: str) -> tuple[int, str]:
    """The example's program, with auth's env file loaded as a shell does it."""
    python = REPOSITORY / ".venv/bin/python"
    loaded = ["sh", "-ac", '. ./auth.env; exec "$@"', "sh", str(python), "-B", str(PROGRAM), *arguments]
    done = subprocess.run(loaded, cwd=example.project.root, capture_output=True, text=True, timeout=60, check=False)
    assert "Traceback" not in done.stderr, done.stderr
    return done.returncode, done.stdout


def accounts(example: Example, app: str) -> list[str]:
    return [email for (email,) in example.ask(app, "SELECT email FROM users ORDER BY email")]


def test_each_service_has_an_env_file_with_both_urls_that_only_its_owner_reads(example: Example) -> None:
    for app in SERVICES:
        file = env_file(example, app)
        assert file.stat().st_mode & 0o777 == 0o600
        told = dict(line.split("=", 1) for line in file.read_text().splitlines())
        assert told["DATABASE_URL"].strip("'").startswith(f"postgresql+asyncpg://{app}_db_a:")
        assert told[LEGACY].strip("'").startswith("postgresql+asyncpg://poc_a:")
        assert all("@localhost:" in url for url in told.values())


def test_a_write_reaches_both_databases(example: Example) -> None:
    assert dual_write(example, "write", "ada@shop.test", "hash-1") == (0, "")
    assert accounts(example, "auth") == accounts(example, "poc") == ["ada@shop.test"]
    assert dual_write(example, "compare") == (0, "0 differences\n")


def test_planted_differences_of_every_kind_are_found_and_mended(example: Example) -> None:
    for name in ("bob", "cy", "dot"):
        assert dual_write(example, "write", f"{name}@shop.test", "hash") == (0, "")
    example.ask("auth", "UPDATE users SET password_hash = 'other' WHERE email ~ '^bob' RETURNING 1")
    example.ask("auth", "DELETE FROM users WHERE email ~ '^cy' RETURNING 1")
    example.ask("poc", "DELETE FROM users WHERE email ~ '^dot' RETURNING 1")
    code, said = dual_write(example, "compare")
    assert (code, said.splitlines()) == (
        1,
        [
            "bob@shop.test: not the same",
            "cy@shop.test: missing in the service's database",
            "dot@shop.test: missing in the monolith's database",
            "3 differences",
        ],
    )
    assert dual_write(example, "mend") == (0, "3 mended\n")
    assert dual_write(example, "compare") == (0, "0 differences\n")


def test_with_the_legacy_database_down_nothing_is_written(example: Example) -> None:
    with example.stopped("poc-postgres"):
        code, said = dual_write(example, "write", "eve@shop.test", "hash")
        assert (code, said.partition(":")[0]) == (1, "nothing was written, the monolith's database is down")
        assert dual_write(example, "compare")[0] == 3
        told = example.report("auth")
        assert (told["database"]["ok"], told["further"][LEGACY]["ok"]) == (True, False)
    assert "eve@shop.test" not in [*accounts(example, "auth"), *accounts(example, "poc")]


def test_with_the_services_own_database_down_the_write_stays_and_is_mended_later(example: Example) -> None:
    with example.stopped("postgres-unified"):
        assert dual_write(example, "write", "fay@shop.test", "hash")[0] == 2
        assert "fay@shop.test" in accounts(example, "poc")
    assert dual_write(example, "compare") == (1, "fay@shop.test: missing in the service's database\n1 differences\n")
    assert dual_write(example, "mend") == (0, "1 mended\n")
    assert accounts(example, "auth") == accounts(example, "poc")


def test_the_legacy_database_is_not_retired_while_a_service_uses_it(example: Example) -> None:
    example.change(retired=["poc"])
    example.refused(["preview"], wanted=("data-tier:apps.auth.uses.LEGACY_DATABASE_URL", "poc is retired"))
    example.change(retired=None)


def test_once_retired_nobody_logs_in_to_it_and_its_data_stays_until_it_is_taken_back(example: Example) -> None:
    apps = example.apps
    for app in SERVICES:
        del apps[app]["uses"]
    login = example.login("poc")
    for retired in (["poc"], None, ["poc"]):
        example.change(apps=apps, retired=retired)
        example.up()
        if retired:
            with pytest.raises(psycopg.OperationalError, match="not permitted to log in"):
                psycopg.connect(**login)
            assert example.admin("postgres-poc", "SELECT count(*) FROM users", "poc") == [(4,)]
        else:
            assert len(accounts(example, "poc")) == 4
    for app in SERVICES:
        told = example.report(app)
        assert told["database"]["ok"]
        assert "further" not in told
        assert not [name for name in example.container(app)["Config"]["Env"] if name.startswith("LEGACY")]


def test_a_purge_writes_a_backup_and_takes_its_server_and_volume_away(example: Example) -> None:
    done = json.loads(example.project.operate("purge", "poc", "--yes", "--json").out)
    example.__dict__.pop("told", None)
    [backup] = done["backups"]
    kept = example.project.root / backup["file"]
    assert (kept.stat().st_mode & 0o777, kept.stat().st_size > 0) == (0o600, True)
    left = [*example.host.containers(ended=True), *example.host.volumes(), *example.host.networks()]
    assert not [name for name in left if "-poc" in name]
    assert "poc" not in example.apps
    assert accounts(example, "auth") == [f"{name}@shop.test" for name in ("ada", "bob", "cy", "fay")]
    assert example.project.steps() == {}


def external(outside: Outside) -> dict[str, Any]:
    """The README's second variant: the monolith's database on a server that the stack doesn't run."""
    database = {
        "database": "poc",
        "driver": "asyncpg",
        "ddl": True,
        "connections": 40,
        "init": ["examples/microservices/init/poc"],
        "server": {"external": outside.section("LEGACY_ADMIN_PASSWORD", "legacy.pem")},
    }
    return {"postgres": database}


def test_the_legacy_database_may_be_on_a_server_outside_of_the_stack(example: Example, outside: Outside) -> None:
    example.project.env["LEGACY_ADMIN_PASSWORD"] = ADMIN_PASSWORD
    (example.project.root / "legacy.pem").write_text(outside.authority)
    apps = {**example.apps, "poc": external(outside)}
    for app in SERVICES:
        apps[app]["uses"] = {LEGACY: "poc"}
    example.change(apps=apps)
    example.up()
    for app in SERVICES:
        legacy = example.report(app)["further"][LEGACY]
        assert legacy["ok"], (app, legacy)
        assert (legacy["database"], legacy["user"]) == ("poc", "poc_owner")
    assert outside.rows("SELECT tablename FROM pg_tables WHERE schemaname = 'public'", "poc") == [("users",)]
    assert example.project.steps() == {}
