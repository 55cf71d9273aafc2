"""up and preview: the commands that run the program."""

from __future__ import annotations

import typer

from embedded.commands import _running as running
from embedded.commands._running import (
    Dependents,
    Diff,
    ExpectNoChanges,
    Json,
    Options,
    PackConfigs,
    Packs,
    Parallel,
    Refresh,
    Replace,
    ShowSecrets,
    SkipPreview,
    Stack,
    SuppressOutputs,
    TargetReplace,
    Targets,
    View,
    Yes,
)
from embedded.engine.policy_config import local_packs
from embedded.session import open_session


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.command("preview")(preview)
    app.command("up")(up)
    app.command("update", hidden=True)(up)


def preview(
    stack: Stack = "",
    policy_pack: Packs = [],  # noqa: B006  typer reads it, nobody writes it
    policy_pack_config: PackConfigs = [],  # noqa: B006
    parallel: Parallel = 16,
    diff: Diff = False,
    json: Json = False,
    expect_no_changes: ExpectNoChanges = False,
    suppress_outputs: SuppressOutputs = False,
    show_secrets: ShowSecrets = False,
    refresh: Refresh = False,
    target: Targets = [],  # noqa: B006
    target_dependents: Dependents = False,
    replace: Replace = [],  # noqa: B006
    target_replace: TargetReplace = [],  # noqa: B006
) -> None:
    """Show what `up` would do."""
    view = View(diff=diff, json=json, outputs=not suppress_outputs, secrets=show_secrets)
    selection = running.selection(target, replace, target_replace, dependents=target_dependents)
    packs = local_packs(policy_pack, policy_pack_config)
    options = Options(parallel=parallel, packs=packs, refresh=refresh, selection=selection)
    record = running.run_program(open_session(stack), options, view, preview=True)
    if expect_no_changes:
        running.expect_none(record)


def up(
    stack: Stack = "",
    yes: Yes = False,
    skip_preview: SkipPreview = False,
    policy_pack: Packs = [],  # noqa: B006  typer reads it, nobody writes it
    policy_pack_config: PackConfigs = [],  # noqa: B006
    parallel: Parallel = 16,
    diff: Diff = False,
    expect_no_changes: ExpectNoChanges = False,
    suppress_outputs: SuppressOutputs = False,
    show_secrets: ShowSecrets = False,
    refresh: Refresh = False,
    target: Targets = [],  # noqa: B006
    target_dependents: Dependents = False,
    replace: Replace = [],  # noqa: B006
    target_replace: TargetReplace = [],  # noqa: B006
) -> None:
    """Build what the program declares."""
    view = View(diff=diff, outputs=not suppress_outputs, secrets=show_secrets)
    selection = running.selection(target, replace, target_replace, dependents=target_dependents)
    packs = local_packs(policy_pack, policy_pack_config)
    options = Options(parallel=parallel, packs=packs, refresh=refresh, selection=selection)
    session = open_session(stack)
    running.may_proceed(yes=yes, skip_preview=skip_preview)
    with session.backend.lock(session.stack):
        session.reload()
        if not skip_preview:
            running.run_program(session, options, view, preview=True)
            running.confirm("update", session.stack, yes=yes)
        record = running.run_program(session, options, view, preview=False)
    if expect_no_changes:
        running.expect_none(record)
