"""Passwords of a server's own users that a generation renews: the current one, and the one before while it is known.

Owns how both are kept and how a running server turns from one to the other; what is said to it belongs to
`operate.turn_admin`. The users of apps rotate by `rotation` with logins of their own: nobody may notice there, while
nobody but the host logs in with these.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal

import pulumi
import pulumi_command as command

from components import passwords
from components.forwarder import Reach
from components.platforms import Lifecycle, merged, present
from components.rotation import Rotation, Slot

_RUN: Final = ".venv/bin/python -m operate.turn_admin"  # relative to the project: the same in every checkout


@dataclass(frozen=True, kw_only=True)
class Passwords:
    """The password of a generation and that of the one before, None in the first generation; both secret."""

    current: pulumi.Output[str]
    former: pulumi.Output[str] | None = None


def rotating(name: str, generation: int, lifecycle: Lifecycle, opts: pulumi.ResourceOptions) -> Passwords:
    """The passwords of a generation, kept in two resources by turns: `name` for odd ones, `name`-b for even ones.

    The current one is as protected as the data that it opens. The one before isn't: protection would forbid the next
    rotation to replace it, and who has lost it has lost nothing.
    """
    rotation = Rotation(generation=generation)

    def made(slot: Slot, its: pulumi.ResourceOptions) -> pulumi.Output[str]:
        return passwords.generated(name if slot == "a" else f"{name}-{slot}", its, rotation.keepers(slot))

    current = made(rotation.current, lifecycle.stateful(opts))
    return Passwords(current=current, former=made(rotation.former, opts) if rotation.turned else None)


@dataclass(frozen=True, kw_only=True)
class TurnArgs:
    """Which server, how it is reached, whose password turns, and `after` which resources it can be told."""

    kind: Literal["postgres", "redis", "mongo"]
    way: Reach
    user: str
    passwords: Passwords
    tls: bool
    container: pulumi.CustomResource | None
    after: Sequence[pulumi.Resource | None] = ()


def turned(name: str, args: TurnArgs, opts: pulumi.ResourceOptions) -> command.local.Command | None:
    """The resource after which the server takes the current password and no other.

    None in the first generation, in which nobody has another one, and while the server is down.
    """
    if args.passwords.former is None or args.container is None:
        return None
    run = f"{_RUN} {args.kind}"
    after = present(args.container, args.way.ready, *args.after)
    return command.local.Command(
        name,
        create=run,
        update=run,
        environment={
            "TURN_HOST": args.way.host,
            "TURN_PORT": str(args.way.port),
            "TURN_TLS": "1" if args.tls else "0",
            "TURN_USER": args.user,
            "TURN_PASSWORD": args.passwords.current,
            "TURN_FORMER_PASSWORD": args.passwords.former,
        },
        opts=merged(opts, depends_on=after, deleted_with=args.container),
    )
