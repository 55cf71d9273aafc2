"""What the servers of all stores have in common: where one stands, its labels, its certificate, and how it is managed.

What a server is started with belongs to the store's own component, and what lives inside it to further ones.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

import pulumi

from components.forwarder import ForwarderArgs, Reach
from components.platforms import Lifecycle, Platform
from components.rotating import Passwords, TurnArgs, turned
from components.tls import CertificateAuthority, ReloadArgs, ServerCertificate, reloaded

Kind = Literal["postgres", "redis", "mongo"]


@dataclass(frozen=True, kw_only=True)
class ServerArgs:
    """Where a server stands. `hostname` is the container's name, `address` its fixed one, `forwarder` that of the relay
    to it where the settings expose it, None where Docker may choose.

    `labels` are further ones of its container and data volume; without `tls` it takes connections in clear.
    """

    platform: Platform
    lifecycle: Lifecycle
    major: int
    hostname: str
    aliases: tuple[str, ...]
    network: pulumi.Input[str]
    address: str
    forwarder: str | None = None
    tls: CertificateAuthority | None = None
    labels: Mapping[str, str] = field(default_factory=dict)

    def labelled(self, kind: Kind) -> dict[str, str]:
        """All labels of its container and data volume."""
        own = {"data-tier.component": kind, "data-tier.tier": "data", "data-tier.major": str(self.major)}
        return {**own, **self.labels}

    def certificate(self, uid: int) -> ServerCertificate | None:
        """For all its names and its address, with a key for the user `uid`; None without `tls`."""
        return self.tls.issue([self.hostname, *self.aliases], [self.address], uid) if self.tls else None

    def way(self, port: int, expose: int | None) -> ForwarderArgs:
        """How the host comes to its `port`: directly, or by the relay of the host's port `expose`."""
        return ForwarderArgs(
            platform=self.platform,
            server=self.hostname,
            address=self.address,
            port=port,
            expose=expose,
            network=self.network,
            own=self.forwarder,
            labels=self.labels,
        )


@dataclass(frozen=True, kw_only=True)
class Managed:
    """A server that can be told something: by whom, on which way. `container` is None while the stack is down."""

    kind: Kind
    name: str
    user: str
    passwords: Passwords
    way: Reach
    container: pulumi.CustomResource | None
    certificate: ServerCertificate | None

    def turned(self, mine: pulumi.ResourceOptions) -> pulumi.Resource | None:
        """After a rotation of the admin's password what lets the new one in, else None."""
        args = TurnArgs(
            kind=self.kind,
            way=self.way,
            user=self.user,
            passwords=self.passwords,
            tls=self.certificate is not None,
            container=self.container,
        )
        return turned(f"{self.name}-admin-turned", args, mine)

    def reloaded(self, after: Sequence[pulumi.Resource], mine: pulumi.ResourceOptions) -> pulumi.Resource | None:
        """What comes `after` its files are there and lets it show its present certificate; None where it needs none."""
        if self.certificate is None or self.container is None:
            return None
        args = ReloadArgs(
            kind=self.kind,
            certificate=self.certificate,
            way=self.way,
            user=self.user,
            password=self.passwords.current,
            after=after,
        )
        return reloaded(f"{self.name}-tls", args, mine)
