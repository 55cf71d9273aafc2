"""What goes into a kit: everything of a stack that its backup repositories haven't, gathered while it runs."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import chdir
from pathlib import Path
from typing import Any, Final

import docker
from docker.errors import DockerException

from components.config import backup_checks, parse, places
from components.postgres import init_files
from operate import inside, lifecycle, pulumi
from operate.audit import state as states
from operate.doctor import state as place
from operate.errors import OperateError
from operate.recovery import plan
from operate.recovery.kit import Contents
from operate.recovery.plan import Restored

_CONFIG: Final = "/dev/shm/pgbackrest.conf"  # noqa: S108 - of the backup container
_INFO: Final = ("pgbackrest", f"--config={_CONFIG}", "--stanza=main", "--output=json", "info")
_SECONDS: Final = 120


def gather(stack: str, client: docker.DockerClient) -> tuple[Contents, list[str]]:
    """The contents, and what a person should know about them. Raises OperateError."""
    keys = lifecycle.own_keys(stack)
    deployment = _deployment(stack)
    servers = plan.restored(deployment)
    if not servers:
        raise OperateError(
            f"no server of {stack} has `backup` in the stack file, so that there is nothing to rebuild it from"
        )
    notes = [
        f"{its.name}'s backup repository is at an S3 service, from which `rebuild` can't restore: the kit has "
        "its keys, and the stack file says where it is"
        for its in servers
        if its.elsewhere
    ]
    known = {its.key: {"name": its.name, "system": _system(its, client, deployment, notes)} for its in servers}
    found = Contents(
        passphrase=_passphrase(),
        stack_file=stack_file(stack).read_text(encoding="utf-8"),
        files={path: _text(path) for path in _referred(stack, keys)},
        deployment=deployment,
        servers=known,
    )
    return found, [*notes, *not_covered(deployment)]


def stack_file(stack: str) -> Path:
    """Where the stack file is."""
    return pulumi.REPOSITORY / f"Pulumi.{stack}.yaml"


def not_covered(deployment: Mapping[str, Any]) -> list[str]:
    """The servers whose data no repository has."""
    servers = plan.outputs(deployment).get("servers") or {}
    without = [f"{its['name']} ({its['kind']})" for its in servers.values() if not its.get("backup")]
    if not without:
        return []
    return [
        f"not in any repository, and empty after a rebuild: {', '.join(sorted(without))}. Keep copies that "
        "`./operatew backup all` makes with the kit, and restore them with `./operatew restore APP --from FILE`"
    ]


def _deployment(stack: str) -> dict[str, Any]:
    if not pulumi.exists(stack):
        raise OperateError(f"there is no stack {stack}: `make up STACK={stack}` makes it")
    found = states.of_stack(stack)
    if found.get("pending_operations"):
        raise OperateError(f"an `up` of {stack} is at work, or was cut short: `make up STACK={stack}` first")
    if not plan.outputs(found).get("running"):
        raise OperateError(f"{stack} is down: `make up STACK={stack}` first")
    return found


def _passphrase() -> str:
    its = place.find()
    if its.passphrase is None:
        raise OperateError(
            f"the passphrase of the state can't be read ({its.passphrase_from or 'none is set'}): "
            "set PULUMI_CONFIG_PASSPHRASE_FILE"
        )
    return its.passphrase


def _referred(stack: str, keys: dict[str, Any]) -> Iterator[str]:
    """The files beside the stack file that it names, and the policies' settings of the stack."""
    settings = parse(keys)
    with chdir(pulumi.REPOSITORY):
        for app in settings.apps.values():
            if app.postgres:
                yield from (str(path) for path in init_files.found(app.postgres.init))
    yield from (its.ca for its in places.external_apps(settings).values() if its.ca)
    yield from (s3.ca for _, s3 in backup_checks.elsewhere(settings))
    policies = Path("policies/config") / f"{stack}.json"
    if (pulumi.REPOSITORY / policies).is_file():
        yield str(policies)


def _text(path: str) -> str:
    try:
        return (pulumi.REPOSITORY / path).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise OperateError(f"{path}: {getattr(error, 'strerror', None) or 'it is not text'}") from None


def _system(its: Restored, client: docker.DockerClient, deployment: dict[str, Any], notes: list[str]) -> int | None:
    """By which a server's repository is known, None where it can't be asked."""
    name = plan.outputs(deployment)["servers"][its.key]["backup"]
    try:
        done = inside.capture(client.containers.get(name), _INFO, user="backup", seconds=_SECONDS)
        told = json.loads(done.out)[0]
        if not told["backup"]:
            notes.append(f"{its.name} has no backup yet: without one the kit can't bring it back")
        return int(told["db"][-1]["system-id"])
    except (DockerException, OperateError, ValueError, LookupError):
        notes.append(f"{name} can't be asked for its repository: the kit doesn't know which one is {its.name}'s")
        return None
