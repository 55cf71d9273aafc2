"""Tells a running server that its certificate was renewed, and waits until it shows the new one.

The server's container stays as it is: its files have changed beneath it. What is said to which server belongs to
`operate.reload_tls`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal

import pulumi
import pulumi_command as command

from components.forwarder import Reach
from components.platforms import merged
from components.tls.authority import ServerCertificate

_PYTHON: Final = ".venv/bin/python"  # relative to the project, so that state means the same in every checkout


@dataclass(frozen=True, kw_only=True)
class ReloadArgs:
    """Which server, how it is reached, who may tell it, and `after` which resources its files are there."""

    kind: Literal["postgres", "redis", "mongo"]
    certificate: ServerCertificate
    way: Reach
    user: str
    password: pulumi.Output[str]
    after: Sequence[pulumi.Resource]


def reloaded(name: str, args: ReloadArgs, opts: pulumi.ResourceOptions) -> command.local.Command:
    """The resource after which the server shows its present certificate; runs whenever that is another one."""
    run = f"{_PYTHON} -m operate.reload_tls {args.kind}"
    return command.local.Command(
        name,
        create=run,
        update=run,
        environment={
            "TLS_HOST": args.way.host,
            "TLS_PORT": str(args.way.port),
            "TLS_CA": args.certificate.ca,
            "TLS_FINGERPRINT": args.certificate.fingerprint,
            "TLS_USER": args.user,
            "TLS_PASSWORD": args.password,
        },
        opts=merged(opts, depends_on=list(args.after)),
    )
