"""Another member of a server becomes its primary: planned, with everything that was committed, or because it is dead.

The marker that all members read decides, and is changed by one rename: what is cut short before it has changed nothing,
and after it the members go on by themselves. How they do belongs to `images/postgres/member`.
"""

from __future__ import annotations

import fcntl
import os
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import docker
from docker.errors import APIError

from operate import daemon, inside, lost_log, members, pooler_console
from operate.errors import OperateError
from operate.members import FOLDER, Member
from operate.stack import Server, Stack

_BEHIND: Final = 64 * 1024 * 1024  # bytes; a standby further behind would keep clients waiting
_PAUSE_SECONDS: Final = 5  # for running transactions
_TAKES_SECONDS: Final = 60
_BACK_SECONDS: Final = 60
_WENT_BACK: Final = 3
_MARK: Final = """\
set -e
[ -z "$2" ] || : >%(folder)s/alone
echo "$1" >%(folder)s/.primary.operate
sync -d %(folder)s/.primary.operate
mv %(folder)s/.primary.operate %(folder)s/primary"""
_SERVES: Final = """\
while :; do
    [ "$(readlink %(folder)s/current)" != "$1" ] || exit 0
    [ "$(cut -d ' ' -f 1 %(folder)s/primary)" = "$1" ] || exit 3
    sleep 0.05
done"""
_CHECKPOINT: Final = ["psql", "--no-psqlrc", "--quiet", "--dbname=postgres", "--command=CHECKPOINT"]

Progress = Callable[[str], None]


@dataclass(frozen=True, kw_only=True)
class Switched:
    """What has become of a server: who was the primary, who is, and after how many seconds it took writes.

    `lost` is how many bytes of log the former primary had alone: 0 where it had none, None where nobody can say.
    """

    server: str
    former: str
    primary: str
    seconds: float
    lost: int | None = 0
    back: bool = False

    def as_json(self) -> dict[str, Any]:
        """The switch as --json has it."""
        return {**vars(self)}


def chosen(stack: Stack, what: str | None) -> tuple[str, Server]:
    """The server that is meant, by its key, name or app; the only one with members where nothing is said.

    Raises OperateError for none, and for several.
    """
    if not stack.running:
        raise OperateError(f"{stack.name} is down: `make up STACK={stack.name}` brings it back")
    of_postgres = {key: its for key, its in stack.servers.items() if its.kind == "postgres"}
    found = {
        key: its
        for key, its in of_postgres.items()
        if (what is None and its.members) or what in {key, its.name, its.app, *its.members} - {None}
    }
    if what is not None and not found:
        raise OperateError(
            f"stack {stack.name} has no PostgreSQL server {what}; it has {', '.join(of_postgres) or 'none'}"
        )
    if len(found) > 1:
        raise OperateError(f"several servers have members: name one of {', '.join(found)}")
    key, server = next(iter(found.items()), (None, None))
    if key is None or server is None or len(server.members) == 1 or not server.members:
        raise OperateError(
            f"{server.name if server else 'no server of ' + stack.name} has no standby: data-tier:postgres.standbys, "
            "or that of an app's own server, declares one"
        )
    return key, server


def switchover(stack: Stack, what: str | None, client: docker.DockerClient, said: Progress) -> Switched:
    """Let the standby take over in order, with all that was committed. Raises OperateError: then nothing changed."""
    began = time.monotonic()
    key, server = chosen(stack, what)
    with _alone(stack, server):
        first, second = _in_order(server, members.look(client, server))
        containers = {one.name: daemon.running(client, one.name) for one in (first, second)}
        _psql(client, first.name, server, _CHECKPOINT)  # so that its end has little left to write
        poolers = [stack.poolers[key].name] if key in stack.poolers else []
        with _paused(client, poolers):
            said(f"{first.name} gives way to {second.name}")
            _mark(containers[second.name], f"{second.number} {first.number}", alone=server.synchronous)
            _serves(containers[second.name], second)
        seconds = round(time.monotonic() - began, 2)
        said(f"{second.name} is the primary, {seconds:.1f} s after the command")
        back = _streams_again(client, server, second)
    return Switched(server=key, former=first.name, primary=second.name, seconds=seconds, back=back)


def promote(
    stack: Stack, what: str | None, client: docker.DockerClient, said: Progress, *, force: bool = False
) -> Switched:
    """Let the standby take over from a primary that is dead. Raises OperateError, and then nothing changed."""
    began = time.monotonic()
    key, server = chosen(stack, what)
    with _alone(stack, server):
        first, second = _parted(members.look(client, server))
        if first.role == "primary" and not force:
            raise OperateError(
                f"{first.name} is the primary and answers: `./operatew switchover` loses nothing; "
                "--force takes it away all the same"
            )
        if second.role != "standby":
            raise OperateError(f"{second.name} doesn't answer as a standby ({second.state}): nobody can take over")
        container = daemon.running(client, second.name)
        _mark(container, str(second.number), alone=server.synchronous)
        if first.state in {"running", "paused"} and not first.role:
            _kill(client, first.name, said)
        _serves(container, second)
        seconds = round(time.monotonic() - began, 2)
        said(f"{second.name} is the primary, {seconds:.1f} s after the command")
        lost = lost_log.left_behind(client, server, first, second)  # after it: nobody waits for that
        said(lost_log.told(server, first, lost))
        back = _brought_back(client, server, first, second, said)
    return Switched(server=key, former=first.name, primary=second.name, seconds=seconds, lost=lost, back=back)


