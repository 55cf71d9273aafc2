"""Property values between memory and checkpoint: secret markers become ciphertext objects and back.

A secret that has not changed keeps the ciphertext it was read with, so that an unchanged resource is written
unchanged. Keys come out sorted, as the CLI writes them.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from embedded.errors import EngineError
from embedded.secrets import PassphraseSecrets
from embedded.values import SECRET_SIGNATURE, SIGNATURE, UNKNOWN, UNKNOWN_SENTINEL, Properties, Secret

Path = tuple[Any, ...]


class Codec:
    """The values of one checkpoint under one secrets provider; None where the stack has no secrets provider."""

    def __init__(self, secrets: PassphraseSecrets | None) -> None:
        self.secrets = secrets
        self._ciphertexts: dict[Path, tuple[str, str]] = {}  # path -> (plaintext, ciphertext)

    def decode(self, urn: str, name: str, properties: Mapping[str, Any]) -> Properties:
        """Properties with markers; `urn` and `name` (inputs or outputs) say where they stand."""
        return {key: self._decode((urn, name, key), value) for key, value in properties.items()}

    def encode(
        self, urn: str, name: str, properties: Mapping[str, Any], *, show_secrets: bool = False
    ) -> dict[str, Any]:
        """Properties as JSON values; secrets encrypted, or as plaintext with `show_secrets`."""
        return {key: self._encode((urn, name, key), properties[key], show_secrets) for key in sorted(properties)}

    def _decode(self, path: Path, value: Any) -> Any:
        if isinstance(value, list):
            return [self._decode((*path, index), item) for index, item in enumerate(value)]
        if isinstance(value, Mapping):
            if value.get(SIGNATURE) == SECRET_SIGNATURE:
                return Secret(_unseal(json.loads(self._plaintext(path, value))))
            return {key: self._decode((*path, key), item) for key, item in value.items()}
        return UNKNOWN if value == UNKNOWN_SENTINEL else value

    def _plaintext(self, path: Path, sealed: Mapping[str, Any]) -> str:
        if "plaintext" in sealed:
            return str(sealed["plaintext"])
        if self.secrets is None:
            raise EngineError("the state has encrypted values but names no passphrase secrets provider")
        ciphertext = str(sealed["ciphertext"])
        plaintext = self.secrets.decrypt(ciphertext)
        self._ciphertexts[path] = (plaintext, ciphertext)
        return plaintext

    def _encode(self, path: Path, value: Any, show: bool) -> Any:
        if isinstance(value, Secret):
            plaintext = json.dumps(_sealed(value.value), ensure_ascii=False, separators=(",", ":"))
            if show:
                return {SIGNATURE: SECRET_SIGNATURE, "plaintext": plaintext}
            return {SIGNATURE: SECRET_SIGNATURE, "ciphertext": self._ciphertext(path, plaintext)}
        if isinstance(value, Mapping):
            return {key: self._encode((*path, key), value[key], show) for key in sorted(value)}
        if isinstance(value, (list, tuple)):
            return [self._encode((*path, index), item, show) for index, item in enumerate(value)]
        return UNKNOWN_SENTINEL if value is UNKNOWN else value

    def _ciphertext(self, path: Path, plaintext: str) -> str:
        known = self._ciphertexts.get(path)
        if known and _same(known[0], plaintext):
            return known[1]
        if self.secrets is None:
            raise EngineError("the stack has no secrets provider, so its secrets can't be written")
        ciphertext = self.secrets.encrypt(plaintext)
        self._ciphertexts[path] = (plaintext, ciphertext)
        return ciphertext


def _same(left: str, right: str) -> bool:
    """Whether two JSON texts mean the same; writers differ in escapes and the order of keys."""
    return left == right or json.loads(left) == json.loads(right)


def _sealed(value: Any) -> Any:
    """A value inside a secret: inner secrets keep their mark around JSON that needs no encryption of its own."""
    if isinstance(value, Secret):
        text = json.dumps(_sealed(value.value), ensure_ascii=False, separators=(",", ":"))
        return {SIGNATURE: SECRET_SIGNATURE, "ciphertext": text}
    if isinstance(value, Mapping):
        return {key: _sealed(value[key]) for key in sorted(value)}
    if isinstance(value, (list, tuple)):
        return [_sealed(item) for item in value]
    return UNKNOWN_SENTINEL if value is UNKNOWN else value


def _unseal(value: Any) -> Any:
    if isinstance(value, list):
        return [_unseal(item) for item in value]
    if isinstance(value, Mapping):
        if value.get(SIGNATURE) == SECRET_SIGNATURE:
            return Secret(_unseal(json.loads(value.get("plaintext", value.get("ciphertext")))))
        return {key: _unseal(item) for key, item in value.items()}
    return UNKNOWN if value == UNKNOWN_SENTINEL else value
