"""The isolated shape: a server for one app, with its database and roles."""

from __future__ import annotations

from dataclasses import dataclass

import pulumi

from components.postgres._backup import Backups, BackupsArgs
from components.postgres._watchdog import Watchdog, WatchdogArgs
from components.postgres.database import AppDatabase, AppDatabaseArgs, DatabaseSpec
from components.postgres.server import PostgresServer, PostgresServerArgs


@dataclass(frozen=True, kw_only=True)
class IsolatedPostgresArgs:
    """What IsolatedPostgres is built from; `watched` says whether somebody looks after the app's limits."""

    server: PostgresServerArgs
    database: DatabaseSpec
    watched: bool = False


class IsolatedPostgres(pulumi.ComponentResource):
    """One PostgreSQL server for one app."""

    server: PostgresServer
    """The app's own server."""

    database: AppDatabase
    """The database on it."""

    def __init__(self, name: str, args: IsolatedPostgresArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("data-tier:postgres:IsolatedPostgres", name, {}, opts)
        mine = pulumi.ResourceOptions(parent=self)
        self.server = PostgresServer(f"{name}-server", args.server, mine)
        self.database = AppDatabase(f"{name}-database", AppDatabaseArgs(server=self.server, spec=args.database), mine)
        if args.watched:
            Watchdog(f"{name}-watchdog", WatchdogArgs(server=self.server, its=args.server), mine)
        if args.server.backup and args.server.settings.backed_up:
            saved = BackupsArgs(
                server=self.server,
                its=args.server,
                settings=args.server.settings.backed_up,
                databases=[args.database.settings.database],
                after=self.database.needed,
            )
            Backups(f"{name}-backup", saved, mine)
        self.register_outputs({"server": self.server.hostname, "database": self.database.database})
