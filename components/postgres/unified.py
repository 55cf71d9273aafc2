"""The unified shape: one server, one database with its own roles for each app."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import pulumi

from components.postgres._backup import Backups, BackupsArgs
from components.postgres._watchdog import Watchdog, WatchdogArgs
from components.postgres.database import AppDatabase, AppDatabaseArgs, DatabaseSpec
from components.postgres.server import PostgresServer, PostgresServerArgs


@dataclass(frozen=True, kw_only=True)
class UnifiedPostgresArgs:
    """What UnifiedPostgres is built from: the server, the databases by app, and whether their limits are `watched`."""

    server: PostgresServerArgs
    apps: Mapping[str, DatabaseSpec]
    watched: bool = False


class UnifiedPostgres(pulumi.ComponentResource):
    """One PostgreSQL server for several apps, each fenced from the others."""

    server: PostgresServer
    """The shared server."""

    databases: Mapping[str, AppDatabase]
    """The database of each app."""

    def __init__(self, name: str, args: UnifiedPostgresArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("data-tier:postgres:UnifiedPostgres", name, {}, opts)
        mine = pulumi.ResourceOptions(parent=self)
        self.server = PostgresServer(f"{name}-server", args.server, mine)
        self.databases = {
            app: AppDatabase(f"{name}-{app}", AppDatabaseArgs(server=self.server, spec=spec), mine)
            for app, spec in args.apps.items()
        }
        if args.watched:
            Watchdog(f"{name}-watchdog", WatchdogArgs(server=self.server, its=args.server), mine)
        if args.server.backup and args.server.settings.backed_up:
            saved = BackupsArgs(
                server=self.server,
                its=args.server,
                settings=args.server.settings.backed_up,
                databases=[spec.settings.database for spec in args.apps.values()],
                after=[needed for one in self.databases.values() for needed in one.needed],
            )
            Backups(f"{name}-backup", saved, mine)
        self.register_outputs(
            {"server": self.server.hostname, "databases": {app: its.database for app, its in self.databases.items()}}
        )
