"""Pulumi's file backend: the same folders, files and locks as the CLI's, project-scoped layout (version 1).

    <root>/.pulumi/meta.yaml                                     version: 1
    <root>/.pulumi/stacks/<project>/<stack>.json                 the checkpoint; .json.bak the one before,
                                                                 .json.journal what a run has changed so far
    <root>/.pulumi/locks/organization/<project>/<stack>/*.json   who is at work

Deliberately without: update history, compressed checkpoints (refused), the older layout without projects (refused),
and the .attrs side files, without which the CLI's own storage library reads a file as well.
Source: recorded folders; pkg/backend/diy of the CLI.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import parse_qs, urlencode

from embedded.errors import EngineError
from embedded.secrets import PassphraseSecrets
from embedded.state import files, integrity, locks, selection
from embedded.state.checkpoint import Checkpoint, from_deployment, new_manifest, salt_of
from embedded.state.codec import Codec
from embedded.state.journal import Journal
from embedded.state.stored import StackFiles

if TYPE_CHECKING:
    from embedded.project import Project

_SCHEME: Final = "file://"
_NAME: Final = re.compile(r"[A-Za-z0-9_.-]{1,100}")
_LAYOUT: Final = re.compile(r"^version:\s*(\d+)\s*$", re.MULTILINE)


@dataclass(frozen=True)
class StackSummary:
    """One line of `stack ls`. `last_update` is RFC 3339, or "" for a stack that was never updated."""

    name: str
    last_update: str
    resource_count: int | None


class Backend:
    """The stacks of one project in one state folder. Names of stacks may be plain or fully qualified."""

    def __init__(self, root: Path, project: str, url: str, query: str = "no_tmp_dir=true") -> None:
        self.root = root
        self.project = project
        self.url = url
        self._query = query
        self._home = root / ".pulumi"
        self._held: dict[str, Journal | None] = {}
        self.say: Callable[[str], None] = _warn

    @classmethod
    def from_url(cls, url: str, project: str) -> Backend:
        """The backend of a `file://` URL; `~` and relative paths are resolved as the CLI does.

        Raises EngineError for another scheme, a folder that isn't there, or a layout of another version.
        """
        if not url.startswith(_SCHEME):
            raise EngineError(f"backend {_public(url)}: the embedded engine has no cloud backends: use the Pulumi CLI")
        path, _, query = url.removeprefix(_SCHEME).partition("?")
        path = str(Path.home() / path[2:]) if path.startswith("~") else path
        root = Path(path or ".").absolute()
        if not root.is_dir():
            raise EngineError(f"unable to open state folder {root}: no such directory; create it, or log in elsewhere")
        backend = cls(root, project, url, _massaged(query))
        backend._check_layout()
        return backend

    def stack_name(self, reference: str) -> str:
        """The plain name of `stack`, `organization/stack` or `organization/project/stack`. Raises EngineError."""
        *qualifiers, name = reference.split("/")
        if qualifiers and (qualifiers[0] != "organization" or len(qualifiers) > 2):  # noqa: PLR2004
            raise EngineError(f"stack {reference!r}: organization name must be 'organization'")
        if len(qualifiers) == 2 and qualifiers[1] != self.project:  # noqa: PLR2004
            raise EngineError(f"stack {reference!r} belongs to another project than {self.project!r}")
        if not _NAME.fullmatch(name):
            raise EngineError(
                f"stack {reference!r}: a stack name is 1 to 100 characters of letters, digits, hyphens, underscores "
                "and periods"
            )
        return name

    def qualified(self, stack: str) -> str:
        """`organization/<project>/<stack>`."""
        return f"organization/{self.project}/{self.stack_name(stack)}"

    def path(self, stack: str) -> Path:
        """The checkpoint file of a stack, whether it is there or not."""
        return self._home / "stacks" / self.project / f"{self.stack_name(stack)}.json"

    def exists(self, stack: str) -> bool:
        """Whether the stack has been created."""
        path = self.path(stack)
        for extension in (".gz", ".zst"):
            if path.with_name(path.name + extension).exists():
                raise EngineError(f"{path}{extension}: the embedded engine reads no compressed state; use the CLI")
        return path.exists()

    def list_stacks(self) -> list[StackSummary]:
        """The project's stacks by name."""
        folder = self._home / "stacks" / self.project
        names = sorted(path.stem for path in folder.glob("*.json") if _NAME.fullmatch(path.stem))
        return [self._summary(name) for name in names]

    def create(self, stack: str, secrets: PassphraseSecrets | None = None) -> None:
        """Make an empty stack whose state names its secrets. Raises EngineError when there is one of that name."""
        path = self.path(stack)
        with self.lock(stack):
            if self.exists(stack):
                raise EngineError(f"stack '{self.qualified(stack)}' already exists")
            files.make_folder(path.parent)
            if not (self._home / "meta.yaml").exists():
                files.write(self._home / "meta.yaml", "version: 1\n")
            empty = Checkpoint(self.qualified(stack), Codec(secrets), manifest=dict(new_manifest()))
            files.write(path, empty.encoded())

    def deployment(self, stack: str) -> dict[str, Any]:
        """The deployment as it is written, secrets encrypted; {} for a stack that was never updated.

        Raises EngineError for an unknown stack, a damaged file and a version that isn't understood.
        """
        if not self.exists(stack):
            raise EngineError(f"no stack named '{self.stack_name(stack)}' found")
        return self._files(stack).deployment()

    def salt(self, stack: str) -> str:
        """The salt that the stack's state is encrypted under, "" for none. Raises EngineError as `deployment` does."""
        return salt_of(self.deployment(stack))

    def load(self, stack: str, secrets: PassphraseSecrets | None) -> Checkpoint:
        """The checkpoint with its secrets decrypted. Raises EngineError as `deployment` does, or for the passphrase."""
        deployment = self.deployment(stack)
        try:
            checkpoint = from_deployment(self.qualified(stack), deployment, secrets)
        except (KeyError, TypeError, AttributeError, ValueError) as error:
            raise self._files(stack).damaged(error) from None
        found = integrity.problem(checkpoint.resources)
        if found:
            stored = self._files(stack)
            raise EngineError(
                f"{stored.path}: snapshot integrity failure; refusing to use it: {found}; {stored.advice()}"
            )
        return checkpoint

    def save(self, stack: str, checkpoint: Checkpoint) -> None:
        """Write the checkpoint so that a crash leaves the old one or the new one; the old one is kept as .json.bak."""
        self._files(stack).save(checkpoint)

    def journal(self, stack: str, checkpoint: Checkpoint) -> Journal:
        """Where the run that begins with this checkpoint writes its changes; folded when the lock is given back.

        Raises EngineError where the checkpoint can't be written, ValueError without the lock.
        """
        name = self.stack_name(stack)
        if name not in self._held or self._held[name] is not None:
            raise ValueError(f"a journal of {name!r} needs the stack's lock, and is the only one under it")
        made = self._held[name] = self._files(name).begin(checkpoint)
        return made

    def remove(self, stack: str) -> None:
        """Remove a stack under its lock: the checkpoint stays as .json.bak, the CLI's history of it goes."""
        self._files(stack).remove()
        history = self._home / "history" / self.project / self.stack_name(stack)
        for path in history.glob("*"):
            path.unlink()

    def selected(self, project: Project) -> str:
        """The plain name of the selected stack, "" for none; PULUMI_STACK comes first."""
        found = selection.selected(project, self.url)
        return self.stack_name(found) if found else ""

    def select(self, project: Project, stack: str) -> None:
        """Select a stack for the commands that follow."""
        selection.select(project, self.url, self.qualified(stack))

    def unselect(self, project: Project) -> bool:
        """Forget which stack is selected; whether one was."""
        return selection.unselect(project, self.url)

    @contextmanager
    def lock(self, stack: str) -> Iterator[None]:
        """Hold the stack's lock. What an earlier run has left in its journal is folded first, and said.

        Raises EngineError, with who holds it, when the lock is taken, and where the state can't be brought in order;
        at the end the lock stays then.
        """
        with locks.held(self._locks(stack), self._locks_url(stack)) as hold:
            self.fold(stack)
            name = self.stack_name(stack)
            self._held[name] = None
            try:
                yield
            finally:
                hold.stays = True
                journal = self._held.pop(name)
                if journal is not None and journal.close():
                    self._files(stack).fold()
                hold.stays = False

    def fold(self, stack: str) -> None:
        """Bring into the checkpoint what an earlier run has left in its journal, and say so. Raises EngineError."""
        stored = self._files(stack)
        if stored.fold():
            self.say(f"a run of '{self.stack_name(stack)}' was cut short: {stored.path} now has what it had done")

    def clear_locks(self, stack: str) -> int:
        """Fold what a killed run has left, then remove the stack's locks, as `cancel` does; how many there were.

        Raises EngineError for a journal that can't be folded, also because its run is still going on.
        """
        self.fold(stack)
        return locks.clear(self._locks(stack))

    def _files(self, stack: str) -> StackFiles:
        return StackFiles(self.path(stack), self.qualified(stack))

    def _locks(self, stack: str) -> Path:
        return self._home / "locks" / self.qualified(stack)

    def _locks_url(self, stack: str) -> str:
        return f"{_SCHEME}{self._locks(stack)}" + (f"?{self._query}" if self._query else "")

    def _summary(self, name: str) -> StackSummary:
        deployment = self.deployment(name)
        if not deployment:
            return StackSummary(name, "", None)
        time = str((deployment.get("manifest") or {}).get("time", ""))
        return StackSummary(name, "" if time.startswith("0001-") else time, len(deployment.get("resources") or ()))

    def _check_layout(self) -> None:
        meta = self._home / "meta.yaml"
        if meta.exists():
            found = _LAYOUT.search(meta.read_text())
            if not found or found[1] != "1":
                raise EngineError(f"{meta}: state layout {found[1] if found else 'unknown'} is not supported, only 1")
        elif any((self._home / "stacks").glob("*.json*")):
            raise EngineError(f"{self._home}: state without projects (layout 0); run `pulumi state upgrade` first")


def _massaged(query: str) -> str:
    """The query with the CLI's own default, as its messages show it."""
    values = {key: items[0] for key, items in parse_qs(query).items()}
    if values.get("no_tmp_dir", "") == "":
        values["no_tmp_dir"] = "true"
    elif values["no_tmp_dir"] == "false":
        del values["no_tmp_dir"]
    return urlencode(sorted(values.items()))


def _public(url: str) -> str:
    """A URL without user and password."""
    return re.sub(r"//[^/@]*@", "//****@", url)


def _warn(text: str) -> None:
    print(f"warning: {text}", file=sys.stderr)
