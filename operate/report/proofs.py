"""A server's physical backups on the page, as the container that makes them tells: monitoring isn't needed for that."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import docker

from components import backup_jobs
from operate.backup import physical
from operate.errors import OperateError
from operate.stack import Stack


@dataclass(frozen=True, kw_only=True)
class Proof:
    """A server's backups of one type: when the last was made and proven (seconds since 1970), and its bytes in the
    repository. `problem` is what is wrong, None where nothing is.
    """

    server: str
    type: str
    made: float | None = None
    size: float | None = None
    tested: float | None = None
    problem: str | None = None


def look(stack: Stack, client: docker.DockerClient) -> list[Proof]:
    """Those of all servers that have any; one that can't be asked says why."""
    found: list[Proof] = []
    for key, server in stack.servers.items():
        if server.backup is None:
            continue
        try:
            (beside,) = physical.of(stack, client, only=key)
            found += of_server(key, physical.listed(beside))
        except OperateError as error:
            found.append(Proof(server=key, type="-", problem=str(error)))
    return found


def of_server(key: str, told: Mapping[str, Any]) -> Iterator[Proof]:
    """One for each type that was ever tried, from what the container lists."""
    runs, test = told["runs"], told["runs"].get(backup_jobs.RESTORE_TEST, {})
    sizes = {one["type"]: one["stored"] for one in told["backups"]}  # the newest comes last
    for kind, its in backup_jobs.TYPES.items():
        run = runs.get(kind, {})
        if run.get("success") or run.get("failure"):
            yield Proof(
                server=key,
                type=kind,
                made=run.get("success"),
                size=sizes.get(its),
                tested=test.get("success"),
                problem=_failed("backup", run) or _failed("restore test", test),
            )


def _failed(what: str, run: Mapping[str, Any]) -> str | None:
    failed = run.get("failure", 0) > run.get("success", 0)
    return f"the last {what} failed: {run.get('error') or 'its log says why'}" if failed else None
