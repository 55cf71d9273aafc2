"""The servers of a stack that is up: certificates that `up` should renew, users of Redis and MongoDB nobody misses.

`up` and `refresh` see the command that has made a user, and not the server: one that was deleted by hand stays away.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import docker
from docker.models.containers import Container
from pydantic import ValidationError

from operate import certificates, connections, daemon, inside, members, mongo
from operate import stack as stacks
from operate.doctor.finding import Finding, fail, ok, warn
from operate.doctor.stack_file import StackFile
from operate.errors import OperateError
from operate.stack import Server, Stack

_SECONDS = 10


def findings(stack: str, file: StackFile, client: docker.DockerClient | None) -> Sequence[Finding]:
    """What each running server says; nothing for a stack that isn't there or is down."""
    try:
        found = stacks.read(stack)
    except OperateError:
        return []
    if client is None or not found.running:
        return []
    running = [(server, daemon.find(client, server.containers[0])) for server in found.servers.values()]
    there = [(server, container) for server, container in running if container and container.status == "running"]
    due = _renewed_before(file)
    ends = {server.name: end for server, its in there if (end := certificates.expiry(its, server))}
    gone = [f for server, its in there if server.kind == "redis" for f in _missing(found, server, its)]
    gone += [f for server, its in there if server.kind == "mongo" for f in _missing_of_mongo(found, server, its)]
    beside = [
        warn("members", one, "") for each in members.of_stack(found, client).values() for one in members.problems(each)
    ]
    gone += beside
    return [*_certificates({name: certificates.days_left(end) for name, end in ends.items()}, due), *gone]


def _certificates(left: dict[str, int], due: int) -> Iterator[Finding]:
    for name, days in left.items():
        if days < 0:
            yield fail("certificates", f"that of {name} has expired", certificates.RENEWS)
        elif days < due:
            yield warn("certificates", f"that of {name} expires in {days} days", certificates.RENEWS)
    if left and min(left.values()) >= due:
        yield ok("certificates", f"{len(left)}, the first expires in {min(left.values())} days")


def _renewed_before(file: StackFile) -> int:
    """How many days before its end `up` renews a certificate; the default's where the file breaks a rule."""
    from components.config.models import Tls

    try:
        return Tls.model_validate(file.config.get("tls") or {}).renew_days
    except ValidationError:
        return Tls().renew_days


def _missing(stack: Stack, server: Server, container: Container) -> Iterator[Finding]:
    """A user of each app that uses the server; a retired app's is locked, and missed by nobody."""
    done = inside.capture(container, connections.redis_as_admin("acl", "users"), seconds=_SECONDS)
    if done.code:
        yield warn("redis users", f"{server.name} doesn't tell them: {done.reason}", f"`./operatew logs {server.name}`")
        return
    known = done.out.decode().split()
    for app in stack.redis_users:
        held = app in stack.apps and not stack.apps[app].retired and stack.holds(server, app)
        if held and app not in known:
            yield fail("redis users", f"{app} is missing on {server.name}", f"`./operatew rotate {app}` makes it again")


def _missing_of_mongo(stack: Stack, server: Server, container: Container) -> Iterator[Finding]:
    """The user that an app's URL names; a retired app has none, and the one of the generation before may be gone."""
    for app, its in stack.mongo_users.items():
        held = stack.apps.get(app)
        if held is None or held.retired or held.generation is None or not stack.holds(server, app):
            continue
        try:
            known = mongo.users(container, server, its)
        except OperateError as error:
            yield warn("mongo users", f"{server.name} doesn't tell them: {error}", f"`./operatew logs {server.name}`")
            return
        login = its.users[0 if held.generation % 2 else 1]
        if login not in known:
            remedy = f"`./operatew rotate {app}` makes the next one"
            yield fail("mongo users", f"{login} is missing on {server.name}", remedy)
