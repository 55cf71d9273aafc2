"""A stack rebuilt from its recovery kit and a copy of its backup repository, on a host that has nothing of it.

One stack of its own; the tests go through its life in order, each from where the one before has left it.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import docker
import psycopg
import pytest

from operate.recovery import kit, plan
from operate.recovery.passphrase import VARIABLE
from tests.integration import pgbackrest_stack
from tests.integration.daemon import Host
from tests.integration.life import Life
from tests.integration.project import Project, Result

pytestmark = pytest.mark.integration
PREFIX = f"rebuild-{os.getpid()}"
SERVER = f"{PREFIX}-postgres-unified"
BACKUP = f"{SERVER}-backup"
WORD = "a passphrase for the kit"
ROWS = "SELECT count(*), sum(hashtext(note)) FROM orders"


def settings(client: docker.DockerClient) -> dict[str, Any]:
    found = pgbackrest_stack.settings(client, PREFIX, differential=None)
    found["data-tier:apps"]["shop"] = {"postgres": {"database": "shop", "init": ["begin.sql"]}, "redis": ["cache"]}
    return found


@dataclass
class Kept:
    """What was carried away before the stack was lost, and what the stack was like then."""

    folder: Path
    life: Life
    rows: dict[str, Any] = field(default_factory=dict)
    urls: dict[str, str] = field(default_factory=dict)
    said: str = ""

    @property
    def kit(self) -> Path:
        return self.folder / "dev.recovery-kit"

    @property
    def repository(self) -> Path:
        return self.folder / "repository"


@pytest.fixture(scope="module")
def kept(daemon: docker.DockerClient, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Kept]:
    """A stack with rows of two apps, its kit, a copy of its repository; then all of it lost."""
    folder, host = tmp_path_factory.mktemp("kept"), Host(daemon, PREFIX)
    root = tmp_path_factory.mktemp("first")
    project = Project(root, settings(daemon))
    (root / "begin.sql").write_text("CREATE TABLE begun (at timestamptz DEFAULT now());\n")
    try:
        project.pulumi("stack", "init")
        project.pulumi("up", "--yes", "--skip-preview")
        found = Kept(folder, Life(project, host))
        _filled(found)
        found.said = project.operate("recovery-kit", "--output", str(found.kit), **{VARIABLE: WORD}).text
        _copied(found)
        _lost(found, root)
        yield found
    finally:
        host.remove_everything()


def _filled(kept: Kept) -> None:
    """Rows before the backup, rows after it, and one app that comes after it."""
    life = kept.life
    pgbackrest_stack.wait_for_first(life.host, BACKUP)
    for app in ("shop", "wiki"):
        write(
            life, app, f"CREATE TABLE orders (note text); INSERT INTO orders SELECT '{app}' || generate_series(1, 500)"
        )
    life.project.operate("backup", "--physical", "incremental")
    for app in ("shop", "wiki"):
        write(life, app, f"INSERT INTO orders SELECT 'later {app}' || generate_series(1, 70)")
        kept.urls[app] = _lasting(kept, life.url(app, "migrate_url", "postgres"))
        kept.rows[app] = ask(kept.urls[app], ROWS)
    kept.urls["shop login"] = _lasting(kept, life.url("shop", "database_url", "postgres"))


def _lasting(kept: Kept, url: str) -> str:
    """An app's URL with the authority's file where it outlives the stack: the app keeps both."""
    ca = kept.folder / "ca.crt"
    shutil.copy(kept.life.project.root / "ca.crt", ca)
    return url.replace(str(kept.life.project.root / "ca.crt"), str(ca))


def write(life: Life, app: str, query: str) -> None:
    with psycopg.connect(life.url(app, "migrate_url", "postgres"), autocommit=True) as session:
        session.execute(query.encode())


def ask(url: str, query: str) -> Any:
    with psycopg.connect(url, autocommit=True) as session:
        return session.execute(query.encode()).fetchone()


def _copied(kept: Kept) -> None:
    """As an administrator copies it away: the log is there up to now, then the volume's files."""
    host = kept.life.host
    pgbackrest_stack.sql(host, SERVER, "SELECT pg_switch_wal()")
    time.sleep(3)  # until the archive has it
    line = ["docker", "run", "--rm", "--network", "none", "-v", f"{BACKUP}-data:/from:ro", "-v", f"{kept.folder}:/to"]
    copy = [*line, "data-tier/backup:17", "cp", "-a", "/from/.", "/to/repository"]
    subprocess.run(copy, check=True, capture_output=True, timeout=120)


