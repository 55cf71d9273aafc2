"""What everything inside a PostgreSQL server needs to know of it, whoever runs it.

Databases, roles, grants and commands are built on this alone; only poolers and watchdogs need a server of the stack's
own.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

import pulumi
import pulumi_postgresql as postgresql

from components.forwarder import Reach


class Endpoint(Protocol):
    """A server as its clients and its admin see it."""

    @property
    def hostname(self) -> pulumi.Output[str]:
        """The name that clients connect to."""

    @property
    def port(self) -> int:
        """The port that clients connect to."""

    @property
    def url_query(self) -> str:
        """What a client's URL ends with, so that it verifies this server."""

    @property
    def admin(self) -> str:
        """Who makes roles and databases."""

    @property
    def admin_password(self) -> pulumi.Output[str]:
        """The admin's password, secret."""

    @property
    def superuser(self) -> bool:
        """Whether the admin is one. Who isn't has to be a member of each role to manage what belongs to it."""

    @property
    def reach(self) -> Reach:
        """How the host connects to it."""

    @property
    def connection(self) -> Mapping[str, pulumi.Input[str]]:
        """The same for a command, without user and database: variables as libpq reads them."""

    @property
    def provider(self) -> postgresql.Provider:
        """Manages roles and databases."""

    @property
    def container(self) -> pulumi.CustomResource | None:
        """What runs it, where the stack does and isn't down: what is inside waits for it and goes with it."""

    @property
    def up(self) -> bool:
        """Whether it can be asked for anything: not while the stack that runs it is down."""

    @property
    def turned(self) -> pulumi.Resource | None:
        """After what its admin is let in, beside its container."""
