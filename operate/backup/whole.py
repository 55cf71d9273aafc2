"""A whole server goes back to a moment: its sessions end, its cluster is put aside, the restored one takes its place.

Owns the order: what is asked before anything is touched, the server stopped, a container of its own that may write to
the server's volume, the server started and looked at. What happens to the files belongs to `images.backup.whole`. The
logins keep the passwords of now, whatever they were then.
"""

from __future__ import annotations

import io
import json
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

import docker
from docker.errors import APIError
from docker.models.containers import Container

from operate import daemon, inside
from operate.audit import state as states
from operate.backup import physical, take, whole_step
from operate.backup.physical import Beside
from operate.errors import OperateError
from operate.recovery import plan
from operate.stack import Stack

_GRACE: Final = 60
_READY_SECONDS: Final = 24 * 3600  # replaying the log takes as long as there is of it
_POLL: Final = 0.5
_RESTARTS: Final = 3
_OURS: Final = (
    "restore_command",
    "hot_standby",
    "recovery_target_time",
    "recovery_target_action",
    "recovery_target_timeline",
)
_LOGINS: Final = """
SELECT json_build_object(rolname, format('ALTER ROLE %I %s PASSWORD %L;', rolname,
                                         CASE WHEN rolcanlogin THEN 'LOGIN' ELSE 'NOLOGIN' END, rolpassword))
  FROM pg_authid WHERE rolpassword IS NOT NULL"""
_NAMES: Final = """
SELECT 'role ' || rolname FROM pg_roles WHERE rolname !~ '^pg_'
 UNION ALL SELECT 'database ' || datname FROM pg_database"""
_UNLOGGED: Final = """
SET log_statement = 'none'; SET log_min_duration_statement = -1; SET log_min_error_statement = 'panic';
SET pgaudit.log = 'none';"""  # a verifier is no password, and not for a log either

Progress = Callable[[str], None]


@dataclass(frozen=True, kw_only=True)
class Done:
    """What the server holds now: tables and rows by database; which roles and databases of before aren't there.

    `kept` is the folder of the former cluster on the server's volume, `seconds` how long nobody could use the server.
    """

    server: str
    label: str | None
    kept: str | None
    timeline: str
    databases: dict[str, dict[str, int]]
    missing: tuple[str, ...] = ()
    seconds: float = 0.0

    def as_json(self) -> dict[str, Any]:
        """The restore as --json has it."""
        return {**vars(self), "missing": list(self.missing)}


@dataclass(frozen=True, kw_only=True)
class _Before:
    """How its logins are set, by role, and what roles and databases are there, as far as it could be asked."""

    logins: Mapping[str, str] = field(default_factory=dict)
    names: frozenset[str] = field(default_factory=frozenset)


def chosen(stack: Stack, what: str, client: docker.DockerClient) -> Beside:
    """The server that is meant, by its key, name or app. Raises OperateError for none, and for one with members."""
    if not stack.running:
        raise OperateError(f"{stack.name} is down: `make up STACK={stack.name}` first")
    saved = {key: server for key, server in stack.servers.items() if server.backup}
    found = next((key for key, its in saved.items() if what in {key, its.name, its.app}), None)
    if found is None:
        known = f"it has {', '.join(its.name for its in saved.values())}" if saved else "it has none with backups"
        raise OperateError(f"no server {what} with backups in stack {stack.name}; {known}")
    if its := saved[found].members:
        raise OperateError(
            f"{saved[found].name} has members ({', '.join(its)}), and those aren't put back to a moment together: "
            "`./operatew restore APP --to TIME` brings each app's database back, and --swap puts it in place"
        )
    return next(physical.of(stack, client, only=found))


def restore(
    stack: Stack, beside: Beside, moment: datetime | None, client: docker.DockerClient, said: Progress, *, lossy: bool
) -> Done:
    """Restore to `moment`, or as far as the archive goes, and start. Raises OperateError."""
    with take.alone(stack.name):
        before = _before(client, beside)
        if before is None and not lossy:
            raise OperateError(
                f"{beside.server.name} doesn't answer, so that what it has written last can't be archived: "
                "--lossy restores what the archive has"
            )
        before = before or _of_state(stack, beside)
        when = moment.isoformat() if moment else ""
        backup = json.loads(beside.ask("whole", "prepare", when, "lossy" if lossy else "").out)
        said(f"{beside.server.name}: stopping; {backup['label']} is restored beside its cluster")
        began = time.monotonic()
        _stop(client, beside)
        try:
            done = whole_step.run(client, beside, "replace", backup["label"], backup["timeline"], when)
        except OperateError as error:
            _start(client, beside)
            raise OperateError(f"{error}; {beside.server.name} runs as it was") from None
        said(f"{beside.server.name}: restored in {done['seconds']:g} s, replaying its log")
        found = _served(client, beside, before)
        seconds = round(time.monotonic() - began, 2)
        return _looked(beside, found, label=backup["label"], kept=done["kept"], seconds=seconds)


