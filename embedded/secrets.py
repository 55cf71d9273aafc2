"""Pulumi's passphrase secrets provider: what it writes the CLI can read, and the other way round.

Form: salt `v1:<salt>:v1:<nonce>:<"pulumi" encrypted>`, ciphertext `v1:<nonce>:<text and tag>`, all base64.
The key is PBKDF2-SHA256 over a million rounds, several tenths of a second: it is derived once per process and on
a thread of its own from the moment the object exists, so that a caller who makes it early waits for less.
Does not know where the passphrase comes from (`environment`). Source: recorded stack files and states.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import os
import threading
from concurrent.futures import Future
from typing import TYPE_CHECKING, Final

from embedded.errors import EngineError

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

_ROUNDS: Final = 1_000_000
_KEY_BYTES: Final = 32
_SALT_BYTES: Final = 8
_NONCE_BYTES: Final = 12
_CHECK: Final = "pulumi"
_PARTS_OF_SALT: Final = 3

_ciphers: dict[tuple[str, bytes], Future[AESGCM]] = {}
_lock = threading.Lock()


class PassphraseSecrets:
    """Encrypts and decrypts with one passphrase and one salt. Safe to use from several threads.

    `salt` is the text for `encryptionsalt` of the stack file and for the checkpoint's `secrets_providers`.
    """

    def __init__(self, passphrase: str, salt: str) -> None:
        """Begin to derive the key; `verify`, or the first use, waits for it and says if the passphrase is wrong."""
        self.salt = salt
        self._passphrase = passphrase
        self._cipher = _derive(passphrase, _salt_bytes(salt))
        self._verified = False

    @classmethod
    def create(cls, passphrase: str) -> PassphraseSecrets:
        """A new random salt for a stack that has none."""
        salt = os.urandom(_SALT_BYTES)
        check = _encrypt(_derive(passphrase, salt).result(), _CHECK)
        return cls(passphrase, f"v1:{_encode(salt)}:{check}")

    @classmethod
    def open(cls, passphrase: str, salt: str) -> PassphraseSecrets:
        """The secrets of an existing salt. Raises EngineError when the passphrase is not the one it was made with."""
        secrets = cls(passphrase, salt)
        secrets.verify()
        return secrets

    def for_salt(self, salt: str) -> PassphraseSecrets:
        """The same passphrase with another salt: a checkpoint may have been written under one of its own."""
        return self if salt == self.salt else PassphraseSecrets.open(self._passphrase, salt)

    def verify(self) -> None:
        """Wait for the key and try it. Raises EngineError for a wrong passphrase or a damaged salt."""
        if self._verified:
            return
        check = self.salt.split(":", 2)[2]
        try:
            right = _decrypt(self._cipher.result(), check) == _CHECK
        except ValueError:
            right = False
        if not right:
            raise EngineError(
                "incorrect passphrase: it does not open this stack's encryptionsalt; "
                "check PULUMI_CONFIG_PASSPHRASE or the file that PULUMI_CONFIG_PASSPHRASE_FILE names"
            )
        self._verified = True

    def encrypt(self, plaintext: str) -> str:
        """`v1:<nonce>:<text>` under a fresh nonce. Raises EngineError as `verify` does."""
        self.verify()
        return _encrypt(self._cipher.result(), plaintext)

    def decrypt(self, ciphertext: str) -> str:
        """The text that was encrypted. Raises EngineError when it was made with another key or is damaged."""
        self.verify()
        try:
            return _decrypt(self._cipher.result(), ciphertext)
        except ValueError:
            raise EngineError(
                "a secret can't be decrypted: it is damaged, or was encrypted for another stack; set it again"
            ) from None


def _derive(passphrase: str, salt: bytes) -> Future[AESGCM]:
    with _lock:
        if (passphrase, salt) not in _ciphers:
            future: Future[AESGCM] = Future()
            _ciphers[passphrase, salt] = future
            threading.Thread(target=_fill, args=(future, passphrase, salt), name="derive-key").start()
        return _ciphers[passphrase, salt]


def _fill(future: Future[AESGCM], passphrase: str, salt: bytes) -> None:
    try:
        from cryptography.hazmat.primitives.ciphers.aead import AESGCM  # slow: only where secrets are

        key = hashlib.pbkdf2_hmac("sha256", passphrase.encode(), salt, _ROUNDS, _KEY_BYTES)
        future.set_result(AESGCM(key))
    except BaseException as error:  # goes to whoever waits
        future.set_exception(error)


def _salt_bytes(salt: str) -> bytes:
    parts = salt.split(":", 2)
    try:
        if len(parts) == _PARTS_OF_SALT and parts[0] == "v1":
            return base64.b64decode(parts[1], validate=True)
    except binascii.Error:
        pass
    raise EngineError("encryptionsalt is not of the form v1:<salt>:v1:<nonce>:<text>; restore it from version control")


def _encrypt(cipher: AESGCM, plaintext: str) -> str:
    nonce = os.urandom(_NONCE_BYTES)
    return f"v1:{_encode(nonce)}:{_encode(cipher.encrypt(nonce, plaintext.encode(), None))}"


def _decrypt(cipher: AESGCM, ciphertext: str) -> str:
    from cryptography.exceptions import InvalidTag

    version, nonce, text = [*ciphertext.split(":"), "", ""][:3]
    if version != "v1":
        raise ValueError(version)
    try:
        return cipher.decrypt(
            base64.b64decode(nonce, validate=True), base64.b64decode(text, validate=True), None
        ).decode()
    except InvalidTag:
        raise ValueError("tag") from None


def _encode(data: bytes) -> str:
    return base64.b64encode(data).decode()
