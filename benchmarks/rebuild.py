"""How long a rebuild from nothing takes: BizOSaaS with a gigabyte, its kit, a copy of its repository, a bare host.

Minutes are those of the command, with every check that it makes; images are there. Owns the figures; the stack file
belongs to `stackfile`.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any, Final

from benchmarks import host, measure
from benchmarks.results import Figure, Result
from benchmarks.stackfile import PREFIX, REPOSITORY, dev
from benchmarks.workspace import STACK, Workspace

_BYTES: Final = 1024**3
_ROW: Final = 960
_DATABASES: Final = ("bizosaas", "wagtail_cms", "saleor_core", "directory_db")
_FILL: Final = (
    "CREATE TABLE filled (n int PRIMARY KEY, content text); "
    "INSERT INTO filled SELECT n, repeat(md5(n::text || random()), {times}) FROM generate_series(1, {rows}) n"
)
_COUNT: Final = "SELECT count(*), sum(length(content)) FROM filled"
_WORD: Final = {"DATA_TIER_KIT_PASSPHRASE": "a passphrase for the figures"}
_SERVER: Final = f"{PREFIX}-postgres-unified"
_BACKUP: Final = f"{_SERVER}-backup"
_WAIT_SECONDS: Final = 600
_LINKED: Final = ("images", "pulumiw")  # what `operate` needs beside what every workspace has


def measured() -> Result:
    """Minutes from a bare host to the whole stack, and which step takes how long."""
    try:
        client = host.cleared()
    except host.NoHostError as error:
        return Result(name="rebuild", figures=[], notes=[str(error)])
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        kept = Path(folder) / "kept"
        kept.mkdir()
        try:
            rows, size = _made(client, Path(folder) / "first", kept)
            host.clear(client)
            told = _rebuilt(Path(folder) / "second", kept)
            if _counted(client) != rows:
                raise SystemExit("the rebuilt stack has other rows than the first one")
        finally:
            host.clear(client)
    return Result(name="rebuild", figures=_figures(told, size), notes=["one run; the images are built already"])


def _made(client: Any, root: Path, kept: Path) -> tuple[list[str], int]:
    """The stack with its rows, a backup, the kit and a copy of the repository; the rows and the bytes of the data."""
    workspace = _workspace(root)
    workspace.configure(dev() | {"data-tier:postgres": {**dev()["data-tier:postgres"], "backup": {"memory": "512Mi"}}})
    workspace.stack("up", "--yes", "--skip-preview", "--suppress-outputs")
    _wait_for_first(client)
    times, rows = _ROW // 32, _BYTES // _ROW // len(_DATABASES)
    for database in _DATABASES:
        _psql(client, database, _FILL.format(times=times, rows=rows))
    _operate(workspace, "backup", "--physical", "full")
    _operate(workspace, "recovery-kit", "--output", str(kept / "kit"))
    time.sleep(5)  # the log that was switched last reaches the archive
    line = ["docker", "run", "--rm", "--network", "none", "-v", f"{_BACKUP}-data:/from:ro", "-v", f"{kept}:/to"]
    subprocess.run([*line, "data-tier/backup:17", "cp", "-a", "/from/.", "/to/repository"], check=True)  # noqa: S603
    size = _psql(client, "postgres", "SELECT sum(pg_database_size(oid)) FROM pg_database")
    return _counted(client), int(size)


def _rebuilt(root: Path, kept: Path) -> dict[str, Any]:
    workspace = _workspace(root)
    workspace.stack("stack", "rm", "--yes")  # with its stack file: the host is bare
    began = time.monotonic()
    done = _operate(
        workspace, "rebuild", "--json", "--kit", str(kept / "kit"), "--repository", str(kept / "repository")
    )
    found: dict[str, Any] = json.loads(done[done.rindex("\n{\n") :])  # after what it has told meanwhile
    return {**found, "whole": time.monotonic() - began}


def _workspace(root: Path) -> Workspace:
    root.mkdir()
    workspace = Workspace(root)
    for name in _LINKED:
        (root / name).symlink_to(REPOSITORY / name)
    workspace.env |= _WORD
    return workspace


def _operate(workspace: Workspace, *arguments: str) -> str:
    line = [sys.executable, "-m", "operate", *arguments, "--stack", STACK]
    return measure.run(line, workspace.root, workspace.env).out


def _wait_for_first(client: Any) -> None:
    """The first full backup is made by itself; none other is let in until it has ended."""
    end = time.monotonic() + _WAIT_SECONDS
    while time.monotonic() < end:
        code, out = client.containers.get(_BACKUP).exec_run(["python3", "-B", "-m", "images.backup", "list"])
        if code == 0 and json.loads(out)["runs"].get("full", {}).get("success"):
            return
        time.sleep(2)
    raise SystemExit(f"{_BACKUP} made no backup in {_WAIT_SECONDS} s")


def _counted(client: Any) -> list[str]:
    return [_psql(client, database, _COUNT) for database in _DATABASES]


def _psql(client: Any, database: str, query: str) -> str:
    line = ["psql", "-U", "admin", "-d", database, "-XAtqc", query]
    code, out = client.containers.get(_SERVER).exec_run(line, user="postgres")
    if code:
        raise SystemExit(f"{database}: {out.decode(errors='replace')}")
    return str(out.decode()).strip()


def _figures(told: dict[str, Any], size: int) -> list[Figure]:
    steps = [Figure(name=name, value=seconds, unit="s") for name, seconds in told["seconds"].items()]
    whole = Figure(name="BizOSaaS rebuilt from nothing", value=told["whole"] / 60, unit="min")
    return [whole, Figure(name="data in its databases", value=size / 1024**2, unit="MiB"), *steps]