def back(stack: Stack, beside: Beside, client: docker.DockerClient, said: Progress) -> Done:
    """Put the former cluster in its place again; the one that served stays beside. Raises OperateError."""
    with take.alone(stack.name):
        before, began = _before(client, beside) or _Before(), time.monotonic()
        said(f"{beside.server.name}: stopping")
        _stop(client, beside)
        try:
            done = whole_step.run(client, beside, "back")
        except OperateError:
            _start(client, beside)
            raise
        found = _served(client, beside, before)
        seconds = round(time.monotonic() - began, 2)
        return _looked(beside, found, label=None, kept=done["kept"], seconds=seconds)


def finish(stack: Stack, beside: Beside, client: docker.DockerClient) -> str:
    """Delete the former cluster; its folder's name. Raises OperateError."""
    with take.alone(stack.name):
        return str(whole_step.run(client, beside, "finish")["deleted"])


def _looked(beside: Beside, missing: Sequence[str], **known: Any) -> Done:
    its = json.loads(beside.ask("whole", "look").out)
    return Done(server=beside.server.name, missing=tuple(missing), **known, **its)


def _before(client: docker.DockerClient, beside: Beside) -> _Before | None:
    """None where the server doesn't answer."""
    container = daemon.find(client, beside.server.name)
    if container is None or container.status != "running":
        return None
    done = _psql(container, beside, _LOGINS)
    if done.code:
        return None
    logins = {role: line for text in done.out.splitlines() for role, line in json.loads(text).items()}
    return _Before(logins=logins, names=frozenset(_psql(container, beside, _NAMES).out.decode().splitlines()))


def _of_state(stack: Stack, beside: Beside) -> _Before:
    """As the stack's state has them, where the server can't be asked. Raises OperateError."""
    verifiers = next(its.verifiers for its in plan.restored(states.of_stack(stack.name)) if its.key == beside.key)
    return _Before(logins={role: f"ALTER ROLE {_quoted(role)} PASSWORD '{its}';" for role, its in verifiers.items()})


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _served(client: docker.DockerClient, beside: Beside, before: _Before) -> list[str]:
    """Start the server, wait until it takes writes, and let it be as others expect it; what isn't there any more."""
    container = _start(client, beside)
    _wait(container, beside)
    reset = "".join(f"ALTER SYSTEM RESET {name};\n" for name in _OURS) + "SELECT pg_reload_conf() \\g /dev/null"
    there = frozenset(_psql(container, beside, _NAMES).out.decode().splitlines())
    logins = [line for role, line in before.logins.items() if f"role {role}" in there]
    done = _psql(container, beside, f"{_UNLOGGED}\n{reset}\n" + "\n".join(logins))
    if done.code:
        raise OperateError(f"{beside.server.name} is restored, and its logins can't be set: {done.reason}")
    return sorted(before.names - there)


def _psql(container: Container, beside: Beside, query: str) -> inside.Done:
    line = ["psql", "--no-psqlrc", "--quiet", "--tuples-only", "--no-align", "--set=ON_ERROR_STOP=1"]
    line += [f"--username={beside.server.admin}", "--dbname=postgres", "--file=-"]
    return inside.capture(container, line, user="postgres", given=io.BytesIO(f"{query}\n".encode()))


def _wait(container: Container, beside: Beside) -> None:
    """Until it has left recovery. Raises OperateError with its reason where it ends again and again."""
    end, count = time.monotonic() + _READY_SECONDS, int(container.attrs.get("RestartCount", 0))
    while time.monotonic() < end:
        container.reload()
        if int(container.attrs.get("RestartCount", 0)) - count >= _RESTARTS or container.status == "exited":
            said = container.logs(tail=60).decode(errors="replace").splitlines()
            why = next(
                (line.partition("FATAL:")[2].strip() for line in reversed(said) if "FATAL:" in line), "its log says why"
            )
            raise OperateError(f"{beside.server.name} doesn't start from what was restored: {why}; --back undoes it")
        if container.status == "running":
            try:
                done = _psql(container, beside, "SELECT pg_is_in_recovery()")
            except OperateError:
                done = None
            if done is not None and not done.code and done.out.decode().strip() == "f":
                return
        time.sleep(_POLL)
    raise OperateError(f"{beside.server.name} still replays its log after {_READY_SECONDS} s")


def _stop(client: docker.DockerClient, beside: Beside) -> None:
    container = daemon.find(client, beside.server.name)
    if container is None:
        raise OperateError(f"there is no container {beside.server.name}: `./pulumiw up --refresh` makes it again")
    client.api.timeout = max(client.api.timeout or 0, _GRACE + 30)
    container.stop(timeout=_GRACE)


def _start(client: docker.DockerClient, beside: Beside) -> Container:
    container = client.containers.get(beside.server.name)
    try:
        container.start()
    except APIError as error:
        raise OperateError(f"{beside.server.name} can't be started: {error.explanation}") from None
    container.reload()
    return container
