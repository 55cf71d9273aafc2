"""The passphrase provider against what the real CLI has written (passphrase `x`)."""

from __future__ import annotations

import threading

import pytest

from embedded import secrets as module
from embedded.errors import EngineError
from embedded.secrets import PassphraseSecrets

SALT = "v1:nV9Au2zUwRQ=:v1:eYBDrrDw7Px0bqKY:7SVSqVqVBV/WqwtvRPQz+YHryeVvBg=="
PIN = "v1:VKRMNDSZzvNhNtBQ:KOlcHJoLyRaEa80OD0QnLPwEai0="


def test_opens_what_the_cli_encrypted() -> None:
    assert PassphraseSecrets.open("x", SALT).decrypt(PIN) == "1234"


def test_what_it_encrypts_it_opens_again_and_never_twice_the_same() -> None:
    secrets = PassphraseSecrets.open("x", SALT)
    first, second = secrets.encrypt("päss"), secrets.encrypt("päss")
    assert first != second
    assert secrets.decrypt(first) == secrets.decrypt(second) == "päss"


def test_a_new_salt_opens_with_its_passphrase_only() -> None:
    made = PassphraseSecrets.create("right")
    kept = made.encrypt("value")
    assert PassphraseSecrets.open("right", made.salt).decrypt(kept) == "value"
    with pytest.raises(EngineError, match="incorrect passphrase"):
        PassphraseSecrets.open("wrong", made.salt)


def test_an_empty_passphrase_is_a_passphrase() -> None:
    made = PassphraseSecrets.create("")
    assert PassphraseSecrets.open("", made.salt).salt == made.salt


def test_the_key_is_derived_once_for_a_passphrase_and_salt(monkeypatch: pytest.MonkeyPatch) -> None:
    PassphraseSecrets.open("x", SALT)
    started: list[str] = []
    monkeypatch.setattr(threading.Thread, "start", lambda self: started.append(self.name))
    assert PassphraseSecrets.open("x", SALT).decrypt(PIN) == "1234"
    assert started == []


def test_making_the_object_does_not_wait_for_the_key(monkeypatch: pytest.MonkeyPatch) -> None:
    let_go = threading.Event()
    derive = module.hashlib.pbkdf2_hmac
    monkeypatch.setattr(module.hashlib, "pbkdf2_hmac", lambda *given: let_go.wait(10) and derive(*given))
    secrets = PassphraseSecrets("not yet", SALT)  # returns although nothing can be derived
    let_go.set()
    with pytest.raises(EngineError, match="incorrect passphrase"):
        secrets.encrypt("value")


@pytest.mark.parametrize("salt", ["", "v1", "v2:AAAA:v1:AAAA:AAAA", "v1:***:v1:AAAA:AAAA"])
def test_a_damaged_salt_is_named(salt: str) -> None:
    with pytest.raises(EngineError, match="encryptionsalt"):
        PassphraseSecrets.open("x", salt)


@pytest.mark.parametrize("text", ["", "v1", "v1:AAAA", "v2" + PIN[2:], PIN[:-6] + "AAAAA=", "v1:?:?"])
def test_a_damaged_ciphertext_is_refused_without_showing_it(text: str) -> None:
    with pytest.raises(EngineError, match="can't be decrypted") as caught:
        PassphraseSecrets.open("x", SALT).decrypt(text)
    assert not text or text not in str(caught.value)


def test_an_error_does_not_hold_the_passphrase() -> None:
    with pytest.raises(EngineError) as caught:
        PassphraseSecrets.open("hunter22", SALT)
    assert "hunter22" not in str(caught.value)
