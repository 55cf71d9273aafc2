"""refresh: brings the state to what is there, without the program."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from embedded.commands import _running as running
from embedded.commands._running import (
    Dependents,
    Diff,
    ExpectNoChanges,
    Options,
    Parallel,
    ShowSecrets,
    SkipPreview,
    Stack,
    SuppressOutputs,
    Targets,
    View,
    Yes,
)
from embedded.session import open_session

if TYPE_CHECKING:
    from embedded.display.record import Record
    from embedded.engine.deployment import Deployment

PreviewOnly = Annotated[bool, typer.Option("--preview-only", help="Only show what differs.")]
ClearPending = Annotated[
    bool, typer.Option("--clear-pending-creates", help="Accepted as the CLI does; they are settled by looking.")
]


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("refresh")(refresh)


def refresh(
    stack: Stack = "",
    yes: Yes = False,
    skip_preview: SkipPreview = False,
    preview_only: PreviewOnly = False,
    parallel: Parallel = 16,
    diff: Diff = False,
    expect_no_changes: ExpectNoChanges = False,
    suppress_outputs: SuppressOutputs = False,
    show_secrets: ShowSecrets = False,
    clear_pending_creates: ClearPending = False,  # noqa: ARG001
    target: Targets = [],  # noqa: B006  typer reads it, nobody writes it
    target_dependents: Dependents = False,
) -> None:
    """Bring the state to what is there."""
    view = View(diff=diff, outputs=not suppress_outputs, secrets=show_secrets)
    options = Options(parallel=parallel, selection=running.selection(target, [], [], dependents=target_dependents))
    session = open_session(stack)

    def run(*, preview: bool) -> Record:
        title = "Previewing refresh" if preview else "Refreshing"
        return running.run_alone(session, title, options, view, _refresh, preview=preview)

    if preview_only:
        record = run(preview=True)
    else:
        running.may_proceed(yes=yes, skip_preview=skip_preview)
        with session.backend.lock(session.stack):
            session.reload()
            if not skip_preview:
                run(preview=True)
                running.confirm("refresh", session.stack, yes=yes)
            record = run(preview=False)
    if expect_no_changes:
        running.expect_none(record)


def _refresh(deployment: Deployment) -> None:
    deployment.refresh()
