"""The second member of a PostgreSQL server: its volume, secrets and container, and what refuses to take it away while
it is the primary.

Its volume isn't protected: it is filled by a copy. The volume in which members find who is the primary is: without it
nobody knows.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import pulumi
import pulumi_command as command

from components.platforms import Platform, SecretFiles, Stored, Workload, merged, present
from components.postgres._members import Group

_RUN: Final = ".venv/bin/python -m operate.member_steps"  # relative to the project: the same in every checkout
_NUMBER: Final = 2


@dataclass(frozen=True, kw_only=True)
class StandbyArgs:
    """What Standby is built from: the server's members, and how a member's container and secret files are made."""

    platform: Platform
    group: Group
    storage: int
    shared: Stored
    labels: dict[str, str]
    secrets: Callable[[str, str, pulumi.ResourceOptions], SecretFiles]
    workload: Callable[[str, int, Stored, SecretFiles, pulumi.ResourceOptions], Workload]


class Standby(pulumi.ComponentResource):
    """The member that is a standby unless a switch has made it the primary.

    It waits for nothing inside of the server: after a `down` it may be the one that the rest waits for.
    """

    container: pulumi.CustomResource | None
    """The running member, None while the stack is down."""

    data: Stored
    """The volume with its data."""

    def __init__(self, name: str, args: StandbyArgs, opts: pulumi.ResourceOptions) -> None:
        super().__init__("data-tier:postgres:Standby", name, {}, pulumi.ResourceOptions(parent=opts.parent))
        mine, called = pulumi.ResourceOptions(parent=self), args.group.name(_NUMBER)
        self.data = args.platform.volume(f"{name}-data", f"{called}-data", args.labels, mine, args.storage)
        secrets = args.secrets(f"{name}-secrets", called, mine)
        needed = merged(mine, depends_on=present(self.data.resource, secrets.ready))
        self.container = args.workload(f"{name}-container", _NUMBER, self.data, secrets, needed).resource
        after = present(self.container, self.data.resource)
        _kept(name, args.group, merged(mine, depends_on=after, deleted_with=args.shared.resource))
        self.register_outputs({"name": called})


def _kept(name: str, group: Group, opts: pulumi.ResourceOptions) -> None:
    """Goes before the member does, and refuses to while that is the primary; not when all of the server goes."""
    command.local.Command(
        f"{name}-kept",
        create=f"{_RUN} here",
        delete=f"{_RUN} leave",
        environment={"MEMBER_CONTAINER": group.name(_NUMBER), "MEMBER": str(_NUMBER), "MEMBER_BESIDE": group.name(1)},
        opts=opts,
    )
