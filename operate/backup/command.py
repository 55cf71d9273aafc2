"""The commands of backups: backup, backups and restore here. Owns their arguments, exit codes and what is printed."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from components import backup_jobs
from operate import asking, printing
from operate.backup.whole_command import restore_server
from operate.errors import OperateError
from operate.options import App, Json, Stack

if TYPE_CHECKING:
    from operate import stack as its
    from operate.backup import listing
    from operate.backup.restore import Wanted
    from operate.backup.take import Copy, Progress

_ALL: Final = "all"
_CHECKS: Final = ("read", "restore")


def register(app: typer.Typer) -> None:
    """Add the commands."""
    for command in (backup, backups, restore, restore_server):
        app.command()(command)


def backup(
    what: Annotated[str, typer.Argument(metavar="[APP|all]", help="The app, as in the stack file, or all.")] = _ALL,
    stack: Stack = "dev",
    json: Json = False,
    check: Annotated[
        str, typer.Option("--check", metavar="read|restore", help="Read it again, or restore and compare it too.")
    ] = "read",
    physical: Annotated[
        str | None,
        typer.Option("--physical", metavar="full|differential|incremental", help="Of the whole server, by pgBackRest."),
    ] = None,
    test: Annotated[
        bool, typer.Option("--test", help="Restore the newest physical backup beside, and compare.")
    ] = False,
) -> None:
    """Copy an app's stores, or those of all apps, into backups/<stack>/, each with a manifest."""
    if physical is not None or test:
        _physical(what, stack, physical, test=test, json=json)
        return
    from operate import daemon
    from operate import stack as stacks
    from operate.backup import take

    if check not in _CHECKS:
        raise OperateError(f"--check {check}: choose one of {', '.join(_CHECKS)}")
    found = stacks.read(stack)
    apps = _apps(found, what)
    client, said = daemon.connect(), partial(printing.progress, json=json)
    made: list[Copy] = []
    failed: list[str] = []
    with take.alone(stack) as folder:
        for app in apps:
            try:
                made += take.app(found, app, client, folder, check=check, said=said)
            except OperateError as error:
                failed.append(f"{app}: {error}")
    if json:
        printing.document({"stack": stack, "backups": [one.as_json() for one in made], "failed": failed})
    if failed:
        raise OperateError("; ".join(failed))


def _physical(what: str, stack: str, kind: str | None, *, test: bool, json: bool) -> None:
    from operate import daemon
    from operate import stack as stacks
    from operate.backup import physical

    if kind is not None and kind not in backup_jobs.BACKUPS:
        raise OperateError(f"--physical {kind}: choose one of {', '.join(backup_jobs.BACKUPS)}")
    found, done, failed = stacks.read(stack), [], []
    if what != _ALL:
        found.require(what)
    for beside in physical.require(found, daemon.connect(), None if what == _ALL else what):
        try:
            for job in (kind, backup_jobs.RESTORE_TEST if test else None):
                if job:
                    done.append(physical.run(beside, job))
                    printing.progress(physical.told(done[-1]), json=json)
        except OperateError as error:
            failed.append(str(error))
    if json:
        printing.document({"stack": stack, "physical": done, "failed": failed})
    if failed:
        raise OperateError("; ".join(failed))


def backups(
    app: Annotated[str | None, typer.Argument(metavar="[APP]", help="Those of all apps where left out.")] = None,
    stack: Stack = "dev",
    json: Json = False,
) -> None:
    """List the copies with size, age and checks; fails where one is missing or damaged."""
    from operate.backup import listing

    entries = listing.look(stack, app)
    wrong = [entry for entry in entries if entry.problem and entry.manifest]
    servers = _servers(stack, app)
    if json:
        at = datetime.now(UTC)
        told = {"backups": [entry.as_json(at) for entry in entries], "physical": servers}
        printing.document({"stack": stack, "ok": not wrong, **told})
    else:
        _shown(stack, app, entries, servers)
    if wrong:
        raise typer.Exit(1)


def _shown(stack: str, app: str | None, entries: list[listing.Entry], servers: list[dict[str, Any]]) -> None:
    from operate.backup import listing, physical, take

    if servers:
        printing.console().print(physical.render(servers))
    if entries:
        printing.console().print(listing.render(stack, entries))
    else:
        printing.progress(f"no copies{f' of {app}' if app else ''} in {take.folder(stack)}", json=False)


def _servers(name: str, app: str | None) -> list[dict[str, Any]]:
    """The physical backups of the servers that run; those of a stack that is down, or is none, can't be asked."""
    from operate import daemon
    from operate import stack as stacks
    from operate.backup import physical

    try:
        found = stacks.read(name)
    except OperateError:
        return []
    if not found.running or not any(server.backup for server in found.servers.values()):
        return []
    return [physical.listed(beside) for beside in physical.of(found, daemon.connect(), app)]


def restore(
    app: App,
    stack: Stack = "dev",
    json: Json = False,
    file: Annotated[Path | None, typer.Option("--from", metavar="FILE", help="The copy.")] = None,
    name: Annotated[
        str | None, typer.Option("--as", metavar="NAME", help="What the restored database is called.")
    ] = None,
    swap: Annotated[
        bool, typer.Option("--swap", help="Put it in the place of the app's database, which stays.")
    ] = False,
    to: Annotated[
        str | None, typer.Option("--to", metavar="TIME", help="The database as it was then, with the zone.")
    ] = None,
    replace: Annotated[bool, typer.Option("--replace", help="Redis: in place of the keys that are there.")] = False,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Don't ask for the app's name.")] = False,
) -> None:
    """Restore a copy beside what an app has; with --swap or --replace in its place."""
    from operate import daemon
    from operate import stack as stacks
    from operate.backup import restore as its

    found = stacks.read(stack)
    wanted = its.Wanted(app=app, name=name, swap=swap, replace=replace)
    said: Progress = partial(printing.progress, json=json)
    file = _at(found, wanted, to, file, said) if to else file
    copy = its.look(found, wanted, file)
    if (swap or replace) and not yes:
        what = "database" if swap else "keys"
        warning = f"This puts other data in the place of the {what} of {app} in stack {stack} and ends its sessions."
        asking.for_name(app, warning, f"restore changes the {what} that an app uses")
    done = its.carry(found, wanted, copy, daemon.connect(), said)
    if json:
        printing.document({"stack": stack, **done.as_json()})
    else:
        said(f"{app}: {done.store} restored in {done.seconds:g} s")


def _at(stack: its.Stack, wanted: Wanted, to: str, file: Path | None, said: Progress) -> Path:
    """A copy of the database as it was at the time `to`. Raises OperateError."""
    from operate import daemon
    from operate.backup import physical, point

    if file is not None or wanted.replace:
        raise OperateError("--to is for a database from the server's backups: leave --from and --replace out")
    return point.copy(stack, wanted.app, physical.moment(to), daemon.connect(), said).file


def _apps(stack: its.Stack, what: str) -> list[str]:
    """Raises OperateError for an app that has nothing to copy, or a stack that is down."""
    having = [app for app in stack.apps if app in {*stack.databases, *stack.redis_users, *stack.mongo_users}]
    if what != _ALL:
        stack.require(what)
        if what not in having:
            raise OperateError(f"{what} has no store: there is nothing to copy")
    if not having:
        raise OperateError(f"no app of {stack.name} has a store: there is nothing to copy")
    if not stack.running:
        raise OperateError(f"{stack.name} is down, so that nothing can be copied: `make up STACK={stack.name}` first")
    return having if what == _ALL else [what]
