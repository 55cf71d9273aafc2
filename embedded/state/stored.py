"""The files of one stack: its checkpoint, the one before it, and the journal of a run that is not folded yet.

Owns reading them as one state, and folding: at the end of a run, and after one that was cut short, by the same code.
Names, locks and the list of stacks are the backend's.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final, NamedTuple

from embedded.errors import EngineError
from embedded.state import files, journal
from embedded.state.changes import Operation, Replay
from embedded.state.checkpoint import VERSION, Checkpoint, document, new_manifest
from embedded.state.journal import Content, Journal

_TRIES: Final = 3
_NAMED: Final = 5


class _Found(NamedTuple):
    """What is on the disk: the checkpoint's stack and deployment, and whether a journal has added to it."""

    stack: str
    deployment: dict[str, Any]
    changed: bool


class StackFiles:
    """The files around one checkpoint, which may or may not be there."""

    def __init__(self, path: Path, stack: str) -> None:
        self.path = path
        self.backup = path.with_name(f"{path.name}.bak")
        self.journal = path.with_name(f"{path.name}.journal")
        self._stack = stack

    def deployment(self) -> dict[str, Any]:
        """The deployment with what a journal adds to it, secrets encrypted; {} for a stack that was never updated.

        Raises EngineError for a damaged file, a version that isn't understood, and a journal that doesn't belong to
        the checkpoint.
        """
        return self._look().deployment

    def save(self, checkpoint: Checkpoint) -> None:
        """Write a checkpoint so that a crash leaves the old one or the new one; the old one is kept as .json.bak.

        Raises EngineError where it can't be written.
        """
        checkpoint.manifest = {**checkpoint.manifest, **new_manifest()}
        try:
            files.write(self.path, checkpoint.encoded(), keep=self.backup)
        except OSError as error:
            raise EngineError(
                f"the state can't be written to {self.path}: {error.strerror}; free space, try again"
            ) from None
        checkpoint.written_salt = checkpoint.salt

    def begin(self, checkpoint: Checkpoint) -> Journal:
        """The journal of a run that begins with this checkpoint, just loaded. Raises EngineError."""
        if checkpoint.written_salt != checkpoint.salt:
            self.save(checkpoint)  # all of it is encrypted anew: the journal's secrets are, too
        return Journal(self.journal, self._stack, _checksum(self._checkpoint_bytes()), checkpoint.codec)

    def fold(self) -> bool:
        """Bring what a journal says into the checkpoint; whether there was one. Needs no passphrase.

        Raises EngineError where that can't be done; then checkpoint and journal are as they were.
        """
        try:
            with journal.alone(self.journal):
                self._fold(self._look())
        except FileNotFoundError:
            return False
        except OSError as error:
            raise EngineError(
                f"the state can't be written to {self.path}: {error.strerror}; {self.journal.name} beside it has what "
                "was done: free space, then run `pulumi cancel`"
            ) from None
        return True

    def remove(self) -> None:
        """Take the checkpoint away; it stays as .json.bak, as the CLI leaves it."""
        files.preserve(self.path, self.backup)
        self.path.unlink()
        files.forget_attributes(self.path)
        self.path.with_suffix(".pulumi-tags").unlink(missing_ok=True)

    def damaged(self, error: Exception) -> EngineError:
        """The one message for a checkpoint that can't be understood."""
        at = f" (line {error.lineno}, column {error.colno})" if isinstance(error, json.JSONDecodeError) else ""
        return EngineError(f"{self.path}: damaged state file{at}; {self.advice()}")

    def advice(self) -> str:
        """Where an earlier state is found."""
        found = f"the one before it is {self.backup}" if self.backup.exists() else "there is no .bak of it"
        if self.journal.exists():
            return f"{found}, but {self.journal.name} goes on from the damaged one only: restore a copy of that"
        return found if self.backup.exists() else f"{found}; restore a copy"

    def _fold(self, found: _Found) -> None:
        if found.changed:
            manifest = {**(found.deployment.get("manifest") or {}), **new_manifest()}
            text = document(found.stack, {**found.deployment, "manifest": manifest})
            journal.end(self.journal, _checksum(text.encode()))
            files.write(self.path, text, keep=self.backup)
        self.journal.unlink()
        files.sync_folder(self.journal.parent)

    def _look(self) -> _Found:
        """Checkpoint and journal that belong together; a run that ends between the two looks is looked at again."""
        for _ in range(_TRIES):
            written, data = self._journal_bytes(), self._checkpoint_bytes()
            checkpoint = self._decoded(data)
            stack, latest = str(checkpoint.get("stack") or self._stack), dict(checkpoint.get("latest") or {})
            content = journal.read(self.journal, written) if written else None
            if content is None or _checksum(data) in content.folded:
                return _Found(stack, latest, changed=False)
            if content.base == _checksum(data):
                return _Found(stack, self._folded(latest, content), changed=True)
        raise EngineError(
            f"{self.journal}: this journal of a run that was cut short goes on from another checkpoint than "
            f"{self.path}, which has been written since; look whether what it names exists, then move it away: "
            f"{_names(content)}"
        )

    def _folded(self, latest: Mapping[str, Any], content: Content) -> dict[str, Any]:
        try:
            return _folded(latest, content)
        except (KeyError, ValueError, TypeError):
            raise journal.damaged(self.journal) from None

    def _journal_bytes(self) -> bytes:
        try:
            return self.journal.read_bytes()
        except FileNotFoundError:
            return b""

    def _checkpoint_bytes(self) -> bytes:
        try:
            return self.path.read_bytes()
        except FileNotFoundError:
            raise EngineError(
                f"{self.path}: there is no such state, but {self.journal.name}, the journal of a run that was cut "
                "short, goes on from it: restore a copy, or move the journal away"
            ) from None
        except OSError as error:
            raise EngineError(f"the state can't be read from {self.path}: {error.strerror}") from None

    def _decoded(self, data: bytes) -> dict[str, Any]:
        try:
            found = json.loads(data)
            version, checkpoint = found["version"], found["checkpoint"]
            latest = checkpoint.get("latest") or {}
            dict(latest)
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise self.damaged(error) from None
        if version != VERSION and (version or latest):
            raise EngineError(
                f"{self.path}: unsupported checkpoint version {version}: the embedded engine reads version {VERSION}; "
                "use a Pulumi CLI of the release that wrote it"
            )
        return dict(checkpoint)


def _folded(latest: Mapping[str, Any], content: Content) -> dict[str, Any]:
    """A deployment with a journal's changes."""
    before = latest.get("pending_operations") or ()
    pending = [Operation(item["type"], item["resource"]["urn"], item["resource"]) for item in before]
    replay = Replay[dict[str, Any]](latest.get("resources") or (), pending)
    for change in content.changes:
        replay.apply(change)
    operations = [{"resource": item.entry, "type": item.kind} for item in replay.pending]
    return {**latest, "resources": replay.resources, "pending_operations": operations}


def _names(content: Content | None) -> str:
    """The first resources that a journal is about."""
    urns = list(dict.fromkeys(change.urn for change in content.changes if change.entry)) if content else []
    return ", ".join(urns[:_NAMED]) + (f" and {len(urns) - _NAMED} more" if len(urns) > _NAMED else "")


def _checksum(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()
