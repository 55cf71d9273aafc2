"""A stack whose run can be copied at any moment, as a crash would leave it: for the tests of the journal."""

from __future__ import annotations

import shutil
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from embedded.engine.snapshot import Snapshot
from embedded.engine.steps import Op
from embedded.secrets import PassphraseSecrets
from embedded.state import Backend, Resource
from embedded.values import Secret

PASSWORD = "hunter22"


def made(name: str, id: str = "1", **more: Any) -> Resource:
    return Resource(urn=f"urn:pulumi:dev::demo::t::{name}", type="t", custom=True, id=id, **more)


@dataclass
class Stack:
    """A stack `dev` with three resources, and the folder of another machine that its files are copied to."""

    root: Path
    secrets: PassphraseSecrets
    said: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.root.mkdir()
        self.backend = self.open()
        self.backend.create("dev", self.secrets)
        checkpoint = self.backend.load("dev", self.secrets)
        checkpoint.resources = [made(name) for name in "abc"]
        self.backend.save("dev", checkpoint)

    def open(self) -> Backend:
        """The backend as another process has it."""
        backend = Backend.from_url(f"file://{self.root}", "demo")
        backend.say = self.said.append
        return backend

    @property
    def checkpoint(self) -> Path:
        return self.backend.path("dev")

    @property
    def journal(self) -> Path:
        return self.checkpoint.with_name("dev.json.journal")

    def begin(self) -> Snapshot:
        """A run under the stack's lock."""
        loaded = self.backend.load("dev", self.secrets)
        journal = self.backend.journal("dev", loaded)
        return Snapshot(loaded.resources, loaded.pending_operations, journal.append)

    def copied(self, to: Path) -> Stack:
        """The files as a crash at this moment would leave them."""
        shutil.copytree(self.root, to)
        copy = object.__new__(Stack)
        copy.root, copy.secrets, copy.said = to, self.secrets, []
        copy.backend = copy.open()
        return copy

    def names(self) -> list[str]:
        """What another process reads."""
        return [f"{item.urn[-1]}{item.id}" for item in self.open().load("dev", self.secrets).resources]

    def pending(self) -> list[tuple[str, str]]:
        found = self.open().load("dev", self.secrets).pending_operations
        return [(kind, item.urn[-1]) for kind, item in found]


def half_a_run(snapshot: Snapshot) -> None:
    """`a` updated, `d` made with a secret, `b` gone, `e` begun."""
    snapshot.put(made("a", "2"))
    snapshot.begin(Op.CREATE, made("d", ""))
    snapshot.put(made("d", outputs={"password": Secret(PASSWORD)}))
    snapshot.removed(snapshot.olds[0])
    snapshot.begin(Op.CREATE, made("e", ""))


AFTER = (["a2", "d1", "c1"], [("creating", "e")])
