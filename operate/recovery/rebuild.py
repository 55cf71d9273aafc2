"""A stack made again on a bare host: files, volumes with what the repositories hold, state, `up`, checks.

Owns the order, and that nothing is left where it fails before the stack is there. What the parts do is in modules of
their names.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, Final

import docker
import yaml

from components.config import text
from operate import daemon, lifecycle, pulumi, readiness
from operate import stack as stacks
from operate.errors import OperateError
from operate.recovery import contents, copies, host, plan, server
from operate.recovery.kit import Contents
from operate.recovery.logins import refused
from operate.recovery.plan import Restored
from operate.recovery.server import Wanted

Progress = Callable[[str], None]
_VERSION: Final = 3  # of an exported deployment


@dataclass
class Outcome:
    """How it went: seconds by step, what each server was restored from, what is wrong with it, and what isn't there."""

    seconds: dict[str, float] = field(default_factory=dict)
    servers: list[dict[str, Any]] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)
    not_covered: list[str] = field(default_factory=list)


def carry(stack: str, kit: Contents, repository: Path, to: datetime | None, said: Progress) -> Outcome:
    """Make the stack again. Raises OperateError; before there is a state, nothing is left then."""
    outcome, client = Outcome(), daemon.connect(server.SILENCE_SECONDS)
    readiness.require_rules(_keys(kit))
    servers = plan.restored(kit.deployment)
    found = copies.find(servers, repository)
    host.require_bare(stack, kit, client)
    with ExitStack() as undo:
        timed = _Timed(outcome, said)
        host.write(stack, kit, undo)
        _require_room(stack, kit, client)
        if pulumi.exists(stack):
            raise OperateError(f"the backend has a stack {stack} already: it isn't touched")
        with timed("images"):
            lifecycle.ensure_images(stack)
        there = {}
        for its in servers:
            wanted = Wanted(server=its, copy=found[its.key], system=_system(kit, its), to=to)
            there[its.key] = _restore(wanted, client, undo, timed, outcome)
        with timed("state"):
            _import(stack, plan.surviving(kit.deployment, servers, there), undo)
        undo.pop_all()
    _up(stack, timed)
    with timed("logins"):
        outcome.problems += refused(stack, client)
    outcome.not_covered = contents.not_covered(kit.deployment)
    return outcome


class _Timed:
    """Says each step when it begins, and keeps how long it took."""

    def __init__(self, outcome: Outcome, said: Progress) -> None:
        self._outcome, self._said = outcome, said

    @contextmanager
    def __call__(self, step: str) -> Iterator[None]:
        began = time.monotonic()
        self._said(f"{step} …")
        yield
        seconds = round(time.monotonic() - began, 2)
        self._outcome.seconds[step] = seconds
        self._said(f"{step}: {seconds:g} s")


def _restore(
    wanted: Wanted, client: docker.DockerClient, undo: ExitStack, timed: _Timed, outcome: Outcome
) -> Mapping[str, Sequence[str]]:
    """The server's roles and databases, once its volumes hold what they should."""
    its = wanted.server
    server.volumes(client, its, undo)
    with ExitStack() as held:
        with timed(f"{its.name}: copy of the repository"):
            run = held.enter_context(server.container(client, wanted))
            run("settle")
            chosen = run("look")
        with timed(f"{its.name}: restore of {chosen['label']}"):
            run("restore")
        compared = {}
        if wanted.to is None:  # the manifest was taken after the backup: a moment may lie between
            with timed(f"{its.name}: comparison with the backup's manifest"):
                compared = run("compare")
        with timed(f"{its.name}: rest of the log"):
            opened = run("open")
            run("hand_over")
    outcome.servers.append({"server": its.name, **chosen, "compared": compared or None})
    outcome.problems += [f"{its.name}: {one}" for one in compared.get("differences", [])]
    if compared and not compared["manifest"]:
        outcome.problems.append(f"{its.name}: {chosen['label']} has no manifest, so that nothing was compared")
    return {"roles": opened["roles"], "databases": opened["databases"]}


def _require_room(stack: str, kit: Contents, client: docker.DockerClient) -> None:
    kind = daemon.kind(client.info(), daemon.gateways(client))
    readiness.require_room(stack, kit.deployment, client, here=kind.bridges)


def _import(stack: str, deployment: Mapping[str, Any], undo: ExitStack) -> None:
    """The state under the kit's passphrase; by standard input, because its secrets are in plain."""
    pulumi.run("stack", "init", stack, to_errors=True)
    undo.callback(pulumi.try_, "stack", "rm", "--force", "--yes", "--stack", stack)
    document = json.dumps({"version": _VERSION, "deployment": deployment})
    done = pulumi.try_("stack", "import", "--stack", stack, given=document)
    if done.returncode:
        said = done.stderr.strip().splitlines()
        raise OperateError(f"the state can't be imported: {said[-1] if said else done.returncode}")


def _up(stack: str, timed: _Timed) -> None:
    """Everything else is made; then what the server has is looked at: it may be older or newer than the state."""
    try:
        with timed("up"):
            lifecycle.up(stack)
        with timed("refresh"):
            pulumi.run("up", "--refresh", "--yes", "--skip-preview", "--suppress-outputs", "--stack", stack)
    except OperateError as error:
        raise OperateError(
            f"{error}\nThe data is restored and the state is in place: when that is mended, `make up STACK={stack}` "
            "goes on"
        ) from None
    stacks.read(stack)


def _keys(kit: Contents) -> dict[str, Any]:
    return text.own_keys(yaml.safe_load(kit.stack_file)["config"])


def _system(kit: Contents, its: Restored) -> int | None:
    found: int | None = kit.servers.get(its.key, {}).get("system")
    return found
