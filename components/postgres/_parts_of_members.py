"""What a PostgreSQL server has more where it has members, and nothing of it where it hasn't."""

from __future__ import annotations

from collections.abc import Mapping

import pulumi

from components.platforms import Platform, Stored
from components.postgres import _follower
from components.postgres._members import Group
from components.postgres._replication import Replication
from components.postgres._standby import Standby, StandbyArgs


def shared(
    name: str, platform: Platform, group: Group | None, labels: Mapping[str, str], stateful: pulumi.ResourceOptions
) -> Stored | None:
    """The volume that says who is the primary, with the members' sockets; it goes with their data."""
    if group is None:
        return None
    told = {"data-tier.component": "members", **labels}
    return platform.volume(f"{name}-members", f"{group.hostname}-members", told, stateful)


def replication(name: str, group: Group | None, generation: int, mine: pulumi.ResourceOptions) -> Replication | None:
    """The login as which members copy."""
    return Replication(f"{name}-replication", generation, mine) if group else None


def ways(name: str, args: _follower.WaysArgs | None, mine: pulumi.ResourceOptions) -> pulumi.Resource | None:
    """The ways to the primary: the resource after which they lead there."""
    return _follower.ways(name, args, mine) if args else None


def standby(name: str, args: StandbyArgs, mine: pulumi.ResourceOptions) -> Standby | None:
    """The second member, where there is one."""
    return Standby(name, args, mine) if args.group.count > 1 else None
