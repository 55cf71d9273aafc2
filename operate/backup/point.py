"""An app's database as it was at a moment, made into a copy like every other: in the same folder, with a manifest.

From there it is restored as any copy is: `restore` owns that. Where the rows come from belongs to `physical`.
"""

from __future__ import annotations

import os
import tempfile
import time
from datetime import datetime
from pathlib import Path

import docker

from operate import postgres_tools
from operate.backup import manifest, physical, postgres, take
from operate.backup.manifest import Check, Manifest
from operate.backup.take import Copy, Progress
from operate.errors import OperateError
from operate.stack import Stack


def copy(stack: Stack, app: str, moment: datetime, client: docker.DockerClient, said: Progress) -> Copy:
    """The copy of the app's database as it was at `moment`. Raises OperateError; no half file is left."""
    stack.require(app)
    if app not in stack.databases:
        raise OperateError(f"{app} has no database in stack {stack.name}")
    beside = physical.require(stack, client, app)[0]
    its = stack.databases[app]
    place = "isolated" if beside.server.app else "unified"
    with take.alone(stack.name) as folder, postgres_tools.on(stack, its.server, client) as tools:
        said(f"{app}: restoring {its.database} of {moment:%Y-%m-%d %H:%M:%S+00} beside {beside.server.name}")
        file = folder / f"{app}-{place}-{take.new_stamp(folder, app)}.dump"
        began, started = time.monotonic(), manifest.now()
        descriptor, name = tempfile.mkstemp(dir=folder, prefix=f".{file.name}.")
        try:
            with os.fdopen(descriptor, "w+b") as content:
                facts, told = physical.write_point(beside, its.database, moment, content)
                content.flush()
                os.fsync(content.fileno())
                entries = postgres.read(tools, content, its.database)
                size = content.seek(0, os.SEEK_END)
            seconds = round(time.monotonic() - began, 2)
            made = Manifest(
                name=file.name,
                stack=stack.name,
                app=app,
                kind="postgres",
                store=f"{tools.where}/{its.database} at {moment.isoformat()} from {told['label']}",
                database=its.database,
                started=started,
                seconds=seconds,
                bytes=size,
                sha256=manifest.digest(Path(name)),
                entries=entries,
                facts=facts,
                checks=(Check(by=take.READ, when=manifest.now(), seconds=0.0, equal=True),),
            )
            take.write_manifest(Copy(file=file, manifest=made))
            Path(name).replace(file)
        except OSError as error:
            manifest.beside(file).unlink(missing_ok=True)
            raise OperateError(f"{file} can't be written: {error.strerror}") from None
        finally:
            Path(name).unlink(missing_ok=True)
    said(f"{app}: as it was then, {made.facts.rows} rows, in {file} ({seconds:g} s)")
    return Copy(file=file, manifest=made)
