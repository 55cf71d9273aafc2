"""The commands that reach into an app's data: psql, redis, env, rotate, purge.

Owns their arguments, exit codes and the question before a deletion; what they do is in modules of their own.
"""

from __future__ import annotations

import sys
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from operate import asking, printing
from operate.errors import OperateError
from operate.options import Admin, App, Json, Passed, Reader, Stack

if TYPE_CHECKING:
    from operate import stack as its


def register(app: typer.Typer) -> None:
    """Add the commands."""
    for command in (psql, redis, env, rotate, purge):
        app.command()(command)


def psql(app: App, arguments: Passed = None, stack: Stack = "dev", admin: Admin = False, reader: Reader = None) -> None:
    """Open psql on an app's database; `psql APP -- -c 'select 1'` and piped input work too."""
    from operate import clients, daemon

    if admin and reader:
        raise OperateError("--admin and --reader exclude each other: give one of them")
    found, login = _opened(stack, admin=admin)
    raise typer.Exit(clients.psql(found, app, arguments or [], daemon.connect(), login, reader))


def redis(
    app: App,
    arguments: Passed = None,
    stack: Stack = "dev",
    admin: Admin = False,
    purpose: Annotated[str | None, typer.Option("--purpose", help="Another one than the app's first.")] = None,
) -> None:
    """Open redis-cli as an app; `redis APP -- get saleor:key` and piped input work too."""
    from operate import clients, daemon

    found, login = _opened(stack, admin=admin)
    raise typer.Exit(clients.redis(found, app, arguments or [], daemon.connect(), login, purpose))


def env(
    app: App,
    stack: Stack = "dev",
    form: Annotated[str, typer.Option("--format", help="dotenv, docker (--env-file), json or compose.")] = "dotenv",
    reader: Reader = None,
    output: Annotated[Path | None, typer.Option("--output", "-o", help="A file, made with mode 0600.")] = None,
    loopback: Annotated[
        Path | None,
        typer.Option("--loopback", metavar="CA_FILE", help="By loopback ports; the authority is written to this file."),
    ] = None,
    json: Annotated[bool, typer.Option("--json", help="The same as --format json.")] = False,
) -> None:
    """Print an app's data URLs with their passwords, or write them to a file that only you can read."""
    from operate import env_file
    from operate import loopback as here
    from operate import stack as stacks

    found, secrets = stacks.read_with_secrets(stack)
    found.require(app)
    variables = secrets.of_reader(reader, app) if reader else secrets.of(app)
    if loopback:
        variables = here.urls(variables, found, loopback)
        env_file.write(loopback, found.ca or "")
    text = env_file.text(app, variables, "json" if json else form)
    if output is None:
        sys.stdout.write(text)
    else:
        env_file.write(output, text)
        printing.progress(f"{output} written, mode 0600", json=True)


def rotate(
    what: Annotated[str, typer.Argument(metavar="APP|all", help="The app, as in the stack file, or all of them.")],
    stack: Stack = "dev",
    json: Json = False,
    admin: Annotated[bool, typer.Option("--admin", help="The admin of a server instead (SERVER|all).")] = False,
    overlap: Annotated[bool, typer.Option("--overlap", help="Leave the login before open.")] = False,
    finish: Annotated[bool, typer.Option("--finish", help="Lock what an earlier --overlap has left open.")] = False,
    end_sessions: Annotated[
        bool, typer.Option("--end-sessions", help="End what is open on the login before, busy or not.")
    ] = False,
) -> None:
    """Give an app new passwords, or all apps, while they run; run again, it goes on where it was cut short."""
    from operate import daemon
    from operate import rotate as its

    if admin:
        if overlap or finish or end_sessions:
            raise OperateError("--admin stands alone: nobody but this program and you logs in as an admin")
        _rotate_admin(stack, what, json=json)
        return
    if finish and overlap:
        raise OperateError("--finish ends what --overlap leaves open: give one of them")
    client = daemon.connect()
    found, turns = its.prepare(stack, what, overlap=overlap, finish=finish)
    its.carry(found, turns, partial(printing.progress, json=json), quiet=json)
    turned = its.look(found, turns, client, end=end_sessions)
    if json:
        printing.document({"stack": stack, "apps": [one.as_json() for one in turned]})
    else:
        for one in turned:
            printing.progress(its.advice(stack, one), json=False)


def _rotate_admin(stack: str, what: str, *, json: bool) -> None:
    from operate import rotate_admin as its

    found, turns = its.prepare(stack, what)
    its.carry(found, turns, partial(printing.progress, json=json), quiet=json)
    if json:
        printing.document({"stack": stack, "servers": [one.as_json() for one in turns]})
    else:
        for one in turns:
            text = f"{one.name}: the admin has a new password (generation {one.generation}), the one before is refused"
            printing.progress(text, json=False)


def purge(
    app: App,
    stack: Stack = "dev",
    json: Json = False,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Don't ask for the app's name.")] = False,
) -> None:
    """Delete a retired app with its data, after a backup; run again, it goes on where it was cut short."""
    from operate import daemon
    from operate import purge as its

    client, plan = daemon.connect(), its.prepare(stack, app)
    if not yes:
        warning = f"This deletes database, keys and volumes of {app} in stack {stack}, after a backup."
        asking.for_name(app, warning, "purge deletes data")
    backups = its.carry(plan, client, partial(printing.progress, json=json), quiet=json)
    if json:
        document = {"stack": stack, "app": app, "backups": [one.as_json() for one in backups], "files": plan.earlier}
        printing.document(document)


def _opened(stack: str, *, admin: bool) -> tuple[its.Stack, its.Secrets | None]:
    """The stack, with the secrets only where an app's own login is wanted."""
    from operate import stack as its

    return (its.read(stack), None) if admin else its.read_with_secrets(stack)
