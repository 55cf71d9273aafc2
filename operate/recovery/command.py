"""The commands recovery-kit and rebuild. Owns their arguments, exit codes and what is printed."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from operate import printing
from operate.errors import OperateError
from operate.options import Json, Stack

if TYPE_CHECKING:
    from operate.recovery.rebuild import Outcome

_STAMP: Final = "%Y-%m-%dT%H:%M:%SZ"
Word = Annotated[
    Path | None,
    typer.Option("--passphrase-file", metavar="FILE", help="The kit's own passphrase; else it is asked for."),
]


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.command("recovery-kit")(recovery_kit)
    app.command()(rebuild)


def recovery_kit(
    stack: Stack = "dev",
    json: Json = False,
    output: Annotated[Path | None, typer.Option("--output", "-o", metavar="FILE", help="Made with mode 0600.")] = None,
    passphrase_file: Word = None,
) -> None:
    """Write what a rebuild from nothing needs beside the backup repository into one encrypted file."""
    from operate import daemon, env_file
    from operate.recovery import contents, kit, passphrase

    made = datetime.now(UTC)
    path = output or Path(f"{stack}-{made:%Y%m%d%H%M%S}.recovery-kit")
    found, notes = contents.gather(stack, daemon.connect())
    word = passphrase.chosen(passphrase_file)
    header = kit.Header(stack=stack, made=made.strftime(_STAMP), data_tier=version())
    env_file.write(path, kit.seal(header, found, word).decode())
    for note in notes:
        printing.progress(f"note: {note}", json=json)
    if json:
        document = {"file": str(path), "stack": stack, "made": header.made, "servers": found.servers, "notes": notes}
        printing.document(document)
    else:
        printing.progress(
            f"{path} written, mode 0600. Keep it where this host's end doesn't reach, and its passphrase elsewhere; "
            "make another after each rotation of passwords",
            json=json,
        )


def rebuild(
    kit: Annotated[Path, typer.Option("--kit", metavar="FILE", help="As recovery-kit has written it.")],
    repository: Annotated[
        Path,
        typer.Option("--repository", metavar="PATH", help="A copy of the backup repository: a folder, or a tar."),
    ],
    stack: Annotated[
        str | None, typer.Option("--stack", "-s", help="The stack that the kit must be of; else that of the kit.")
    ] = None,
    to: Annotated[
        str | None, typer.Option("--to", metavar="TIME", help="As it was then, with the zone; else the archive's end.")
    ] = None,
    json: Json = False,
    passphrase_file: Word = None,
) -> None:
    """Make a stack again on a host that has nothing of it, from its recovery kit and its backup repository."""
    from operate.backup import physical
    from operate.recovery import kit as kits
    from operate.recovery import passphrase
    from operate.recovery import rebuild as its

    data = kits.read(kit)
    header = kits.header(data, str(kit))
    if stack not in (None, header.stack):
        raise OperateError(f"{kit} is of stack {header.stack}, not of {stack}")
    moment = physical.moment(to) if to else None
    opened = kits.open_(data, passphrase.known(passphrase_file), str(kit))
    said = partial(printing.progress, json=json)
    said(f"stack {header.stack}, kit of {header.made} by data-tier {header.data_tier}")
    with _beside() if json else nullcontext():
        outcome = its.carry(header.stack, opened, repository, moment, said)
    if json:
        printing.document({"stack": header.stack, **vars(outcome)})
    else:
        for line in _told(header.stack, outcome):
            said(line)
    if outcome.problems:
        raise typer.Exit(1)


@contextmanager
def _beside() -> Iterator[None]:
    """What this process and those that it starts print goes to standard error meanwhile."""
    sys.stdout.flush()
    kept = os.dup(1)
    os.dup2(2, 1)
    try:
        yield
    finally:
        sys.stdout.flush()
        os.dup2(kept, 1)
        os.close(kept)


def version() -> str:
    """Of this program."""
    import tomllib

    file = Path(__file__).resolve().parents[2] / "pyproject.toml"
    found: str = tomllib.loads(file.read_text(encoding="utf-8"))["project"]["version"]
    return found


def _told(stack: str, outcome: Outcome) -> list[str]:
    lines = []
    for its in outcome.servers:
        held = its["compared"]
        rows = f": {held['tables']} tables, {held['rows']} rows as in its manifest" if held and held["manifest"] else ""
        lines.append(f"{its['server']}: restored from {its['label']}{rows if not outcome.problems else ''}")
    lines += [f"problem: {one}" for one in outcome.problems]
    lines += [f"note: {one}" for one in outcome.not_covered]
    whole = sum(outcome.seconds.values())
    well = "with the problems above" if outcome.problems else "every app logs in with the password that it had"
    return [*lines, f"{stack} is rebuilt in {whole / 60:.1f} minutes, {well}"]
