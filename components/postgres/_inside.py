"""The options of what lives inside a server: it waits for the server, and goes with it."""

from __future__ import annotations

import pulumi

from components.platforms import present
from components.postgres.server import PostgresServer


def inside(server: PostgresServer, parent: pulumi.Resource) -> pulumi.ResourceOptions:
    """`parent`'s children on `server`, by the server's own provider."""
    container = server.container
    return pulumi.ResourceOptions(
        parent=parent,
        provider=server.provider,
        depends_on=present(container, server.turned),
        deleted_with=container,
        retain_on_delete=container is None or None,  # with the server down nothing inside can be asked to go
    )


def without_provider(opts: pulumi.ResourceOptions) -> pulumi.ResourceOptions:
    """`opts` of something inside PostgreSQL for a command, which has another provider and nothing to retain."""
    return pulumi.ResourceOptions(parent=opts.parent, depends_on=opts.depends_on, deleted_with=opts.deleted_with)


def as_admin(server: PostgresServer, database: str | pulumi.Output[str] = "postgres") -> dict[str, pulumi.Input[str]]:
    """The environment in which a command connects to `database` as the admin, as libpq reads it."""
    return {
        "PGHOST": server.reach.host,
        "PGPORT": str(server.reach.port),
        "PGUSER": server.admin,
        "PGPASSWORD": server.admin_password,
        "PGDATABASE": database,
        "PGSSLMODE": server.sslmode,  # as the provider: host to container on one machine
    }
