"""How a PostgreSQL server archives its log: pgBackRest in its container, which hands segments to the backup container.

Over TLS with a certificate on each side. The repository, and on disk its passphrase, are the backup container's alone.
What that one does belongs to `_backup`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

import pulumi

from components.config.models import Backup
from components.tls import CA_PATH, CertificateAuthority

STANZA: Final = "main"
PORT: Final = 8432
CLIENT: Final = "archive"  # the name by which the backup container knows the server, and that of its files
CONFIG: Final = "/etc/data-tier/pgbackrest.conf"
RUNTIME: Final = "/dev/shm/pgbackrest.conf"  # noqa: S108 - in the backup container, made there: it has the passphrase
_SECRETS: Final = "/run/secrets"


@dataclass(frozen=True, kw_only=True)
class Credentials:
    """Files by name, and who alone reads which of them."""

    files: Mapping[str, pulumi.Output[str]] = field(default_factory=dict)
    owned: Mapping[str, int] = field(default_factory=dict)


def credentials(tls: CertificateAuthority | None, backup: str | None, reader: int) -> Credentials:
    """With which the server comes to the container called `backup`; none without one."""
    if tls is None or backup is None:
        return Credentials()
    files, owned = tls.issue_client(CLIENT, reader)
    return Credentials(files=files, owned=owned)


def files(backup: str | None, cluster: str) -> dict[str, str]:
    """pgBackRest's configuration in the server's container, by path; none without a container called `backup`."""
    if backup is None:
        return {}
    settings = {
        "repo1-host": backup,
        "repo1-host-type": "tls",
        "repo1-host-port": PORT,
        "repo1-host-config": RUNTIME,
        "repo1-host-ca-file": CA_PATH,
        "repo1-host-cert-file": f"{_SECRETS}/{CLIENT}.crt",
        "repo1-host-key-file": f"{_SECRETS}/{CLIENT}.key",
        "compress-type": "zst",
        "log-level-file": "off",
        "log-level-console": "off",
        "log-level-stderr": "warn",
        "lock-path": "/tmp/pgbackrest",  # noqa: S108 - in the server's own container
    }
    text = "".join(f"{key}={value}\n" for key, value in settings.items())
    return {CONFIG: f"[global]\n{text}\n[{STANZA}]\npg1-path={cluster}\n"}


def parameters(settings: Backup | None, backup: str | None) -> dict[str, str]:
    """What the server is started with to archive; nothing without a container called `backup`.

    It first asks whether that is there: pgBackRest looks for it a minute long, and a server that is stopped after it,
    as `down` does, would be killed before it had given up.
    """
    if settings is None or backup is None:
        return {}
    is_there = f"RES_OPTIONS='timeout:1 attempts:1' getent ahostsv4 {backup} >/dev/null"
    return {
        "archive_mode": "on",
        "archive_timeout": str(settings.archive_timeout),
        "archive_command": f"{is_there} && pgbackrest --config={CONFIG} --stanza={STANZA} archive-push %p",
    }
