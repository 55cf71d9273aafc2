"""destroy: deletes what the stack has built, without its program."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from embedded.commands import _running as running
from embedded.commands._running import Dependents, Options, Parallel, Refresh, SkipPreview, Stack, Targets, View, Yes
from embedded.session import Session, open_session

if TYPE_CHECKING:
    from embedded.engine.deployment import Deployment

ExcludeProtected = Annotated[
    bool, typer.Option("--exclude-protected", help="Leave protected resources and what they need.")
]


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("destroy")(destroy)


def destroy(
    stack: Stack = "",
    yes: Yes = False,
    skip_preview: SkipPreview = False,
    parallel: Parallel = 16,
    exclude_protected: ExcludeProtected = False,
    refresh: Refresh = False,
    target: Targets = [],  # noqa: B006  typer reads it, nobody writes it
    target_dependents: Dependents = False,
) -> None:
    """Delete what the stack has built."""
    selection = running.selection(target, [], [], dependents=target_dependents)
    options = Options(parallel=parallel, refresh=refresh, selection=selection)
    session = open_session(stack)
    running.may_proceed(yes=yes, skip_preview=skip_preview)
    with session.backend.lock(session.stack):
        session.reload()
        if not skip_preview:
            _destroy(session, options, preview=True, exclude_protected=exclude_protected)
            running.confirm("destroy", session.stack, yes=yes)
        _destroy(session, options, preview=False, exclude_protected=exclude_protected)


def _destroy(session: Session, options: Options, *, preview: bool, exclude_protected: bool) -> None:
    kept: set[str] = set()

    def work(deployment: Deployment) -> None:
        from embedded.engine import deletion

        if options.refresh:
            deployment.refresh()
        if exclude_protected:
            kept.update(deletion.protected_with_needs(deployment.snapshot.leftovers))
        if not deployment.failed:
            deployment.destroy(kept)

    title = "Previewing destroy" if preview else "Destroying"
    running.run_alone(session, title, options, View(outputs=False), work, preview=preview)
    if kept and not preview:
        print(f"{len(kept)} resources are protected, or needed by one that is, and stay.")