def release(stack: Stack, what: str | None, client: docker.DockerClient) -> str:
    """Let commits go on that wait for a standby which is away; the primary. Raises OperateError."""
    _, server = chosen(stack, what)
    if not server.synchronous:
        raise OperateError(f"{server.name}: its commits wait for no standby (data-tier:postgres.standby.synchronous)")
    name = members.primary(client, server)
    _run(daemon.running(client, name), ["touch", f"{FOLDER}/alone"])
    return name


@contextmanager
def _alone(stack: Stack, server: Server) -> Iterator[None]:
    """Of two switches at once one is refused. Raises OperateError."""
    path = Path(tempfile.gettempdir()) / f"data-tier-switch-{os.getuid()}-{stack.prefix}-{server.name}.lock"
    with path.open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise OperateError(f"another switch of {server.name} is under way: wait for its end") from None
        yield


def _parted(found: Sequence[Member]) -> tuple[Member, Member]:
    """The member that the marker names, and the other one. Raises OperateError where no member can say."""
    named = next((one.named for one in found if one.named), None)
    if named is None:
        raise OperateError(f"none of {', '.join(one.name for one in found)} answers: nobody knows who is the primary")
    first = next(one for one in found if one.number == named)
    return first, next(one for one in found if one is not first)


def _in_order(server: Server, found: Sequence[Member]) -> tuple[Member, Member]:
    first, second = _parted(found)
    if first.role != "primary":
        raise OperateError(f"{first.name}, the primary, doesn't answer: `./operatew promote` is for that")
    if second.role != "standby" or second.receiving != "streaming":
        raise OperateError(f"{second.name} doesn't stream from {first.name} ({second.state}): nothing was changed")
    if second.major != first.major:
        raise OperateError(
            f"{second.name} has PostgreSQL {second.major} and {first.name} {first.major}: no standby of it"
        )
    if first.lag > _BEHIND:
        raise OperateError(f"{second.name} is {first.lag} bytes behind {server.name}: try again when it has caught up")
    return first, second


@contextmanager
def _paused(client: docker.DockerClient, poolers: Sequence[str]) -> Iterator[None]:
    """While clients of poolers wait; they go on in any case. Raises OperateError where a transaction doesn't end."""
    containers = [daemon.running(client, name) for name in poolers]
    try:
        for container in containers:
            try:
                pooler_console.ask(container, "PAUSE", _PAUSE_SECONDS)
            except OperateError as error:
                raise OperateError(
                    f"nothing was changed: a transaction didn't end in {_PAUSE_SECONDS} s ({error})"
                ) from None
        yield
    finally:
        for container in containers:
            try:
                pooler_console.ask(container, "RESUME", all_of_them=True)
            except OperateError:
                continue  # a process that wasn't paused says so


def _mark(container: Any, marker: str, *, alone: bool) -> None:
    _run(container, ["bash", "-c", _MARK % {"folder": FOLDER}, "mark", marker, "alone" if alone else ""])


def _serves(container: Any, second: Member) -> None:
    """Wait until the new primary takes writes. Raises OperateError."""
    command = ["timeout", str(_TAKES_SECONDS), "bash", "-c", _SERVES % {"folder": FOLDER}, "serves", str(second.number)]
    done = inside.capture(container, command, seconds=_TAKES_SECONDS + 5)
    if done.code == _WENT_BACK:
        raise OperateError(f"{second.name} hadn't got everything, and the former primary goes on")
    if done.code:
        raise OperateError(f"{second.name} takes no writes after {_TAKES_SECONDS} s: `./operatew logs` says why")


def _run(container: Any, command: list[str]) -> None:
    done = inside.capture(container, command, seconds=10)
    if done.code:
        raise OperateError(f"{container.name}: {done.reason}")


def _psql(client: docker.DockerClient, name: str, server: Server, command: Sequence[str]) -> None:
    done = inside.capture(
        daemon.running(client, name), [*command, f"--username={server.admin}"], user="postgres", seconds=600
    )
    if done.code:
        raise OperateError(f"{name}: {done.reason}")


def _streams_again(client: docker.DockerClient, server: Server, first: Member) -> bool:
    """Whether the former primary follows the new one, waited for up to a minute."""
    deadline = time.monotonic() + _BACK_SECONDS
    while time.monotonic() < deadline:
        if any(one.receiving == "streaming" for one in members.look(client, server) if one.number != first.number):
            return True
        time.sleep(0.5)
    return False


def _kill(client: docker.DockerClient, name: str, said: Progress) -> None:
    """What doesn't answer any more shall not answer again as a primary: paused, it is killed before it goes on."""
    container = daemon.find(client, name)
    if container is None:
        return
    try:
        container.kill()
    except APIError as error:
        said(f"{name} can't be killed ({error.explanation}); it gives way by itself")


def _brought_back(client: docker.DockerClient, server: Server, first: Member, second: Member, said: Progress) -> bool:
    """Start the former primary where its container is there; it comes back as a standby."""
    container = daemon.find(client, first.name)
    if container is None:
        said(f"{first.name} is missing: `./pulumiw up --refresh` makes it again, as a standby")
        return False
    if container.status != "running":
        container.start()
    if _streams_again(client, server, second):
        said(f"{first.name} is its standby")
        return True
    said(f"{first.name} doesn't follow yet: `./operatew status` shows when it does")
    return False
