"""What the commands that run a deployment have in common: their flags, the run itself, and how it is shown."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from embedded.engine import run as engine_run
from embedded.engine.cancellation import cancelling
from embedded.engine.policy_config import LocalPack
from embedded.engine.targets import Selection
from embedded.errors import EngineError
from embedded.session import Session

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
PackConfigs = Annotated[
    list[Path],
    typer.Option("--policy-pack-config", help="JSON of levels and settings; one for each --policy-pack, in order."),
]
Diff = Annotated[bool, typer.Option("--diff", help="Show what changes inside each resource.")]
Json = Annotated[bool, typer.Option("--json", "-j", help="Print the plan as JSON.")]
ExpectNoChanges = Annotated[bool, typer.Option("--expect-no-changes", help="Fail where there is a change.")]
SuppressOutputs = Annotated[bool, typer.Option("--suppress-outputs", help="Leave the stack's outputs out.")]
ShowSecrets = Annotated[bool, typer.Option("--show-secrets", help="Show secret outputs in plain.")]
Refresh = Annotated[bool, typer.Option("--refresh", "-r", help="Look what is there first.")]
Targets = Annotated[list[str], typer.Option("--target", "-t", help="Only this URN; * and ** are wildcards.")]
Dependents = Annotated[bool, typer.Option("--target-dependents", help="Also what depends on a target.")]
Replace = Annotated[list[str], typer.Option("--replace", help="Replace this URN whatever its difference.")]
TargetReplace = Annotated[list[str], typer.Option("--target-replace", help="--target and --replace in one.")]


@dataclass(frozen=True, kw_only=True)
class View:
    """How a run is shown."""

    diff: bool = False
    json: bool = False
    outputs: bool = True
    secrets: bool = False


@dataclass(frozen=True, kw_only=True)
class Options:
    """What a run is about and how it is carried out."""

    parallel: int = 16
    packs: list[LocalPack] = field(default_factory=list)
    refresh: bool = False
    selection: Selection = field(default_factory=Selection)


def selection(targets: list[str], replace: list[str], both: list[str], *, dependents: bool) -> Selection:
    """The resources that the flags name. Raises EngineError for dependents of nothing."""
    if dependents and not (targets or both):
        raise EngineError("--target-dependents says what else belongs to --target: name one")
    return Selection(targets=(*targets, *both), dependents=dependents, replace=(*replace, *both))


def run_program(session: Session, options: Options, view: View, *, preview: bool) -> Record:
    """Run the program against the stack and show it. Raises EngineError when it failed."""
    job = engine_run.Job(
        project=session.project.name,
        stack=session.stack,
        root=session.project.root,
        program=session.program(),
        python=session.python(),
        preview=preview,
        parallel=options.parallel,
        config=session.config,
        secret_keys=session.secret_keys,
        packs=options.packs,
    )

    def carry_out(screen: Progress) -> Deployment:
        return engine_run.run(job, lambda ready: prepare(screen, ready), screen.printed)

    def prepare(screen: Progress, ready: list[PolicyPack]) -> Deployment:
        deployment = _deployment(session, options, screen, ready, preview=preview)
        if options.refresh:
            with cancelling(deployment.cancel):
                deployment.refresh()
        return deployment

    title = "Previewing update" if preview else "Updating"
    return show(session, title, carry_out, view, preview=preview)


def run_alone(
    session: Session,
    title: str,
    options: Options,
    view: View,
    work: Callable[[Deployment], None],
    *,
    preview: bool,
) -> Record:
    """Run `work` on the stack without its program, and show it. Raises EngineError when it failed."""

    def carry_out(screen: Progress) -> Deployment:
        deployment = _deployment(session, options, screen, [], preview=preview)
        with cancelling(deployment.cancel):
            work(deployment)
        deployment.settle()
        return deployment

    return show(session, title, carry_out, view, preview=preview)


def show(
    session: Session, title: str, carry_out: Callable[[Progress], Deployment], view: View, *, preview: bool
) -> Record:
    """Carry a run out on a screen of its own, and close it. Raises EngineError when it failed."""
    from embedded.display import closing
    from embedded.display.progress import Progress
    from embedded.display.record import Record

    record, began = Record(), time.monotonic()
    if not view.json:
        print(f"{title} ({session.stack}):", flush=True)
    color = sys.stdout.isatty() and "NO_COLOR" not in os.environ
    with Progress(record, preview=preview, quiet=view.json or (preview and view.diff), color=color) as screen:
        deployment = carry_out(screen)
    seconds = time.monotonic() - began
    if view.json:
        closing.print_json(record, session.config, session.secret_keys, seconds)
    else:
        closing.print_all(deployment, record, seconds, view_diff=view.diff, outputs=view.outputs, secrets=view.secrets)
    _check(deployment, record, "preview" if preview else "update")
    return record


def _deployment(
    session: Session, options: Options, screen: Progress, packs: list[PolicyPack], *, preview: bool
) -> Deployment:
    from embedded import stack_outputs
    from embedded.engine.deployment import Deployment, Target
    from embedded.engine.snapshot import Snapshot

    checkpoint = session.checkpoint
    snapshot = Snapshot(checkpoint.resources, checkpoint.pending_operations, None if preview else session.write)
    target = Target(
        stack=session.stack,
        project=session.project.name,
        preview=preview,
        parallel=options.parallel,
        package_config=session.package_config(),
        selection=options.selection,
        outputs_of=partial(stack_outputs.read, session),
    )
    session.warn_of_pending(screen)
    return Deployment(target, snapshot, screen, packs)


def _check(deployment: Deployment, record: Record, what: str) -> None:
    if any(finding.mandatory for finding in deployment.findings):
        raise EngineError(f"{what} failed: policies forbid it")
    if deployment.cancelled:
        raise EngineError(f"{what} cancelled")
    if deployment.failed or record.errors:
        raise EngineError(f"{what} failed")


def expect_none(record: Record) -> None:
    """Raises EngineError with the CLI's exit code where something has changed."""
    if record.changed:
        raise EngineError("no changes were expected but changes occurred", exit_code=CHANGES_FOUND)


def may_proceed(*, yes: bool, skip_preview: bool) -> None:
    """Raises EngineError where nobody could be asked."""
    interactive = sys.stdin.isatty() and sys.stdout.isatty() and "PULUMI_NON_INTERACTIVE" not in os.environ
    if not (yes or skip_preview or interactive):
        raise EngineError("--yes or --skip-preview must be passed in to proceed when running in non-interactive mode")


def confirm(what: str, stack: str, *, yes: bool) -> None:
    """Ask, unless the answer has been given. Raises EngineError when it is no."""
    if yes:
        return
    answer = input(f"Do you want to perform this {what} of {stack}? [yes/no] ")
    if answer.strip().lower() not in ("yes", "y"):
        raise EngineError(f"confirmation declined, not proceeding with the {what}")
