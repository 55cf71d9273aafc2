"""Runs the program itself on settings, as a preview does, with nobody behind it: nothing is made, no Docker is asked.

So an inventory can't drift from what `up` builds: both come from the same components.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

from pulumi.runtime import mocks, settings
from pulumi.runtime.stack import run_pulumi_func

from components import secret_values
from components.config import Settings
from components.outputs import exports
from components.platforms import Platform
from components.topology import build
from operate import stack as stacks
from operate.declared.inventory import Inventory
from operate.declared.platform import NotingPlatform


class _Echo(mocks.Mocks):
    """Answers as an engine does in a preview: inputs come back, what a provider would compute is unknown."""

    def new_resource(self, args: mocks.MockResourceArgs) -> tuple[str, dict[str, Any]]:
        return "", dict(args.inputs)

    def call(self, args: mocks.MockCallArgs) -> tuple[dict[Any, Any], list[tuple[str, str]] | None]:
        raise NotImplementedError(f"the program asks a provider for {args.token}, which needs one")


def declare(stack: str, declared: Settings) -> Inventory:
    """What `up` would make of settings."""
    notes: list[NotingPlatform] = []
    told: dict[str, Any] = {}

    def noting(platform: Platform) -> Platform:
        notes.append(NotingPlatform(platform))
        return notes[-1]

    def program() -> None:
        told.update(exports(build(declared, secret_values.unread(declared), noting)))

    _run(program, stack)
    note = notes[0]
    return Inventory(
        shape=declared.topology,
        stack=stacks.parse(stack, told),
        networks=tuple(note.networks),
        containers=tuple(note.containers.values()),
        volumes=tuple(note.volumes),
    )


def _run(program: Callable[[], None], stack: str) -> None:
    """One event loop for each run: Pulumi keeps tasks in it."""
    loop = asyncio.new_event_loop()
    asyncio.set_event_loop(loop)
    settings.reset_options()
    mocks.set_mocks(_Echo(), project="data-tier", stack=stack, preview=True)

    async def run() -> None:
        await run_pulumi_func(program)

    try:
        loop.run_until_complete(run())
    finally:
        loop.close()
        asyncio.set_event_loop(None)
        settings.reset_options()
