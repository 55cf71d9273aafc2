"""A PostgreSQL server that somebody else runs: the way to it, and the database of one app on it.

Only roles, databases and what is in them are made there. Nothing is known of its settings, who else it lets in from
where, and how many connections it takes.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import pulumi
import pulumi_command as command
import pulumi_postgresql as postgresql

from components import sizing
from components.config.models import ExternalPostgres as ExternalSettings
from components.forwarder import Reach
from components.naming import RoleNames
from components.outlet import Outlet, OutletArgs
from components.platforms import Platform, merged, present
from components.postgres.database import AppDatabase, AppDatabaseArgs, DatabaseSpec

_RUN: Final = ".venv/bin/python -m operate.external_server check"  # relative: the same in every checkout
_SECRETS: Final = "/run/secrets"


@dataclass(frozen=True, kw_only=True)
class ExternalServerArgs:
    """What ExternalServer is built from: `relay` is the name of the container through which clients on `network` reach
    it, `password` the admin's. `database` is looked for before anything is made."""

    platform: Platform
    settings: ExternalSettings
    password: pulumi.Output[str]
    relay: str
    network: pulumi.Input[str]
    database: DatabaseSpec
    labels: Mapping[str, str]


class ExternalServer(pulumi.ComponentResource):
    """A server outside of the stack, as the host and the app's containers reach it. It is an Endpoint."""

    hostname: pulumi.Output[str]
    """The server's own name, which a relay answers to on the app's network."""

    port: int
    """The port that clients connect to."""

    url_query: str
    """What a client's URL ends with, so that it verifies this server."""

    admin: str
    """Who makes roles and databases."""

    admin_password: pulumi.Output[str]
    """The admin's password, secret."""

    superuser: bool = False
    """Whether the admin is one: with a managed service nobody is."""

    reach: Reach
    """How the host connects to it."""

    connection: Mapping[str, str]
    """The same for a command, without user and database: variables as libpq reads them."""

    provider: postgresql.Provider
    """Manages roles and databases."""

    container: pulumi.CustomResource | None = None
    """The stack doesn't run it."""

    up: bool = True
    """It can always be asked, also while the stack is down."""

    turned: pulumi.Resource | None
    """After it the server has been looked at, and is as it has to be."""

    authorities: Mapping[str, str]
    """The files that the URL names, by their names: certificates in PEM, which are no secrets."""

    outlet: Outlet
    """The containers through which the app reaches it."""

    def __init__(self, name: str, args: ExternalServerArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("data-tier:postgres:ExternalServer", name, {}, opts)
        mine, its = pulumi.ResourceOptions(parent=self), args.settings
        self.hostname, self.port, self.admin = pulumi.Output.from_input(its.host), its.port, its.admin
        self.admin_password, self.url_query = args.password, _query(its, args.database.app)
        self.reach = Reach(host=its.hostaddr or its.host, port=its.port)
        self.connection = _connection(its)
        self.authorities = {authority_file(args.database.app): Path(its.ca).read_text("ascii")} if its.ca else {}
        self.outlet = Outlet(f"{name}-outlet", _way(args), mine)
        self.turned = self._looked_at(name, args.database, mine)
        self.provider = self._manager(name, its, mine)
        self.register_outputs({"hostname": self.hostname})

    def _looked_at(self, name: str, database: DatabaseSpec, mine: pulumi.ResourceOptions) -> command.local.Command:
        """One error about all that is wrong, in place of one for each role and grant."""
        names = RoleNames(database.settings.database)
        asked = {
            "app": database.app,
            "database": names.database,
            "owner": names.owner,
            "extensions": sorted(set(database.settings.extensions)),
        }
        return command.local.Command(
            f"{name}-checked",
            create=_RUN,
            update=_RUN,
            environment={
                # in one, because an engine that hides what commands are given would hide the host from its errors
                "EXTERNAL_SERVER": json.dumps({**self.connection, "PGUSER": self.admin, "PGDATABASE": "postgres"}),
                "EXTERNAL_ASKED": json.dumps(asked),
                "PGPASSWORD": self.admin_password,
            },
            opts=mine,
        )

    def _manager(self, name: str, its: ExternalSettings, mine: pulumi.ResourceOptions) -> postgresql.Provider:
        return postgresql.Provider(
            f"{name}-provider",
            host=self.reach.host,
            port=its.port,
            username=its.admin,
            password=self.admin_password,
            database="postgres",
            superuser=False,
            max_connections=sizing.PROVIDER_CONNECTIONS,
            sslmode="verify-ca" if its.ca and its.hostaddr else its.sslmode,  # it can't be told name and address
            sslrootcert=its.ca,
            opts=merged(mine, depends_on=present(self.turned)),
        )


@dataclass(frozen=True, kw_only=True)
class ExternalPostgresArgs:
    """What ExternalPostgres is built from."""

    server: ExternalServerArgs
    database: DatabaseSpec


class ExternalPostgres(pulumi.ComponentResource):
    """One app's database on a server outside of the stack."""

    server: ExternalServer
    """The server."""

    database: AppDatabase
    """The app's database on it."""

    def __init__(self, name: str, args: ExternalPostgresArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("data-tier:postgres:ExternalPostgres", name, {}, opts)
        mine = pulumi.ResourceOptions(parent=self)
        self.server = ExternalServer(f"{name}-server", args.server, mine)
        self.database = AppDatabase(f"{name}-database", AppDatabaseArgs(server=self.server, spec=args.database), mine)
        self.register_outputs({"server": self.server.hostname, "database": self.database.database})


def authority_file(app: str) -> str:
    """The secret file with the authorities that verify the server of `app`; by app, as a service may use two such."""
    return f"postgres-{app}.crt"


def _query(its: ExternalSettings, app: str) -> str:
    verified = f"&sslrootcert={_SECRETS}/{authority_file(app)}" if its.ca else ""
    return f"?sslmode={its.sslmode}{verified}"


def _connection(its: ExternalSettings) -> dict[str, str]:
    return {
        "PGHOST": its.host,
        "PGPORT": str(its.port),
        "PGSSLMODE": its.sslmode,
        **({"PGHOSTADDR": its.hostaddr} if its.hostaddr else {}),
        **({"PGSSLROOTCERT": its.ca} if its.ca else {}),
    }


def _way(args: ExternalServerArgs) -> OutletArgs:
    its = args.settings
    return OutletArgs(
        platform=args.platform,
        name=args.relay,
        host=its.host,
        address=its.hostaddr or its.host,
        port=its.port,
        connections=2 * args.database.connections,  # while the logins change over there are both of them
        network=args.network,
        labels=args.labels,
    )
