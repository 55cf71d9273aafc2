"""Give apps new passwords: one generation further in the stack file, and an `up`, which does all the rest.

What is half done goes on where it stopped: an app whose generation in the file is already one further than the last
`up` has recorded isn't raised again. Of two at once the engine's lock lets one through; both ask for the same.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, dataclass
from typing import Any

import docker

from operate import lifecycle, postgres_tools, pulumi
from operate import stack as stacks
from operate.errors import OperateError
from operate.postgres_tools import Tools
from operate.stack import Stack

_ALL = "all"
_SECONDS = 30
# A login's name is a database's with a suffix: letters, digits and underscores.
_COUNT = "select count(*) from pg_stat_activity where usename = '{login}' and backend_type = 'client backend'"
_END = "select pg_terminate_backend(pid, 5000) from pg_stat_activity where usename = '{login}'"

Progress = Callable[[str], None]


@dataclass(frozen=True, kw_only=True)
class Turn:
    """One app that turns to its next generation: `written` says whether the stack file says so already."""

    app: str
    generation: int
    written: bool
    overlap: bool
    overlapping: bool


@dataclass(frozen=True, kw_only=True)
class Turned:
    """An app after its rotation: the login that it uses, the one before, and its sessions that are still open."""

    app: str
    generation: int
    login: str | None
    former: str | None
    sessions: int
    overlap: bool

    def as_json(self) -> dict[str, Any]:
        """The app as --json has it."""
        return asdict(self)


def prepare(stack: str, what: str, *, overlap: bool, finish: bool) -> tuple[Stack, list[Turn]]:
    """What is to be done, before anything is. Raises OperateError where it can't be."""
    found, file = stacks.read(stack), lifecycle.own_keys(stack).get("apps") or {}
    if not found.running:
        raise OperateError(f"{stack} is down and its servers can't be asked: `make up STACK={stack}` first")
    turns = [_turn(found, app, file.get(app) or {}, overlap=overlap, finish=finish) for app in _apps(found, what)]
    if finish:
        turns = [turn for turn in turns if turn.overlapping]
    if not turns:
        why = "no login of a generation before is open" if finish else "no app has a store"
        raise OperateError(f"nothing to rotate in {stack}: {why}")
    return found, turns


def carry(stack: Stack, turns: Iterable[Turn], said: Progress, *, quiet: bool) -> None:
    """Write the generations and run `up`. Raises OperateError; run again to go on."""
    for turn in turns:
        path = f'apps["{turn.app}"]'
        if not turn.written:
            _config(stack.name, "set", f"{path}.generation", str(turn.generation))
        if turn.overlap and not turn.overlapping:
            _config(stack.name, "set", f"{path}.overlap", "true")
        elif turn.overlapping and not turn.overlap:
            _config(stack.name, "rm", f"{path}.overlap")
        said(f"{turn.app}: generation {turn.generation}{', the one before stays open' if turn.overlap else ''}")
    pulumi.run("up", "--yes", "--skip-preview", "--suppress-outputs", "--stack", stack.name, to_errors=quiet)


def look(stack: Stack, turns: Iterable[Turn], client: docker.DockerClient, *, end: bool) -> list[Turned]:
    """Who still uses a login before; with `end` these sessions are ended, busy or not. Raises OperateError."""
    return [_look(stack, turn, client, end=end and not turn.overlap) for turn in turns]


def advice(stack: str, turned: Turned) -> str:
    """What a person is told about one app."""
    text = f"{turned.app}: generation {turned.generation}, logs in as {turned.login or 'before, with a new password'}"
    if turned.overlap:
        return (
            f"{text}; {turned.former or 'the password before'} stays open: give the new URLs to whoever uses them "
            f"(`./operatew env {turned.app} --stack {stack}`), then `./operatew rotate {turned.app} --finish`"
        )
    if turned.sessions:
        return (
            f"{text}; {turned.former} is locked, and {turned.sessions} of its sessions are open until their clients "
            f"reconnect; one that reads its file only at its start is restarted by `./operatew restart {turned.app}`"
        )
    return f"{text}; {turned.former or 'the password before'} is locked"


def _apps(stack: Stack, what: str) -> list[str]:
    """Raises OperateError for an app that has nothing to rotate."""
    having = [app for app in stack.apps if app in {*stack.databases, *stack.redis_users, *stack.mongo_users}]
    if what == _ALL:
        return [app for app in having if not stack.apps[app].retired]
    stack.require(what)
    if what not in having:
        raise OperateError(f"{what} has no store: there is no password of it to rotate")
    if stack.apps[what].retired:
        raise OperateError(f"{what} is retired and its logins are locked: there is nothing to rotate")
    return [what]


def _turn(stack: Stack, app: str, file: Mapping[str, Any], *, overlap: bool, finish: bool) -> Turn:
    was, written = stack.apps[app].generation, int(file.get("generation", 1))
    if was is None:
        raise OperateError(
            f"stack {stack.name} was built by a version without rotation: `make up STACK={stack.name}` once, then again"
        )
    if written not in {was, was + 1}:
        raise OperateError(
            f"data-tier:apps.{app}.generation = {written}: the last run left it at {was}; write {was} or {was + 1}"
        )
    open_ = str(file.get("overlap", False)).lower() == "true"
    if finish:
        return Turn(app=app, generation=written, written=True, overlap=False, overlapping=open_)
    outside = app not in stack.services  # nobody here can give it the new URL before the old one ends
    going_on = written == was + 1
    wanted = open_ if going_on and not overlap else overlap or outside
    return Turn(app=app, generation=was + 1, written=going_on, overlap=wanted, overlapping=open_)


def _look(stack: Stack, turn: Turn, client: docker.DockerClient, *, end: bool) -> Turned:
    login, former, sessions = None, None, 0
    if its := stack.databases.get(turn.app):
        slots = ("a", "b") if turn.generation % 2 else ("b", "a")
        login, former = (f"{its.database}_{slot}" for slot in slots)
        with postgres_tools.on(stack, its.server, client) as tools:
            if end:
                _ask(tools, _END.format(login=former))
            sessions = int(_ask(tools, _COUNT.format(login=former)))
    elif documents := stack.mongo_users.get(turn.app):
        login, former = documents.users if turn.generation % 2 else reversed(documents.users)
    return Turned(
        app=turn.app, generation=turn.generation, login=login, former=former, sessions=sessions, overlap=turn.overlap
    )


def _ask(tools: Tools, query: str) -> str:
    command = tools.as_admin("psql", "postgres", "--no-psqlrc", "--csv", "--tuples-only", "--command", query)
    done = tools.capture(command, seconds=_SECONDS)
    if done.code:
        raise OperateError(f"{tools.where}: {done.reason}")
    return done.out.decode().strip()


def _config(stack: str, verb: str, path: str, *value: str) -> None:
    pulumi.run("config", verb, "--path", f"{lifecycle.PROJECT}:{path}", *value, "--stack", stack, to_errors=True)