def _lost(kept: Kept, root: Path) -> None:
    kept.life.host.remove_everything()
    shutil.rmtree(root)


def bare(tmp_path: Path) -> Project:
    """A checkout that has no stack file, no state and no passphrase."""
    project = Project(tmp_path, "")
    project.file.unlink()
    (tmp_path / "passphrase").unlink()
    return project


def rebuild(project: Project, kept: Kept, *more: str, ok: bool = True, word: str = WORD, **other: Path) -> Result:
    given = {"kit": kept.kit, "repository": kept.repository, **other}
    options = [part for key, path in given.items() for part in (f"--{key}", str(path))]
    return project.operate("rebuild", *options, *more, ok=ok, **{VARIABLE: word})


def nothing_made(project: Project, kept: Kept) -> None:
    host = kept.life.host
    assert [*host.containers(ended=True), *host.networks(), *host.volumes()] == []
    assert not project.file.exists()
    assert not (project.root / "passphrase").exists()
    assert not (project.root / "begin.sql").exists()
    assert project.pulumi("stack", "export", ok=False).code != 0 or not list(project.state.rglob("dev.json"))


def refused(project: Project, kept: Kept, done: Result, reason: str) -> None:
    assert done.code == 1, done.text
    assert reason in done.err, done.text
    assert "Traceback" not in done.text
    nothing_made(project, kept)


def test_a_kit_is_for_its_owner_alone_and_shows_no_secret(kept: Kept) -> None:
    assert kept.kit.stat().st_mode & 0o777 == 0o600
    text = kept.kit.read_text()
    assert json.loads(text.splitlines()[0])["stack"] == "dev"
    assert PREFIX not in text
    passwords = {url.partition("://")[2].partition("@")[0].partition(":")[2] for url in kept.urls.values()}
    assert not any(word in kept.said for word in [*passwords, WORD]), "a secret was printed"
    assert f"{PREFIX}-redis-unified (redis)" in kept.said, "it doesn't say what no repository has"


def test_another_passphrase_makes_nothing(kept: Kept, tmp_path: Path) -> None:
    project = bare(tmp_path)
    refused(project, kept, rebuild(project, kept, ok=False, word="another passphrase"), "the passphrase is another one")


def test_a_damaged_kit_makes_nothing(kept: Kept, tmp_path: Path) -> None:
    project, other = bare(tmp_path), kept.folder / "damaged"
    data = kept.kit.read_bytes()
    other.write_bytes(data[:2000] + (b"A" if data[2000:2001] != b"A" else b"B") + data[2001:])
    refused(project, kept, rebuild(project, kept, ok=False, kit=other), "damaged")


def test_a_kit_of_another_stack_makes_nothing(kept: Kept, tmp_path: Path) -> None:
    project = bare(tmp_path)
    options = ["--kit", str(kept.kit), "--repository", str(kept.repository), "--stack", "prod"]
    done = subprocess.run(
        [".venv/bin/python", "-m", "operate", "rebuild", *options],
        cwd=project.root,
        env={**project.env, VARIABLE: WORD},
        capture_output=True,
        text=True,
        check=False,
    )
    refused(project, kept, Result(done.returncode, done.stdout, done.stderr), "is of stack dev, not of prod")


