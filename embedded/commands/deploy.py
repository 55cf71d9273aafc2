"""up, preview, destroy: the commands that run a deployment."""

from __future__ import annotations

import os
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from embedded.engine import run as engine_run
from embedded.engine.cancellation import cancelling
from embedded.errors import EngineError
from embedded.session import Session, open_session

if TYPE_CHECKING:
    from embedded.display.progress import Progress
    from embedded.display.record import Record
    from embedded.engine.deployment import Deployment
    from embedded.engine.policies import PolicyPack

CHANGES_FOUND = 7  # exit code of --expect-no-changes, as the CLI's

Stack = Annotated[str, typer.Option("--stack", "-s", help="The stack; the selected one by default.")]
Yes = Annotated[bool, typer.Option("--yes", "-y", help="Go on without asking.")]
SkipPreview = Annotated[bool, typer.Option("--skip-preview", "-f", help="No preview before it.")]
Parallel = Annotated[int, typer.Option("--parallel", "-p", min=1, help="How many operations at once.")]
Packs = Annotated[list[Path], typer.Option("--policy-pack", help="A policy pack's folder; may be repeated.")]
Diff = Annotated[bool, typer.Option("--diff", help="Show what changes inside each resource.")]
Json = Annotated[bool, typer.Option("--json", "-j", help="Print the plan as JSON.")]
ExpectNoChanges = Annotated[bool, typer.Option("--expect-no-changes", help="Fail where there is a change.")]
SuppressOutputs = Annotated[bool, typer.Option("--suppress-outputs", help="Leave the stack's outputs out.")]
ShowSecrets = Annotated[bool, typer.Option("--show-secrets", help="Show secret outputs in plain.")]
ExcludeProtected = Annotated[
    bool, typer.Option("--exclude-protected", help="Leave protected resources and what they need.")
]


@dataclass(frozen=True, kw_only=True)
class View:
    """How a run is shown."""

    diff: bool = False
    json: bool = False
    outputs: bool = True
    secrets: bool = False


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.command("preview")(preview)
    app.command("up")(up)
    app.command("update", hidden=True)(up)
    app.command("destroy")(destroy)


def preview(
    stack: Stack = "",
    policy_pack: Packs = [],  # noqa: B006  typer reads it, nobody writes it
    parallel: Parallel = 16,
    diff: Diff = False,
    json: Json = False,
    expect_no_changes: ExpectNoChanges = False,
    suppress_outputs: SuppressOutputs = False,
    show_secrets: ShowSecrets = False,
) -> None:
    """Show what `up` would do."""
    view = View(diff=diff, json=json, outputs=not suppress_outputs, secrets=show_secrets)
    session = open_session(stack)
    record = _program(session, policy_pack, parallel, view, preview=True)
    if expect_no_changes:
        _expect_none(record)


def up(
    stack: Stack = "",
    yes: Yes = False,
    skip_preview: SkipPreview = False,
    policy_pack: Packs = [],  # noqa: B006  typer reads it, nobody writes it
    parallel: Parallel = 16,
    diff: Diff = False,
    expect_no_changes: ExpectNoChanges = False,
    suppress_outputs: SuppressOutputs = False,
    show_secrets: ShowSecrets = False,
) -> None:
    """Build what the program declares."""
    view = View(diff=diff, outputs=not suppress_outputs, secrets=show_secrets)
    session = open_session(stack)
    _may_proceed(yes, skip_preview)
    with session.backend.lock(session.stack):
        session.reload()
        if not skip_preview:
            _program(session, policy_pack, parallel, view, preview=True)
            _confirm(yes, "update", session.stack)
        record = _program(session, policy_pack, parallel, view, preview=False)
    if expect_no_changes:
        _expect_none(record)


def destroy(
    stack: Stack = "",
    yes: Yes = False,
    skip_preview: SkipPreview = False,
    parallel: Parallel = 16,
    exclude_protected: ExcludeProtected = False,
) -> None:
    """Delete what the stack has built."""
    session = open_session(stack)
    _may_proceed(yes, skip_preview)
    with session.backend.lock(session.stack):
        session.reload()
        if not skip_preview:
            _destroy(session, parallel, preview=True, exclude_protected=exclude_protected)
            _confirm(yes, "destroy", session.stack)
        _destroy(session, parallel, preview=False, exclude_protected=exclude_protected)


