"""The users of one app on a MongoDB server: two that alternate, each with its own database and no other.

Users are set while the server runs and kept in its volume, so that a new app leaves the container alone. What a user
may do belongs to `operate.mongo_users`, which sets it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

import pulumi
import pulumi_command as command

from components import passwords
from components.mongo.server import PORT, MongoServer
from components.naming import mongo_login
from components.platforms import Lifecycle, present
from components.rotation import Rotation, Slot
from components.tls import MONGO_QUERY

_RUN: Final = ".venv/bin/python -m operate.mongo_users"  # relative to the project: state means the same everywhere


@dataclass(frozen=True, kw_only=True)
class MongoUserArgs:
    """What MongoUser is built from: the app and its database.

    Nobody logs in to a `locked` app; `data_goes` says that its database is deleted with its users. `drain` is how long,
    in seconds, sessions of the user before may take to end when the users change over.
    """

    server: MongoServer
    lifecycle: Lifecycle
    app: str
    database: str
    locked: bool = False
    data_goes: bool = False
    rotation: Rotation = field(default_factory=Rotation)
    drain: int = 20


class MongoUser(pulumi.ComponentResource):
    """An app's way into its own database on a server."""

    url: pulumi.Output[str]
    """The URL with its password, secret."""

    needed: list[pulumi.Resource]
    """What has to be there before the app can work."""

    opened: pulumi.Resource | None
    """After a rotation what makes the new user: whoever is given the URL waits for it. Else None."""

    def __init__(self, name: str, args: MongoUserArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("data-tier:mongo:MongoUser", name, {}, opts)
        self._name, self._args = name, args
        password, login = self._password(args.rotation.current), mongo_login(args.app, args.rotation.current)
        self._former = self._password(args.rotation.former) if args.rotation.turned else None
        query = f"?authSource={args.database}&directConnection=true{MONGO_QUERY if args.server.ca else ''}"
        self.url = pulumi.Output.format(
            "mongodb://{0}:{1}@{2}:{3}/{4}{5}", login, password, args.server.hostname, PORT, args.database, query
        )
        self._environment: dict[str, pulumi.Input[str]] = {
            "MONGO_HOST": args.server.reach.host,
            "MONGO_PORT": str(args.server.reach.port),
            "MONGO_ADMIN": args.server.admin,
            "MONGO_ADMIN_PASSWORD": args.server.admin_password,
            "MONGO_DATABASE": args.database,
            "MONGO_USER": login,
            "MONGO_PASSWORD": password,
            "MONGO_FORMER_USER": mongo_login(args.app, args.rotation.former),
            **({"MONGO_CA": args.server.ca} if args.server.ca else {}),
        }
        user = self._set_user()
        self.opened = user if args.rotation.turned else None
        self.needed = present(user) if args.rotation.turned else [self]
        self.register_outputs({"url": self.url})

    def close_former(self, after: Sequence[pulumi.Resource]) -> None:
        """Delete the user of the generation before, once `after` have given the app its new URL."""
        args, container = self._args, self._args.server.container
        if self.opened is None or container is None or args.locked or args.rotation.overlap:
            return
        run = f"{_RUN} settle"
        opts = pulumi.ResourceOptions(parent=self, depends_on=[self.opened, *after], deleted_with=container)
        environment = {**self._environment, "MONGO_DRAIN": str(args.drain)}
        command.local.Command(f"{self._name}-settled", create=run, update=run, environment=environment, opts=opts)

    def _password(self, slot: Slot) -> pulumi.Output[str]:
        keepers = self._args.rotation.keepers(slot)
        opts = self._args.lifecycle.replaceable(pulumi.ResourceOptions(parent=self), rotated=keepers is not None)
        return passwords.generated(f"{self._name}-password-{slot}", opts, keepers)

    def _set_user(self) -> command.local.Command | None:
        args, server = self._args, self._args.server
        if server.container is None:
            return None
        kept = {"MONGO_FORMER_PASSWORD": self._former} if self._former and args.rotation.overlap else {}
        bring = f"{_RUN} lock" if args.locked else f"{_RUN} set"
        return command.local.Command(
            f"{self._name}-user",
            create=bring,
            update=bring,
            delete=f"{_RUN} purge" if args.data_goes else f"{_RUN} delete",
            environment={**self._environment, **kept},
            opts=pulumi.ResourceOptions(
                parent=self, depends_on=[server.container, *server.ready], deleted_with=server.container
            ),
        )
