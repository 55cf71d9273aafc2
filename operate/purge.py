"""Delete a retired app with its data, after a backup: the one way by which data leaves a stack.

Each step leaves its mark in the stack file or the stack's outputs, so that a run that was cut short goes on where it
stopped: backup, `purging`, up (protection falls), the app's keys out of the file, up (its stores go).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import docker

from operate import lifecycle, pulumi
from operate import stack as stacks
from operate.backup import leftovers, listing, take
from operate.backup.take import Copy
from operate.errors import OperateError
from operate.stack import Stack

_PROJECT = lifecycle.PROJECT

Progress = Callable[[str], None]


@dataclass(frozen=True, kw_only=True)
class Purge:
    """One purge: the app, and what was learned about it before anything was done.

    `declared` says whether the stack file still has it, `marked` whether it says `purging`, `unlocked` whether the
    last `up` has taken protection away.
    """

    stack: Stack
    app: str
    declared: bool
    marked: bool
    unlocked: bool

    @property
    def folder(self) -> Path:
        """Where this stack's backups go."""
        return take.folder(self.stack.name)

    @property
    def earlier(self) -> list[str]:
        """The backups that there are of the app, newest last."""
        mine = re.compile(rf"{re.escape(self.app)}-{listing.KINDS}")
        found = self.folder.iterdir() if self.folder.is_dir() else []
        return sorted(str(path) for path in found if mine.fullmatch(path.name))


def prepare(stack: str, app: str) -> Purge:
    """Look at an app before it is purged. Raises OperateError for one that is unknown or still in use."""
    found, file = stacks.read(stack), lifecycle.own_keys(stack)
    held = found.apps.get(app)
    if held is None:
        raise OperateError(f"stack {stack} has no app {app}, and no data of it: nothing to purge")
    marked, retired = app in _list(file, "purging"), app in _list(file, "retired")
    if not (held.purging or (held.retired and (retired or marked))):
        raise OperateError(
            f"{app} is in use: add it to {_PROJECT}:retired in Pulumi.{stack}.yaml and `make up STACK={stack}` first, "
            "which stops its service and locks its logins"
        )
    if not found.running:
        raise OperateError(f"{stack} is down, so that nothing can be backed up: `make up STACK={stack}` first")
    return Purge(stack=found, app=app, declared=app in (file.get("apps") or {}), marked=marked, unlocked=held.purging)


def carry(purge: Purge, client: docker.DockerClient, said: Progress, *, quiet: bool) -> list[Copy]:
    """Do what is left to do; `quiet` keeps standard output free. Raises OperateError; run again to go on."""
    backups = _backed_up(purge, client, said)
    stack, app = purge.stack.name, purge.app
    if purge.declared and not purge.unlocked:
        if not purge.marked:
            _config(stack, "set", f"purging[{len(_list(lifecycle.own_keys(stack), 'purging'))}]", app)
        said(f"{app}: taking protection away")
        _up(stack, quiet=quiet)
    _forget(stack, app)
    said(f"{app}: deleting")
    _up(stack, quiet=quiet)
    if app in stacks.read(stack).apps:
        raise OperateError(f"{app} is still there after `up`: run this again, and report it if that doesn't help")
    said(f"{app}: purged. " + (f"Backups: {', '.join(purge.earlier)}" if purge.earlier else "It had no data."))
    return backups


def _backed_up(purge: Purge, client: docker.DockerClient, said: Progress) -> list[Copy]:
    """A backup of what is there now, whatever others there are; none once its deletion has begun."""
    if not purge.declared:
        said(f"{purge.app}: going on with its deletion; backups: {', '.join(purge.earlier) or 'none'}")
        return []
    leftovers.refuse(purge.stack, purge.app, client)
    with take.alone(purge.stack.name) as folder:
        return take.app(purge.stack, purge.app, client, folder, said=said)


def _forget(stack: str, app: str) -> None:
    """Take the app and the readers of it alone out of the stack file; what is gone already is passed over."""
    for key in ("purging", "retired"):  # cut short between the two, the app is retired and nothing worse
        listed = _list(lifecycle.own_keys(stack), key)
        if listed == [app]:
            _config(stack, "rm", key)
        elif app in listed:
            _config(stack, "rm", f"{key}[{listed.index(app)}]")
    file = lifecycle.own_keys(stack)
    for reader in _only_read(file, app):
        _config(stack, "rm", f'readers["{reader}"]')
    if app in (file.get("apps") or {}):
        _config(stack, "rm", f'apps["{app}"]')


def _only_read(file: Mapping[str, Any], app: str) -> list[str]:
    """The readers that read this app's database and no other: they own nothing, and go with it."""
    named = {name: set(((its or {}).get("postgres") or {}).get("readers") or ()) for name, its in file["apps"].items()}
    others = set().union(*(readers for name, readers in named.items() if name != app))
    return [reader for reader in file.get("readers") or {} if reader in named.get(app, ()) and reader not in others]


def _config(stack: str, verb: str, path: str, *value: str) -> None:
    pulumi.run("config", verb, "--path", f"{_PROJECT}:{path}", *value, "--stack", stack, to_errors=True)


def _up(stack: str, *, quiet: bool) -> None:
    pulumi.run("up", "--yes", "--skip-preview", "--suppress-outputs", "--stack", stack, to_errors=quiet)


def _list(file: dict[str, Any], key: str) -> list[str]:
    found = file.get(key)
    return [str(item) for item in found] if isinstance(found, list) else []
