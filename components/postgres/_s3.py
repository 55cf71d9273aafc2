"""A repository of backups at a service that speaks S3: pgBackRest's options, and the one way there.

The backup container stays on internal networks. On one of its own a relay answers to the service's name, with the
service behind it and nothing else; TLS goes through it unopened.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Final

import pulumi

from components.config.models import S3
from components.naming import backup_relay
from components.outlet import Outlet, OutletArgs
from components.platforms import Join, NetworkSpec, Platform

KEY: Final = "backup_s3_key"
SECRET: Final = "backup_s3_secret"
_CA: Final = "/etc/data-tier/s3-ca.crt"
_CONNECTIONS: Final = 32


def options(s3: S3, owner: str) -> dict[str, str | int]:
    """Where the repository of the container `owner` is; its keys aren't said here."""
    return {
        "repo1-type": "s3",
        "repo1-path": f"{s3.folder}/{owner}",
        "repo1-s3-endpoint": s3.endpoint,
        "repo1-s3-bucket": s3.bucket,
        "repo1-s3-region": s3.region,
        "repo1-s3-uri-style": "path" if s3.path_style else "host",
        "repo1-storage-port": s3.port,
        "repo1-storage-ca-file": _CA,
    }


def files(s3: S3 | None) -> dict[str, str]:
    """The authorities that the service is verified with, by path."""
    return {_CA: Path(s3.ca).read_text(encoding="ascii")} if s3 else {}


def way(
    name: str, platform: Platform, owner: str, s3: S3, labels: Mapping[str, str], opts: pulumi.ResourceOptions
) -> tuple[Join, pulumi.Resource | None]:
    """The network on which the service is reached, and what it is reached after."""
    called = backup_relay(owner)
    spec = NetworkSpec(name=called, internal=True, labels=labels)
    network = platform.network(f"{name}-s3-way", spec, opts)
    args = OutletArgs(
        platform=platform,
        name=called,
        host=s3.host,
        address=s3.hostaddr or s3.host,
        port=s3.port,
        connections=_CONNECTIONS,
        network=network,
        labels={key: its for key, its in labels.items() if key not in {"data-tier.component", "data-tier.tier"}},
    )
    return Join(network=network), Outlet(f"{name}-s3", args, opts).ready
