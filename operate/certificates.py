"""When the certificate of a running server expires, read inside its container, where every Docker host answers.

Issuing and renewing belong to `up`; telling a server of a new one to `reload_tls`.
"""

from __future__ import annotations

from datetime import UTC, datetime

from cryptography import x509
from docker.models.containers import Container

from operate import inside
from operate.certificate_files import CERTIFICATE, MONGO_PEM
from operate.errors import OperateError
from operate.stack import Server

RENEWS = "`make up` renews it"
_SECONDS = 10


def expiry(container: Container, server: Server) -> datetime | None:
    """The end of its validity (UTC); None where it has none, or nothing can be read."""
    if not server.tls:
        return None
    try:
        file = MONGO_PEM if server.kind == "mongo" else CERTIFICATE
        done = inside.capture(container, ["cat", file], seconds=_SECONDS)
        return x509.load_pem_x509_certificate(done.out).not_valid_after_utc if done.code == 0 else None
    except (OperateError, ValueError):  # it has just stopped, or the file is none: its state says so
        return None


def days_left(end: datetime, now: datetime | None = None) -> int:
    """Whole days until `end`, below 0 when it has passed."""
    return (end - (now or datetime.now(UTC))).days