def _program(session: Session, packs: list[Path], parallel: int, view: View, *, preview: bool) -> Record:
    """Run the program against the stack and show it. Raises EngineError when it failed."""
    job = engine_run.Job(
        project=session.project.name,
        stack=session.stack,
        root=session.project.root,
        program=session.program(),
        python=session.python(),
        preview=preview,
        parallel=parallel,
        config=session.config,
        secret_keys=session.secret_keys,
        packs=packs,
    )
    from embedded.display import closing
    from embedded.display.record import Record

    record, began = Record(), time.monotonic()
    if not view.json:
        print(f"{'Previewing update' if preview else 'Updating'} ({session.stack}):", flush=True)
    with _screen(record, view, preview=preview) as screen:
        deployment = engine_run.run(
            job, lambda ready: _deployment(session, screen, ready, parallel, preview=preview), screen.printed
        )
    seconds = time.monotonic() - began
    if view.json:
        closing.print_json(record, session.config, session.secret_keys, seconds)
    else:
        closing.print_all(deployment, record, seconds, view_diff=view.diff, outputs=view.outputs, secrets=view.secrets)
    _check(deployment, record, "preview" if preview else "update")
    return record


def _destroy(session: Session, parallel: int, *, preview: bool, exclude_protected: bool) -> None:
    from embedded.display import closing
    from embedded.display.record import Record
    from embedded.engine import deletion

    record, began = Record(), time.monotonic()
    print(f"{'Previewing destroy' if preview else 'Destroying'} ({session.stack}):", flush=True)
    with _screen(record, View(), preview=preview) as screen:
        deployment = _deployment(session, screen, [], parallel, preview=preview)
        resources = deployment.snapshot.leftovers
        kept = deletion.protected_with_needs(resources) if exclude_protected else set()
        with cancelling(deployment.cancel):
            deployment.delete([item for item in resources if item.delete or item.urn not in kept])
    closing.print_all(deployment, record, time.monotonic() - began, outputs=False)
    if kept and not preview:
        print(f"{len(kept)} resources are protected, or needed by one that is, and stay.")
    _check(deployment, record, "preview" if preview else "update")


def _deployment(
    session: Session, screen: Progress, packs: list[PolicyPack], parallel: int, *, preview: bool
) -> Deployment:
    from embedded.engine.deployment import Deployment, Target
    from embedded.engine.snapshot import Snapshot

    snapshot = Snapshot(
        session.checkpoint.resources,
        session.checkpoint.pending_operations,
        None if preview else session.write,
    )
    target = Target(
        stack=session.stack,
        project=session.project.name,
        preview=preview,
        parallel=parallel,
        package_config=session.package_config(),
    )
    session.warn_of_pending(screen)
    return Deployment(target, snapshot, screen, packs)


def _screen(record: Record, view: View, *, preview: bool) -> Progress:
    from embedded.display.progress import Progress

    color = sys.stdout.isatty() and "NO_COLOR" not in os.environ
    return Progress(record, preview=preview, quiet=view.json or (preview and view.diff), color=color)


def _check(deployment: Deployment, record: Record, what: str) -> None:
    if any(finding.mandatory for finding in deployment.findings):
        raise EngineError(f"{what} failed: policies forbid it")
    if deployment.cancelled:
        raise EngineError(f"{what} cancelled")
    if deployment.failed or record.errors:
        raise EngineError(f"{what} failed")


def _expect_none(record: Record) -> None:
    if record.changed:
        raise EngineError("no changes were expected but changes occurred", exit_code=CHANGES_FOUND)


def _may_proceed(yes: bool, skip_preview: bool) -> None:
    if not yes and (not skip_preview and not _interactive()):
        raise EngineError("--yes or --skip-preview must be passed in to proceed when running in non-interactive mode")


def _confirm(yes: bool, what: str, stack: str) -> None:
    if yes:
        return
    answer = input(f"Do you want to perform this {what} of {stack}? [yes/no] ")
    if answer.strip().lower() not in ("yes", "y"):
        raise EngineError(f"confirmation declined, not proceeding with the {what}")


def _interactive() -> bool:
    return sys.stdin.isatty() and sys.stdout.isatty() and "PULUMI_NON_INTERACTIVE" not in os.environ
