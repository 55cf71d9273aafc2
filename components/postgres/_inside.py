"""The options of what lives inside a server: it waits for the server, and goes with it."""

from __future__ import annotations

import pulumi

from components.platforms import present
from components.postgres.endpoint import Endpoint


def inside(server: Endpoint, parent: pulumi.Resource) -> pulumi.ResourceOptions:
    """`parent`'s children on `server`, by the server's own provider."""
    return pulumi.ResourceOptions(
        parent=parent,
        provider=server.provider,
        depends_on=present(server.container, server.turned),
        deleted_with=server.container,
        retain_on_delete=not server.up or None,  # with the server down nothing inside can be asked to go
    )


def without_provider(opts: pulumi.ResourceOptions) -> pulumi.ResourceOptions:
    """`opts` of something inside PostgreSQL for a command, which has another provider and nothing to retain."""
    return pulumi.ResourceOptions(parent=opts.parent, depends_on=opts.depends_on, deleted_with=opts.deleted_with)


def as_admin(server: Endpoint, database: str | pulumi.Output[str] = "postgres") -> dict[str, pulumi.Input[str]]:
    """The environment in which a command connects to `database` as the admin, as libpq reads it."""
    return as_login(server, server.admin, server.admin_password, database)


def as_login(
    server: Endpoint, user: str, password: pulumi.Output[str], database: str | pulumi.Output[str]
) -> dict[str, pulumi.Input[str]]:
    """The environment in which a command connects to `database` as `user`, as libpq reads it."""
    return {**server.connection, "PGUSER": user, "PGPASSWORD": password, "PGDATABASE": database}
