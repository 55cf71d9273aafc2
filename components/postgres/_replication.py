"""The login as which the members of a server copy from each other: its password, and what it may do.

Its password isn't protected: it is no app's data, and lost it is set anew.
"""

from __future__ import annotations

from typing import Final

import pulumi
import pulumi_command as command
import pulumi_postgresql as postgresql

from components import passwords
from components.naming import REPLICATION
from components.platforms import merged
from components.postgres._inside import as_admin, inside, without_provider
from components.postgres._members import passfile
from components.postgres.endpoint import Endpoint
from components.rotation import Rotation

_RUN: Final = ".venv/bin/python -m operate.member_steps grant"  # relative to the project: the same in every checkout
_CONNECTIONS: Final = 16  # a stream, a copy with its log, questions; and as many that the server hasn't missed yet


class Replication(pulumi.ComponentResource):
    """A login that may copy the whole server, and nobody's but its members'."""

    passfile: pulumi.Output[str]
    """What libpq reads its password from, secret."""

    def __init__(self, name: str, generation: int, opts: pulumi.ResourceOptions) -> None:
        super().__init__("data-tier:postgres:Replication", name, {}, opts)
        mine, self._name = pulumi.ResourceOptions(parent=self), name
        password, self._verifier = passwords.for_postgres(name, mine, Rotation(generation=generation).keepers())
        self.passfile = password.apply(passfile)
        self.register_outputs({})

    def admit(self, server: Endpoint) -> list[pulumi.Resource]:
        """What lets it in to `server`, and what it may read beside a copy of all: where two members have parted."""
        opts = inside(server, self)
        role = postgresql.Role(
            f"{self._name}-role",
            name=REPLICATION,
            login=True,
            replication=True,
            password=self._verifier,
            connection_limit=_CONNECTIONS,
            opts=opts,
        )
        if server.container is None:
            return [role]
        granted = command.local.Command(
            f"{self._name}-granted",
            create=_RUN,
            update=_RUN,
            environment={**as_admin(server), "MEMBER_ROLE": REPLICATION},
            opts=without_provider(merged(opts, depends_on=[role])),
        )
        return [role, granted]
