"""The journal of a run: what it has changed so far, beside a checkpoint that stays as it was when the run began.

    dev.json            the checkpoint, written again when the run has ended and the journal is folded into it
    dev.json.journal    there from a run's first change until then

One line is what was written at once: `<CRC-32, 8 hex digits> <JSON>`, ended by a newline and followed by fsync. The
first line says what the journal continues; each other one is a list of changes, the fields of `changes.Change` with
resources as a checkpoint has them, secrets encrypted; the last one, just before the new checkpoint takes the place of
the old one, says what that is, so that a crash between the two is no riddle:

    5f0d7f5c {"journal":1,"stack":"organization/demo/dev","base":"<SHA-256 of the checkpoint's bytes>"}
    9a01c3d2 [{"kind":"begin","urn":"urn:…","entry":{…},"operation":"creating"}]
    0c44be81 [{"kind":"put","urn":"urn:…","entry":{…}},{"kind":"begin","urn":"urn:…","entry":{…},"operation":…}]
    77d2b6aa {"folded":"<SHA-256 of the new checkpoint's bytes>"}

A crash can tear the last line only, which is then dropped: nobody was told that what it says is done. A damaged line
before the last is no tear and refused. The writer holds an flock, so that nobody folds the journal of a live run.
The CLI doesn't see the file: its file backend lists `*.json`, `*.yaml`, `*.yml`, also compressed, and nothing else
(pkg/backend/diy/store.go). Deliberately not here: what a change means (`changes`), when a journal is folded (`stored`).
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import zlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from embedded.errors import EngineError
from embedded.state import files
from embedded.state.changes import Change, Kind
from embedded.state.codec import Codec
from embedded.state.resource import Resource

VERSION: Final = 1
_SUM: Final = 8


@dataclass
class Content:
    """A journal read back. `base` and `folded` are checksums of the checkpoints before and after."""

    base: str
    changes: list[Change[dict[str, Any]]] = field(default_factory=list)
    folded: list[str] = field(default_factory=list)


class Journal:
    """The journal that a run writes; the file is made with the first change. One thread at a time may append."""

    def __init__(self, path: Path, stack: str, base: str, codec: Codec) -> None:
        self._path = path
        self._codec = codec
        self._handle = -1
        self._size = 0
        self._header = {"journal": VERSION, "stack": stack, "base": base}

    def append(self, changes: Sequence[Change[Resource]]) -> None:
        """Write changes; they are on the disk when this returns. Raises EngineError; then none of them is written."""
        text = _line("[" + ",".join(_text(change, self._codec) for change in changes) + "]")
        try:
            if self._handle < 0:
                self._handle = _create(self._path)
            self._write(("" if self._size else _line(_compact(self._header))) + text)
        except FileExistsError:
            raise EngineError(f"{self._path}: another run is at work on this stack; wait for its end") from None
        except OSError as error:
            raise EngineError(
                f"the state can't be written to {self._path}: {error.strerror}; free space, try again"
            ) from None

    def close(self) -> bool:
        """Nothing is written any more; whether there is a file."""
        begun = self._handle >= 0
        if begun:
            os.close(self._handle)
            self._handle = -1
        return begun

    def _write(self, text: str) -> None:
        data = text.encode()
        try:
            files.write_at(self._handle, data, self._size)
            os.fsync(self._handle)
            if not self._size:
                files.sync_folder(self._path.parent)
        except OSError:
            with contextlib.suppress(OSError):
                os.ftruncate(self._handle, self._size)  # what is half-written would look like a tear
            raise
        self._size += len(data)


def read(path: Path, data: bytes) -> Content | None:
    """What a journal says, None where its first line was torn. Raises EngineError for a damaged one."""
    *lines, _ = data.split(b"\n")
    documents = [_document(line) for line in lines]
    if documents and documents[-1] is None:
        documents.pop()
    if not documents:
        return None
    try:
        return _content(documents)
    except (KeyError, TypeError, ValueError):
        raise damaged(path, f" (line {documents.index(None) + 1})" if None in documents else "") from None


def damaged(path: Path, at: str = "") -> EngineError:
    """The one message for a journal that can't be understood."""
    return EngineError(
        f"{path}: damaged journal{at}; restore a copy of it, or move it away: then the state is what it was before the "
        "run, and what the run has made is not in it"
    )


def end(path: Path, checksum: str) -> None:
    """Add the last line: the checkpoint that is about to take the old one's place. Raises OSError."""
    data = path.read_bytes()
    whole = data[: data.rfind(b"\n") + 1]
    if _document(whole.split(b"\n")[-2]) is None:
        whole = whole[: whole.rfind(b"\n", 0, -1) + 1]
    handle = os.open(path, os.O_WRONLY)
    try:
        os.ftruncate(handle, len(whole))  # a torn line would look like damage before the last one
        files.write_at(handle, _line(_compact({"folded": checksum})).encode(), len(whole))
        os.fsync(handle)
    finally:
        os.close(handle)


@contextmanager
def alone(path: Path) -> Iterator[None]:
    """Keep every other process from the journal. Raises EngineError where a run is still writing it."""
    handle = os.open(path, os.O_RDONLY)
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise EngineError(
                f"{path}: the run that writes this journal is still going on; end it with Ctrl-C, or wait"
            ) from None
        yield
    finally:
        os.close(handle)


def _create(path: Path) -> int:
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    fcntl.flock(handle, fcntl.LOCK_EX)
    return handle


def _text(change: Change[Resource], codec: Codec) -> str:
    fields: dict[str, Any] = {"kind": change.kind, "urn": change.urn}
    fields |= {} if change.number is None else {"number": change.number}
    fields |= {"operation": change.operation} if change.operation else {}
    text = _compact(fields)
    return text if change.entry is None else f'{text[:-1]},"entry":{change.entry.encoded(codec)}}}'


def _line(text: str) -> str:
    return f"{zlib.crc32(text.encode()):08x} {text}\n"


def _document(line: bytes) -> Any:
    """What a line says, None for a torn or damaged one."""
    text = line[_SUM + 1 :]
    try:
        return json.loads(text) if line[: _SUM + 1] == b"%08x " % zlib.crc32(text) else None
    except ValueError:
        return None


def _content(documents: list[Any]) -> Content:
    head, *rest = documents
    if head["journal"] != VERSION:
        raise ValueError(head)
    content = Content(head["base"])
    for document in rest:
        if isinstance(document, list):
            content.changes += [Change(**{**fields, "kind": Kind(fields["kind"])}) for fields in document]
        else:
            content.folded.append(document["folded"])
    return content


def _compact(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
