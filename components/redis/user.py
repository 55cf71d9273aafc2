"""The user of one app on a Redis server.

Users are set while the server runs and kept in a file on its volume, so that a new app leaves the container alone.
What a user may do belongs to `operate.redis_users`, which sets it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

import pulumi
import pulumi_command as command

from components import passwords
from components.platforms import Lifecycle, present
from components.redis.server import PORT, RedisWithDbs
from components.rotation import Rotation, Slot
from components.tls import REDIS_QUERY

_PYTHON: Final = ".venv/bin/python"  # relative to the project, so that state means the same in every checkout
_CLEAR_URL: Final = "redis://{0}:{1}@{2}:{3}/{4}"


@dataclass(frozen=True, kw_only=True)
class RedisUserArgs:
    """What RedisUser is built from: the app, and the purposes it may use, the main one first.

    Nobody logs in as a `locked` user; `keys_go` says that its keys are deleted with it.
    """

    server: RedisWithDbs
    lifecycle: Lifecycle
    app: str
    purposes: Sequence[str]
    locked: bool = False
    keys_go: bool = False
    rotation: Rotation = field(default_factory=Rotation)


class RedisUser(pulumi.ComponentResource):
    """An app's user on a server: its own keys by prefix, in its own numbers."""

    urls: Mapping[str, pulumi.Output[str]]
    """The URL with its password for each purpose, secret."""

    needed: list[pulumi.Resource]
    """What has to be there before the app can work."""

    opened: pulumi.Resource | None
    """After a rotation what lets the new password in: whoever is given the URLs waits for it. Else None."""

    def __init__(self, name: str, args: RedisUserArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("data-tier:redis:RedisUser", name, {}, opts)
        self._name, self._args = name, args
        password = self._password(args.rotation.current)
        numbers = {purpose: args.server.databases[purpose] for purpose in args.purposes}
        form = f"rediss://{{0}}:{{1}}@{{2}}:{{3}}/{{4}}{REDIS_QUERY}" if args.server.ca else _CLEAR_URL
        self.urls = {
            purpose: pulumi.Output.format(form, args.app, password, args.server.hostname, PORT, number)
            for purpose, number in numbers.items()
        }
        self._environment: dict[str, pulumi.Input[str]] = {
            "REDIS_HOST": args.server.reach.host,
            "REDIS_PORT": str(args.server.reach.port),
            "REDIS_ADMIN_PASSWORD": args.server.admin_password,
            "REDIS_APP": args.app,
            "REDIS_APP_PASSWORD": password,
            "REDIS_DATABASES": ",".join(str(number) for number in sorted(numbers.values())),
            **({"REDIS_CA": args.server.ca} if args.server.ca else {}),
        }
        acl = self._set_user()
        self.opened = acl if args.rotation.turned else None
        self.needed = present(acl) if args.rotation.turned else [self]
        self.register_outputs({"urls": self.urls})

    def close_former(self, after: Sequence[pulumi.Resource]) -> None:
        """Refuse the password of the generation before, once `after` have given the app its new URLs."""
        args, container = self._args, self._args.server.container
        if self.opened is None or container is None or args.locked or args.rotation.overlap:
            return
        run = f"{_PYTHON} -m operate.redis_users settle"
        opts = pulumi.ResourceOptions(parent=self, depends_on=[self.opened, *after], deleted_with=container)
        command.local.Command(
            f"{self._name}-acl-settled", create=run, update=run, environment=self._environment, opts=opts
        )

    def _password(self, slot: Slot) -> pulumi.Output[str]:
        keepers = self._args.rotation.keepers(slot)
        opts = self._args.lifecycle.replaceable(pulumi.ResourceOptions(parent=self), rotated=keepers is not None)
        name = f"{self._name}-password" if slot == "a" else f"{self._name}-password-{slot}"
        return passwords.generated(name, opts, keepers)

    def _set_user(self) -> command.local.Command | None:
        args, server = self._args, self._args.server
        former = {"REDIS_FORMER_PASSWORD": self._password(args.rotation.former)} if args.rotation.turned else {}
        if server.container is None:
            return None
        run = f"{_PYTHON} -m operate.redis_users"
        bring = f"{run} lock" if args.locked else f"{run} set"
        return command.local.Command(
            f"{self._name}-acl",
            create=bring,
            update=bring,
            delete=f"{run} purge" if args.keys_go else f"{run} delete",
            environment={**self._environment, **former},
            opts=pulumi.ResourceOptions(
                parent=self, depends_on=[server.container, *server.ready], deleted_with=server.container
            ),
        )
