"""Makes an admin that is no superuser a member of a role that it manages; how belongs to `operate.external_server`.

A superuser needs it nowhere. Any other login has to be a member of a role to make a database for it, to change what
belongs to it, to see and end its sessions, and to delete it.
"""

from __future__ import annotations

from typing import Final

import pulumi
import pulumi_command as command
import pulumi_postgresql as postgresql

from components.platforms import present
from components.postgres._inside import as_admin
from components.postgres.endpoint import Endpoint

_RUN: Final = ".venv/bin/python -m operate.external_server join"  # relative to the project: the same in every checkout


def joined(name: str, server: Endpoint, role: postgresql.Role, parent: pulumi.Resource) -> list[pulumi.Resource]:
    """After these the admin manages `role`: nothing for a superuser. The membership goes with the role."""
    if server.superuser:
        return []
    joining = command.local.Command(
        name,
        create=_RUN,
        update=_RUN,
        environment={**as_admin(server), "EXTERNAL_ROLE": role.name},
        opts=pulumi.ResourceOptions(parent=parent, depends_on=present(role, server.reach.ready), deleted_with=role),
    )
    return [joining]
