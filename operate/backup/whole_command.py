"""The command restore-server. Owns its arguments, what is asked before, and what is printed."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Annotated

import typer

from operate import asking, printing
from operate.errors import OperateError
from operate.options import Json, Stack

if TYPE_CHECKING:
    from operate.backup.whole import Done, Progress


def restore_server(
    server: Annotated[str, typer.Argument(metavar="SERVER", help="A server with backups, or the app that has it.")],
    stack: Stack = "dev",
    json: Json = False,
    to: Annotated[str | None, typer.Option("--to", metavar="TIME", help="As it was then, with the zone.")] = None,
    latest: Annotated[bool, typer.Option("--latest", help="As far as the archive goes.")] = False,
    back: Annotated[bool, typer.Option("--back", help="The cluster of before in its place again.")] = False,
    finish: Annotated[bool, typer.Option("--finish", help="Delete the cluster of before.")] = False,
    lossy: Annotated[bool, typer.Option("--lossy", help="Without what isn't archived.")] = False,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Don't ask for the server's name.")] = False,
) -> None:
    """Put a whole PostgreSQL server back to a moment, in its place; its cluster of before is kept until --finish."""
    from operate import daemon
    from operate import stack as stacks
    from operate.backup import physical, whole

    if [to is not None, latest, back, finish].count(True) != 1:
        raise OperateError("say one of --to TIME, --latest, --back and --finish")
    moment = physical.moment(to) if to else None
    found, client, said = stacks.read(stack), daemon.connect(), partial(printing.progress, json=json)
    beside = whole.chosen(found, server, client)
    if not yes:
        what = "deletes the cluster that was kept" if finish else "puts another state in the place of every database"
        warning = f"This {what} of {beside.server.name} in stack {stack}."
        asking.for_name(beside.server.name, warning, "restore-server changes what every app of a server has")
    if finish:
        deleted = whole.finish(found, beside, client)
        said(f"{beside.server.name}: {deleted} is deleted")
        if json:
            printing.document({"stack": stack, "server": beside.server.name, "deleted": deleted})
        return
    done = (
        whole.back(found, beside, client, said)
        if back
        else whole.restore(found, beside, moment, client, said, lossy=lossy)
    )
    _tell(stack, done, said, json=json)


def _tell(stack: str, done: Done, said: Progress, *, json: bool) -> None:
    for name, held in done.databases.items():
        said(f"{done.server}: {name} has {held['tables']} tables, {held['rows']} rows")
    if done.missing:
        said(f"not there any more: {', '.join(done.missing)}; `./pulumiw up --refresh` makes what the stack file has")
    if done.kept:
        said(f"{done.server}: its cluster of before is {done.kept}: --back puts it in place again, --finish deletes it")
    said(f"{done.server}: serves again on timeline {done.timeline} after {done.seconds:g} s")
    if json:
        printing.document({"stack": stack, **done.as_json()})
