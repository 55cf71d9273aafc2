"""A stack's certificate authority: one secret seed in the state, from which every key and certificate follows.

Owns the seed and the names of the files; what a certificate looks like belongs to `certificates`. A server gets its
files by one call of `issue`, and is told of a renewal by `reloading`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

import pulumi

from components import passwords
from components.platforms import Lifecycle
from components.tls import certificates
from components.tls.certificates import Issued, Life, Subject

CA_FILE, _CERTIFICATE, _KEY = "ca.crt", "tls.crt", "tls.key"
_FOLDER: Final = "/run/secrets"
CA_PATH: Final = f"{_FOLDER}/{CA_FILE}"
CERTIFICATE_PATH: Final = f"{_FOLDER}/{_CERTIFICATE}"
KEY_PATH: Final = f"{_FOLDER}/{_KEY}"
POSTGRES_QUERY: Final = f"?sslmode=verify-full&sslrootcert={CA_PATH}"
REDIS_QUERY: Final = (
    f"?ssl_ca_certs={CA_PATH}&ssl_check_hostname=true"  # older redis-py doesn't compare names by itself
)
MONGO_QUERY: Final = f"&tls=true&tlsCAFile={CA_PATH}"  # drivers compare names by themselves
_LOCAL_NAME, _LOCAL_ADDRESS = "localhost", "127.0.0.1"


@dataclass(frozen=True, kw_only=True)
class ServerCertificate:
    """What one server gets: `files` by name, of which only user `reader` may read those in `owned`.

    `fingerprint` tells this certificate from the one before; `ca` verifies it. Neither is a secret.
    """

    files: Mapping[str, pulumi.Output[str]]
    owned: Mapping[str, int]
    fingerprint: pulumi.Output[str]
    ca: pulumi.Output[str]


@dataclass(frozen=True, kw_only=True)
class CertificateAuthorityArgs:
    """What CertificateAuthority is built from. `now` decides in which window certificates are issued."""

    lifecycle: Lifecycle
    prefix: str
    life: Life
    now: datetime


class CertificateAuthority(pulumi.ComponentResource):
    """Issues the certificates of a stack's servers."""

    ca: pulumi.Output[str]
    """Its own certificate in PEM, by which clients verify servers."""

    def __init__(self, name: str, args: CertificateAuthorityArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("data-tier:tls:CertificateAuthority", name, {}, opts)
        stateful = args.lifecycle.stateful(pulumi.ResourceOptions(parent=self))
        self._args, self._seed = args, passwords.generated(f"{name}-seed", stateful)
        made = self._seed.apply(lambda seed: certificates.authority(seed, args.prefix, args.now))
        self.ca = pulumi.Output.unsecret(made)  # a certificate is for everybody to see; the seed isn't in it
        self.register_outputs({"ca": self.ca})

    def issue_client(self, name: str, reader: int) -> tuple[dict[str, pulumi.Output[str]], dict[str, int]]:
        """The files `<name>.crt` and `<name>.key` for one that connects by this name, and who reads the key."""
        made = self._made(Subject(names=[name], connects=True))
        return {f"{name}.crt": made.apply(_certificate), f"{name}.key": made.apply(_key)}, {f"{name}.key": reader}

    def _made(self, subject: Subject) -> pulumi.Output[Issued]:
        args = self._args
        return self._seed.apply(lambda seed: certificates.issue(seed, args.prefix, subject, args.life, args.now))

    def issue(self, names: Sequence[str], addresses: Sequence[str], reader: int) -> ServerCertificate:
        """A certificate for a server of these names and addresses, which reads its key as user `reader`."""
        made = self._made(Subject(names=[*names, _LOCAL_NAME], addresses=[*addresses, _LOCAL_ADDRESS]))
        return ServerCertificate(
            files={CA_FILE: self.ca, _CERTIFICATE: made.apply(_certificate), _KEY: made.apply(_key)},
            owned={_KEY: reader},
            fingerprint=pulumi.Output.unsecret(made.apply(_fingerprint)),
            ca=self.ca,
        )


def _certificate(issued: Issued) -> str:
    return issued.certificate


def _key(issued: Issued) -> str:
    return issued.key


def _fingerprint(issued: Issued) -> str:
    return issued.fingerprint
