"""Certificates of the servers: a certificate authority for each stack, and what it issues."""

from components.tls.authority import (
    CA_FILE,
    CA_PATH,
    CERTIFICATE_PATH,
    KEY_PATH,
    MONGO_QUERY,
    POSTGRES_QUERY,
    REDIS_QUERY,
    CertificateAuthority,
    CertificateAuthorityArgs,
    ServerCertificate,
)
from components.tls.reloading import ReloadArgs, reloaded

__all__ = [
    "CA_FILE",
    "CA_PATH",
    "CERTIFICATE_PATH",
    "KEY_PATH",
    "MONGO_QUERY",
    "POSTGRES_QUERY",
    "REDIS_QUERY",
    "CertificateAuthority",
    "CertificateAuthorityArgs",
    "ReloadArgs",
    "ServerCertificate",
    "reloaded",
]
