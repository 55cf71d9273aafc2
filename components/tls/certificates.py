"""Keys and certificates as a pure function of a secret seed, names and a date: the same in every run of a window.

P-256, because every client library takes it, signed deterministically (RFC 6979), so that a preview after an update
finds nothing to change. Where the seed is kept and how files reach a server is not known here.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from ipaddress import IPv4Address
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

_EPOCH: Final = datetime(2026, 1, 1, tzinfo=UTC)
_BACKDATED: Final = timedelta(days=1)  # for clients whose clock is behind
_ORDER: Final = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551  # of P-256's group (FIPS 186-5)
_KEY_BYTES: Final = 48  # 128 bits more than the order has, so that the remainder is even (FIPS 186-5, A.2.1)
_SERIAL_BYTES: Final = 16


@dataclass(frozen=True, kw_only=True)
class Life:
    """How many days a certificate is valid, and how many days before its end the next one is due."""

    days: int
    renew: int

    def __post_init__(self) -> None:
        if not 0 < self.renew < self.days:
            raise ValueError(f"a certificate of {self.days} days can't be renewed {self.renew} days before its end")

    def window(self, now: datetime) -> Window:
        """The window that `now` lies in: all runs within it issue the same certificate."""
        period = timedelta(days=self.days - self.renew)
        number = (now - _EPOCH) // period
        start = _EPOCH + number * period
        return Window(number=number, not_before=start - _BACKDATED, not_after=start + timedelta(days=self.days))


@dataclass(frozen=True, kw_only=True)
class Window:
    """From when to when a certificate is valid; `number` tells one window from the next."""

    number: int
    not_before: datetime
    not_after: datetime


AUTHORITY_LIFE: Final = Life(days=3650, renew=1216)


@dataclass(frozen=True, kw_only=True)
class Subject:
    """Who a certificate is for: its names, the first one its own, and its addresses.

    A server's, unless it is for one that `connects` to a server which asks for a certificate too.
    """

    names: Sequence[str]
    addresses: Sequence[str] = ()
    connects: bool = False

    def described(self) -> str:
        """All of it as one text, for what is derived."""
        return "|".join([*self.names, *self.addresses])


@dataclass(frozen=True, kw_only=True)
class Issued:
    """A server's certificate and its private key in PEM, and the certificate's SHA-256 fingerprint."""

    certificate: str
    key: str = field(repr=False)
    fingerprint: str


def authority(seed: str, name: str, now: datetime) -> str:
    """The authority's own certificate in PEM; its key stays when it is renewed: both verify the same servers."""
    key, window = _authority_key(seed), AUTHORITY_LIFE.window(now)
    serial = _serial(seed, f"authority|{name}|{window}")
    certificate = (
        _builder(_authority_name(name), _authority_name(name), key, window, serial)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(_usage(signs_certificates=True), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .sign(key, hashes.SHA256(), ecdsa_deterministic=True)
    )
    return _pem(certificate)


def issue(seed: str, name: str, subject: Subject, life: Life, now: datetime) -> Issued:
    """A server's key and certificate, signed by the authority called `name`; a new key in every window."""
    signer, window = _authority_key(seed), life.window(now)
    key = _derived_key(seed, f"server|{subject.names[0]}|{life}|{window.number}")
    serial = _serial(seed, f"server|{subject.described()}|{window}")
    own = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, subject.names[0])])
    certificate = (
        _builder(own, _authority_name(name), key, window, serial)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_usage(signs_certificates=False), critical=True)
        .add_extension(x509.ExtendedKeyUsage([_purpose(subject)]), critical=False)
        .add_extension(_alternatives(subject), critical=False)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(signer.public_key()), critical=False)
        .sign(signer, hashes.SHA256(), ecdsa_deterministic=True)
    )
    return Issued(
        certificate=_pem(certificate), key=_private_pem(key), fingerprint=certificate.fingerprint(hashes.SHA256()).hex()
    )


def _authority_name(name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, f"data-tier {name}")])


def _authority_key(seed: str) -> ec.EllipticCurvePrivateKey:
    return _derived_key(seed, "authority")


def _derived(seed: str, purpose: str, length: int) -> bytes:
    derivation = HKDF(algorithm=hashes.SHA256(), length=length, salt=None, info=f"data-tier tls|{purpose}".encode())
    return derivation.derive(seed.encode())


def _derived_key(seed: str, purpose: str) -> ec.EllipticCurvePrivateKey:
    number = int.from_bytes(_derived(seed, f"key|{purpose}", _KEY_BYTES), "big")
    return ec.derive_private_key(number % (_ORDER - 1) + 1, ec.SECP256R1())


def _serial(seed: str, purpose: str) -> int:
    """Another one for every content: an authority never gives a serial twice."""
    return int.from_bytes(_derived(seed, f"serial|{purpose}", _SERIAL_BYTES), "big") + 1


def _builder(
    subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePrivateKey, window: Window, serial: int
) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(serial)
        .not_valid_before(window.not_before)
        .not_valid_after(window.not_after)
    )


def _purpose(subject: Subject) -> x509.ObjectIdentifier:
    return ExtendedKeyUsageOID.CLIENT_AUTH if subject.connects else ExtendedKeyUsageOID.SERVER_AUTH


def _usage(*, signs_certificates: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not signs_certificates,
        key_cert_sign=signs_certificates,
        crl_sign=signs_certificates,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        encipher_only=False,
        decipher_only=False,
    )


def _alternatives(subject: Subject) -> x509.SubjectAlternativeName:
    names = [x509.DNSName(name) for name in subject.names]
    return x509.SubjectAlternativeName(
        [*names, *(x509.IPAddress(IPv4Address(address)) for address in subject.addresses)]
    )


def _pem(certificate: x509.Certificate) -> str:
    return certificate.public_bytes(serialization.Encoding.PEM).decode()


def _private_pem(key: ec.EllipticCurvePrivateKey) -> str:
    pem, pkcs8 = serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8
    return key.private_bytes(pem, pkcs8, serialization.NoEncryption()).decode()
