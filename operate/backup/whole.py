"""A whole server goes back to a moment: its sessions end, its cluster is put aside, the restored one takes its place.

Owns the order: what is asked before anything is touched, the server stopped, a container of its own that may write to
the server's volume, the server started and looked at. What happens to the files belongs to `images.backup.whole`. The
logins keep the passwords of now, whatever they were then.
"""

from __future__ import annotations

import io
import json
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

import docker
from docker.errors import APIError
from docker.models.containers import Container

from operate import daemon, inside
from operate.backup import physical, take
from operate.backup.physical import Beside
from operate.errors import OperateError
from operate.stack import Stack

_PROGRAM: Final = ("python3", "-B", "-m", "images.backup", "whole")
_COPIED: Final = ("/opt/data-tier", "/etc/data-tier")
_CAPABILITIES: Final = ("CHOWN", "DAC_OVERRIDE", "FOWNER", "SETGID", "SETUID")
_DATA: Final = "/var/lib/postgresql/data"
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
_LOGINS: Final = (
    "SELECT format('ALTER ROLE %I PASSWORD %L;', rolname, rolpassword) FROM pg_authid WHERE rolpassword IS NOT NULL"
)
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
    """What is asked of the server while it runs: how its logins are set, and what is there."""

    logins: str = ""
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
        before = _before(client, beside, lossy=lossy)
        when = moment.isoformat() if moment else ""
        asked = beside.ask("whole", "prepare", when, "lossy" if lossy else "")
        plan = json.loads(asked.out)
        said(f"{beside.server.name}: stopping; {plan['label']} is restored beside its cluster")
        began = time.monotonic()
        _stop(client, beside)
        try:
            done = _alone(client, beside, "replace", plan["label"], plan["timeline"], when)
        except OperateError as error:
            _start(client, beside)
            raise OperateError(f"{error}; {beside.server.name} runs as it was") from None
        said(f"{beside.server.name}: restored in {done['seconds']:g} s, replaying its log")
        found = _served(client, beside, before)
        seconds = round(time.monotonic() - began, 2)
        return _looked(beside, found, label=plan["label"], kept=done["kept"], seconds=seconds)


def back(stack: Stack, beside: Beside, client: docker.DockerClient, said: Progress) -> Done:
    """Put the former cluster in its place again; the one that served stays beside. Raises OperateError."""
    with take.alone(stack.name):
        before, began = _before(client, beside, lossy=True), time.monotonic()
        said(f"{beside.server.name}: stopping")
        _stop(client, beside)
        try:
            done = _alone(client, beside, "back")
        except OperateError:
            _start(client, beside)
            raise
        found = _served(client, beside, before)
        seconds = round(time.monotonic() - began, 2)
        return _looked(beside, found, label=None, kept=done["kept"], seconds=seconds)


def finish(stack: Stack, beside: Beside, client: docker.DockerClient) -> str:
    """Delete the former cluster; its folder's name. Raises OperateError."""
    with take.alone(stack.name):
        return str(_alone(client, beside, "finish")["deleted"])


def _looked(beside: Beside, missing: Sequence[str], **known: Any) -> Done:
    its = json.loads(beside.ask("whole", "look").out)
    return Done(server=beside.server.name, missing=tuple(missing), **known, **its)


def _before(client: docker.DockerClient, beside: Beside, *, lossy: bool) -> _Before:
    """Raises OperateError where the server doesn't answer, unless that is allowed."""
    container = daemon.find(client, beside.server.name)
    if container is not None and container.status == "running":
        done = _psql(container, beside, _LOGINS)
        if not done.code:
            names = _psql(container, beside, _NAMES).out.decode().splitlines()
            return _Before(logins=done.out.decode(), names=frozenset(names))
    if lossy:
        return _Before()
    raise OperateError(
        f"{beside.server.name} doesn't answer, so that what it has written last can't be archived, nor its logins' "
        "passwords be kept: --lossy restores what the archive has, with the passwords of then"
    )


def _served(client: docker.DockerClient, beside: Beside, before: _Before) -> list[str]:
    """Start the server, wait until it takes writes, and let it be as others expect it; what isn't there any more."""
    container = _start(client, beside)
    _wait(container, beside)
    reset = "".join(f"ALTER SYSTEM RESET {name};\n" for name in _OURS) + "SELECT pg_reload_conf() \\g /dev/null"
    there = frozenset(_psql(container, beside, _NAMES).out.decode().splitlines())
    logins = [line for line in before.logins.splitlines() if _role_of(line) in there]
    done = _psql(container, beside, f"{_UNLOGGED}\n{reset}\n" + "\n".join(logins))
    if done.code:
        raise OperateError(f"{beside.server.name} is restored, and its logins can't be set: {done.reason}")
    return sorted(before.names - there)


def _role_of(statement: str) -> str:
    name = statement.removeprefix("ALTER ROLE ").partition(" PASSWORD ")[0]
    return f"role {name[1:-1].replace(chr(34) * 2, chr(34)) if name.startswith(chr(34)) else name}"


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


def _alone(client: docker.DockerClient, beside: Beside, *step: str) -> dict[str, Any]:
    """A step in a container of its own: the backup container's, but that it may write to the server's volume."""
    its = beside.container
    name = f"{its.name}-restores"
    left = daemon.find(client, name)
    if left is not None:
        left.remove(force=True)
    mounts = [
        docker.types.Mount(
            target=one["Destination"],
            source=one.get("Name") or one["Source"],
            type=one["Type"],
            read_only=not one["RW"] and one["Destination"] != _DATA,
        )
        for one in its.attrs["Mounts"]
    ]
    container = client.containers.create(
        its.attrs["Image"],
        [*_PROGRAM, *step],
        name=name,
        environment=its.attrs["Config"]["Env"],
        mounts=mounts,
        network=_way_out(its, beside),
        cap_drop=["ALL"],
        cap_add=list(_CAPABILITIES),
        security_opt=["no-new-privileges"],
        mem_limit=its.attrs["HostConfig"]["Memory"] or None,
        labels={daemon.STACK_LABEL: its.labels[daemon.STACK_LABEL]} if daemon.STACK_LABEL in its.labels else {},
    )
    try:
        for folder in _COPIED:
            content = b"".join(its.get_archive(folder)[0])
            container.put_archive(folder.rpartition("/")[0], content)
        container.start()
        code = _ended(container)
        out, err = (container.logs(stdout=one, stderr=not one).decode(errors="replace") for one in (True, False))
    except APIError as error:
        raise OperateError(f"{name}: {error.explanation}") from None
    finally:
        container.remove(force=True)
    if code:
        lines = err.strip().splitlines() or [f"exit code {code}"]
        raise OperateError(f"{beside.server.name}: {lines[-1].removeprefix('error: ')}")
    found: dict[str, Any] = json.loads(out)
    return found


def _ended(container: Container) -> int:
    while True:
        container.reload()
        if container.status in {"exited", "dead"}:
            return int(container.attrs["State"]["ExitCode"])
        time.sleep(_POLL)


def _way_out(its: Container, beside: Beside) -> str:
    """The network by which the backup container leaves the host, where its repository is elsewhere."""
    others = [name for name in its.attrs["NetworkSettings"]["Networks"] if name != beside.server.network]
    return others[0] if others else "none"