def test_what_is_no_repository_makes_nothing(kept: Kept, tmp_path: Path) -> None:
    project, other = bare(tmp_path), kept.folder / "other"
    (other / "repository").mkdir(parents=True, exist_ok=True)
    refused(project, kept, rebuild(project, kept, ok=False, repository=other), "no copy of a backup repository")


def test_a_key_that_is_not_the_repository_s_makes_nothing(kept: Kept, tmp_path: Path) -> None:
    project, other = bare(tmp_path), kept.folder / "other-key"
    opened = kit.open_(kept.kit.read_bytes(), WORD, "kit")
    word = plan.restored(opened.deployment)[0].cipher
    assert word
    changed = json.loads(json.dumps(opened.deployment).replace(word, word[::-1]))
    header = kit.header(kept.kit.read_bytes(), "kit")
    other.write_bytes(kit.seal(header, replace(opened, deployment=changed), WORD))

    done = rebuild(project, kept, ok=False, kit=other)

    refused(project, kept, done, "can't be opened with the kit's key")
    assert word not in done.text
    assert word[::-1] not in done.text


def test_another_server_s_repository_makes_nothing(kept: Kept, tmp_path: Path) -> None:
    project, other = bare(tmp_path), kept.folder / "other-server"
    opened = kit.open_(kept.kit.read_bytes(), WORD, "kit")
    (system,) = (its["system"] for its in opened.servers.values())
    header = kit.header(kept.kit.read_bytes(), "kit")
    servers = {key: {**its, "system": system + 1} for key, its in opened.servers.items()}
    other.write_bytes(kit.seal(header, replace(opened, servers=servers), WORD))

    refused(project, kept, rebuild(project, kept, ok=False, kit=other), "the repository of another server")


def test_a_moment_that_the_archive_has_not_makes_nothing(kept: Kept, tmp_path: Path) -> None:
    project = bare(tmp_path)
    done = rebuild(project, kept, "--to", "2020-01-01 00:00:00+00", ok=False)
    refused(project, kept, done, "is before the first backup")


def test_everything_is_there_again_with_the_passwords_that_it_had(
    kept: Kept, tmp_path_factory: pytest.TempPathFactory
) -> None:
    project = kept.life.project = bare(tmp_path_factory.mktemp("second"))

    done = rebuild(project, kept)

    assert "dev is rebuilt in" in done.out, done.text
    assert "rows as in its manifest" in done.out
    assert f"empty after a rebuild: {PREFIX}-redis-unified (redis)" in done.out
    for app in ("shop", "wiki"):
        assert ask(kept.urls[app], ROWS) == kept.rows[app]
    assert ask(kept.urls["shop login"], "SELECT count(*) FROM begun") == (0,)
    assert project.steps() == {}
    assert project.pulumi("preview", "--refresh", "--expect-no-changes").code == 0


def test_the_archive_goes_on_and_the_next_backup_restores(kept: Kept) -> None:
    write(kept.life, "shop", "INSERT INTO orders SELECT 'after' || generate_series(1, 30)")

    done = kept.life.project.operate("backup", "--physical", "incremental", "--test", "--json")

    backup, test = json.loads(done.out)["physical"]
    assert backup["type"] == "incr"
    assert test["rows"] >= 500 * 2 + 70 * 2 + 30


def test_a_host_that_has_the_stack_is_refused_and_keeps_it(kept: Kept, tmp_path: Path) -> None:
    before, project = kept.life.host.ids(), bare(tmp_path)

    done = rebuild(project, kept, ok=False)

    assert done.code == 1
    assert f"volumes with its names or its prefix {PREFIX}" in done.err
    assert not project.file.exists()
    assert not (tmp_path / "passphrase").exists()
    assert kept.life.host.ids() == before


def test_a_checkout_that_has_the_stack_file_is_refused(kept: Kept) -> None:
    done = rebuild(kept.life.project, kept, ok=False)

    assert done.code == 1
    assert "Pulumi.dev.yaml is there" in done.err
    assert kept.life.project.file.exists()
    kept.life.project.operate("down", "--purge")
