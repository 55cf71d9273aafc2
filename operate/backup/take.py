"""Copies of an app's stores, each with its manifest: a database by pg_dump, keys of Redis as a stream of commands, a
MongoDB database as the files of mongodump.

Written inside the server's container and streamed out, so that the tools have the server's version. A file is 0600 and
gets its name only when it is whole and has been read again. The one way of making copies: `purge` takes it too.
"""

from __future__ import annotations

import fcntl
import os
import tempfile
import time
from collections.abc import Callable, Container, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, BinaryIO, Final

import docker

from operate import pulumi
from operate.backup import manifest, sources
from operate.backup.manifest import Check, Facts, Manifest
from operate.backup.sources import Source
from operate.errors import OperateError
from operate.stack import Stack

READ, RESTORE = "read", "restore"
KINDS: Final = ("postgres", "redis", "mongo")
_FOLDER: Final = "backups"
_LOCK: Final = ".lock"
_PAUSE: Final = 0.1

Progress = Callable[[str], None]


@dataclass(frozen=True, kw_only=True)
class Copy:
    """A file and its manifest."""

    file: Path
    manifest: Manifest

    def as_json(self) -> dict[str, Any]:
        """The copy as --json has it."""
        its = self.manifest
        told = {"app": its.app, "store": its.store, "bytes": its.bytes, "entries": its.entries, "rows": its.facts.rows}
        checks = [asdict(check) for check in its.checks]
        return {"file": str(self.file), **told, "started": its.started, "seconds": its.seconds, "checks": checks}


def folder(stack: str) -> Path:
    """Where a stack's copies are."""
    return pulumi.REPOSITORY / _FOLDER / stack


@contextmanager
def alone(stack: str) -> Iterator[Path]:
    """The folder of a stack's copies, for one run at a time. Raises OperateError for a second one."""
    where = folder(stack)
    try:
        for path in (where.parent, where):
            path.mkdir(mode=0o700, exist_ok=True)
        lock = os.open(where / _LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise OperateError(f"{where} can't be written: {error.strerror}") from None
    try:
        _take(lock, stack)
        for left in where.glob(".*.*"):  # of a run that was killed
            left.unlink(missing_ok=True)
        yield where
    finally:
        os.close(lock)


def _take(lock: int, stack: str) -> None:
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        raise OperateError(f"another backup or restore of {stack} is at work: try again when it has ended") from None


def app(
    stack: Stack,
    name: str,
    client: docker.DockerClient,
    where: Path,
    *,
    check: str = READ,
    said: Progress | None = None,
    kinds: Container[str] = KINDS,
) -> list[Copy]:
    """Copy every store of an app, in each place where it has one. Raises OperateError; no half file is left."""
    stamp = new_stamp(where, name)
    copies = []
    for place, its in sources.of(stack, name, client):
        with its as source:
            if source.kind not in kinds:
                continue
            file = where / f"{name}-{place}-{stamp}{source.suffix}"
            copy = written(stack.name, name, source, file)
            if check == RESTORE:
                copy = prove(source, copy)
        copies.append(copy)
        if said:
            said(told(copy))
    return copies


def new_stamp(where: Path, app: str) -> str:
    """The time, in a second in which there is no copy of this app yet."""
    while any(where.glob(f"{app}-*-{(stamp := datetime.now(UTC).strftime(manifest.STAMP))}*")):
        time.sleep(_PAUSE)
    return stamp


def told(copy: Copy) -> str:
    """What a person is told about a copy."""
    its = copy.manifest
    proof = its.last(RESTORE)
    restored = f", restored and compared in {proof.seconds:g} s" if proof and proof.equal else ""
    what = f"{its.entries} entries, {its.bytes} bytes, {its.seconds:g} s{restored}"
    return f"{its.app}: {its.store} backed up to {copy.file} ({what})"


def prove(source: Source, copy: Copy) -> Copy:
    """Restore a copy where no app sees it, compare, and keep the evidence in its manifest.

    Raises OperateError where it can't be restored, or has other content; that is in the manifest then.
    """
    began, when = time.monotonic(), manifest.now()
    try:
        with copy.file.open("rb") as file:
            found = manifest.differences(copy.manifest.facts, source.prove(file))
    except OperateError as error:
        found = (str(error),)
    except OSError as error:
        found = (f"it can't be read: {error.strerror}",)
    seconds = round(time.monotonic() - began, 2)
    check = Check(by=RESTORE, when=when, seconds=seconds, equal=not found, differences=found)
    proven = with_evidence(copy, check)
    if found:
        raise OperateError(f"{copy.file} doesn't restore to what was copied: {'; '.join(found)}")
    return proven


def with_evidence(copy: Copy, check: Check) -> Copy:
    """The copy with one more check, which is written down. Raises OperateError; then its manifest is as it was."""
    return known_as(copy, copy.manifest.with_check(check))


def known_as(copy: Copy, its: Manifest) -> Copy:
    """The copy with another manifest, which is written down. Raises OperateError; then its manifest is as it was."""
    told = Copy(file=copy.file, manifest=its)
    try:
        _write_manifest(told)
    except OSError as error:
        raise OperateError(f"{manifest.beside(copy.file)} can't be written: {error.strerror}") from None
    return told


def written(stack: str, app: str, source: Source, path: Path) -> Copy:
    """A copy and its manifest, both or neither. Raises OperateError."""
    began, started = time.monotonic(), manifest.now()
    try:
        descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")  # 0600 from the start
    except OSError as error:
        raise OperateError(f"{path} can't be written: {error.strerror}") from None
    try:
        with os.fdopen(descriptor, "w+b") as file:
            facts = source.take(file)
            file.flush()
            os.fsync(file.fileno())
            took = round(time.monotonic() - began, 2)
            size = file.seek(0, os.SEEK_END)
            entries, check = _read_again(source, file, facts)
        told = Manifest(
            name=path.name,
            stack=stack,
            app=app,
            kind=source.kind,
            store=source.store,
            database=source.database,
            started=started,
            seconds=took,
            bytes=size,
            sha256=manifest.digest(Path(name)),
            entries=entries,
            facts=facts,
            checks=(check,),
        )
        made = Copy(file=path, manifest=told)
        _write_manifest(made)
        Path(name).replace(path)
    except OSError as error:
        manifest.beside(path).unlink(missing_ok=True)
        raise OperateError(f"{path} can't be written: {error.strerror}") from None
    finally:
        Path(name).unlink(missing_ok=True)
    return made


def _read_again(source: Source, file: BinaryIO, facts: Facts) -> tuple[int, Check]:
    """Raises OperateError for a copy that can't be read to its end."""
    began, when = time.monotonic(), manifest.now()
    file.seek(0)
    entries = source.read(file)
    if source.kind != "postgres" and entries != facts.rows:  # a dump's entries are objects
        raise OperateError(f"the copy of {source.store} has {entries} entries instead of {facts.rows}")
    return entries, Check(by=READ, when=when, seconds=round(time.monotonic() - began, 2), equal=True)


def _write_manifest(copy: Copy) -> None:
    """Put a copy's manifest beside its file, whole or not at all. Raises OSError."""
    path = manifest.beside(copy.file)
    descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(copy.manifest.text())
            file.flush()
            os.fsync(file.fileno())
        Path(name).replace(path)
    finally:
        Path(name).unlink(missing_ok=True)
