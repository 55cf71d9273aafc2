"""Keys and certificates as a function of seed, names and date: verified by OpenSSL's own command and by Python's."""

from __future__ import annotations

import subprocess
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.x509.verification import PolicyBuilder, Store

from components.tls import certificates
from components.tls.certificates import AUTHORITY_LIFE, Life, Subject

SEED = "K" * 32
LIFE = Life(days=365, renew=121)
NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
SUBJECT = Subject(names=["shop-postgres", "postgres", "localhost"], addresses=["172.28.10.10", "127.0.0.1"])


def issued(now: datetime = NOW, *, seed: str = SEED, subject: Subject = SUBJECT, life: Life = LIFE):
    return certificates.issue(seed, "shop", subject, life, now)


def loaded(pem: str) -> x509.Certificate:
    return x509.load_pem_x509_certificate(pem.encode())


def openssl_verifies(folder: Path, ca: str, certificate: str, *more: str) -> bool:
    (folder / "ca.crt").write_text(ca)
    (folder / "tls.crt").write_text(certificate)
    at = str(int(NOW.timestamp()))
    command = ["openssl", "verify", "-x509_strict", "-attime", at, "-CAfile", "ca.crt", *more, "tls.crt"]
    return subprocess.run(command, cwd=folder, capture_output=True, check=False).returncode == 0


@pytest.mark.parametrize(
    ("check", "verifies"),
    [
        (("-purpose", "sslserver"), True),
        (("-verify_hostname", "shop-postgres"), True),
        (("-verify_hostname", "localhost"), True),
        (("-verify_ip", "172.28.10.10"), True),
        (("-verify_hostname", "blog-postgres"), False),
        (("-verify_ip", "172.28.10.11"), False),
        (("-purpose", "sslclient"), False),
    ],
)
def test_openssl_verifies_the_names_that_it_was_issued_for_and_no_others(tmp_path, check, verifies):
    assert (
        openssl_verifies(tmp_path, certificates.authority(SEED, "shop", NOW), issued().certificate, *check) == verifies
    )


def test_a_certificate_of_another_stacks_authority_is_refused(tmp_path):
    other = certificates.authority("L" * 32, "shop", NOW)
    assert not openssl_verifies(tmp_path, other, issued().certificate)


def test_a_verifier_by_rfc_5280_takes_it_too():
    store = Store([loaded(certificates.authority(SEED, "shop", NOW))])
    verifier = PolicyBuilder().store(store).time(NOW).build_server_verifier(x509.DNSName("shop-postgres"))
    assert len(verifier.verify(loaded(issued().certificate), [])) == 2


def test_two_runs_in_one_window_issue_the_same_bytes():
    assert issued() == issued(NOW + timedelta(hours=3))
    assert certificates.authority(SEED, "shop", NOW) == certificates.authority(SEED, "shop", NOW + timedelta(hours=3))


def windows(life: Life, days: int) -> list[tuple[datetime, datetime]]:
    """Each day's certificate: until when it is valid, and the day."""
    found = []
    for day in range(days):
        now = NOW + timedelta(days=day)
        found.append((life.window(now).not_after, now))
    return found


@pytest.mark.parametrize("life", [LIFE, Life(days=90, renew=30), Life(days=3, renew=1), AUTHORITY_LIFE])
def test_whenever_a_run_comes_its_certificate_is_valid_now_and_for_the_declared_rest(life):
    for hours in range(0, life.days * 48, max(1, life.days // 10)):
        now = NOW + timedelta(hours=hours)
        window = life.window(now)
        assert window.not_before + timedelta(days=1) <= now
        assert window.not_after - now >= timedelta(days=life.renew)


def test_the_next_certificate_is_due_when_the_rest_of_the_present_one_begins_and_not_before():
    life = Life(days=90, renew=30)
    ends = [end for end, _ in windows(life, 130)]
    changes = [day for end, (later, day) in zip(ends, windows(life, 130)[1:], strict=False) if later != end]
    assert changes, "130 days have a change at least every 60"
    for day in changes:
        before = life.window(day - timedelta(days=1))
        assert timedelta(days=29) < before.not_after - day <= timedelta(days=30)


def test_a_renewed_certificate_has_another_key_serial_and_fingerprint_and_the_same_authority(tmp_path):
    now, later = issued(), issued(NOW + timedelta(days=365))
    assert now.key != later.key
    assert loaded(now.certificate).serial_number != loaded(later.certificate).serial_number
    assert now.fingerprint != later.fingerprint
    authorities = [loaded(certificates.authority(SEED, "shop", NOW + timedelta(days=days))) for days in (0, 3000)]
    assert authorities[0] != authorities[1]
    assert authorities[0].public_key() == authorities[1].public_key()
    for one in authorities:
        loaded(now.certificate).verify_directly_issued_by(one)
        loaded(later.certificate).verify_directly_issued_by(one)


def test_every_content_has_a_serial_of_its_own():
    made = [
        issued(),
        issued(subject=Subject(names=["blog-postgres"])),
        issued(subject=Subject(names=SUBJECT.names, addresses=["172.28.10.12"])),
        issued(life=Life(days=90, renew=30)),
        issued(NOW + timedelta(days=365)),
    ]
    assert len({loaded(one.certificate).serial_number for one in made}) == len(made)


def test_the_key_belongs_to_the_certificate_and_differs_between_servers_and_stacks():
    one = issued()
    key = serialization.load_pem_private_key(one.key.encode(), None)
    assert key.public_key() == loaded(one.certificate).public_key()
    others = [issued(subject=Subject(names=["blog-postgres"])), issued(seed="L" * 32)]
    assert len({it.key for it in (one, *others)}) == 3


def test_neither_seed_nor_key_shows_in_a_representation():
    assert "PRIVATE" not in repr(issued())
    assert SEED not in repr(issued())


@pytest.mark.parametrize(("days", "renew"), [(0, 0), (-1, -2), (30, 30), (30, 31), (30, 0)])
def test_a_certificate_that_expires_before_it_starts_or_is_renewed_is_refused(days, renew):
    with pytest.raises(ValueError, match="can't be renewed"):
        Life(days=days, renew=renew)
