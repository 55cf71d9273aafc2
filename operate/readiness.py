"""What must hold before a stack is brought up, all of it told before anything is made.

The program, the engine and Docker would find the same one by one, and later, when half of a stack is there.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import docker

from components.config import SettingsError, parse
from operate import daemon
from operate.doctor import taken
from operate.doctor.stack_file import StackFile
from operate.errors import OperateError

_VOLUME = "docker:index/volume:Volume"


def require_rules(config: Mapping[str, Any]) -> None:
    """Raises OperateError with every rule that the stack file's own keys break."""
    try:
        parse(config)
    except SettingsError as error:
        raise OperateError(str(error)) from None


def require_room(stack: str, state: Mapping[str, Any], client: docker.DockerClient, *, here: bool) -> None:
    """Raises OperateError with everything that others have: volumes with data, and where the daemon is `here`, ports
    and subnets of this machine.
    """
    file = StackFile.read(stack)
    findings = [*taken.ports(file, client), *taken.subnets(file, client)] if here else []
    problems = [f"{one.found}: {one.todo}" for one in findings if one.level == "fail"]
    problems += _strangers(stack, file.prefix, _known(state), client)
    if problems:
        raise OperateError(
            "\n".join([f"nothing was made of Pulumi.{stack}.yaml:", *(f"  - {one}" for one in problems)])
        )


def _strangers(stack: str, prefix: str, known: set[str], client: docker.DockerClient) -> Iterator[str]:
    """Volumes with data that carry the prefix and aren't this stack's: it would take them for its own, and delete them
    when it is purged. Docker itself gives whoever asks for a volume the one that is there.
    """
    labels = [f"{daemon.STACK_LABEL}={prefix}", "data-tier.tier=data"]
    found = sorted(
        name for one in client.volumes.list(filters={"label": labels}) if (name := str(one.name)) not in known
    )
    if found:
        yield (
            f"there is data already that stack {stack} doesn't know: {', '.join(found)}. Another stack has the prefix "
            f"{prefix}, or this one's state was lost: give one of them another data-tier:prefix and other names, bring "
            f"the state back, or, if nobody needs the data, `docker volume rm {' '.join(found)}`"
        )


def _known(state: Mapping[str, Any]) -> set[str]:
    """The volumes in a stack's state, and those of which it isn't sure whether they were made."""
    pending = [one["resource"] for one in state.get("pending_operations") or []]
    volumes = [one for one in [*state.get("resources", []), *pending] if one["type"] == _VOLUME]
    return {str(its) for one in volumes for its in (one.get("id"), one.get("inputs", {}).get("name")) if its}
