"""An app's database as it was at a moment, made into a copy like every other: in the same folder, with a manifest.

From there it is restored as any copy is: `restore` owns that. Where the rows come from belongs to `physical`, how a
copy is written to `take`.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import Any, BinaryIO

import docker

from operate import postgres_tools
from operate.backup import physical, postgres, take
from operate.backup.manifest import Facts
from operate.backup.sources import Source
from operate.backup.take import Copy, Progress
from operate.errors import OperateError
from operate.stack import Stack


def copy(stack: Stack, app: str, moment: datetime, client: docker.DockerClient, said: Progress) -> Copy:
    """The copy of the app's database as it was at `moment`. Raises OperateError; no half file is left."""
    stack.require(app)
    if app not in stack.databases:
        raise OperateError(f"{app} has no database in stack {stack.name}")
    beside = physical.require(stack, client, app)[0]
    its, told = stack.databases[app], dict[str, Any]()
    place = "isolated" if beside.server.app else "unified"

    def write(file: BinaryIO) -> Facts:
        facts, more = physical.write_point(beside, its.database, moment, file)
        told.update(more)
        return facts

    with take.alone(stack.name) as folder, postgres_tools.on(stack, its.server, client) as tools:
        source = Source(
            kind="postgres",
            store=f"{tools.where}/{its.database} at {moment.isoformat()}",
            database=its.database,
            suffix=".dump",
            take=write,
            read=lambda file: postgres.read(tools, file, its.database),
            prove=lambda file: postgres.prove(tools, file, its.database),
        )
        said(f"{app}: restoring {its.database} of {moment:%Y-%m-%d %H:%M:%S+00} beside {beside.server.name}")
        made = take.written(stack.name, app, source, folder / f"{app}-{place}-{take.new_stamp(folder, app)}.dump")
        made = take.known_as(made, replace(made.manifest, store=f"{source.store} from {told['label']}"))
    said(f"{app}: as it was then, {made.manifest.facts.rows} rows, in {made.file} ({made.manifest.seconds:g} s)")
    return made
