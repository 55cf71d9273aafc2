"""The recovery kit as a file: a header in plain that says whose it is, and the rest under a passphrase of its own.

The first line is JSON. What follows is base64 of AES-256-GCM, with a key that scrypt derives from the passphrase; the
header is authenticated with it. Owns the format; what is in a kit belongs to `contents`.
"""

from __future__ import annotations

import base64
import binascii
import json
import os
import zlib
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.scrypt import Scrypt

from operate.errors import OperateError

FORMAT: Final = "data-tier recovery kit"
VERSION: Final = 1
_COST, _BLOCK, _LANES = 2**17, 8, 1  # 128 MiB and some tenths of a second for each try: OWASP's advice for scrypt
_MOST: Final = 2**20  # a header that asks for more is no kit's, and would take all memory
_SALT_BYTES, _NONCE_BYTES, _KEY_BYTES = 16, 12, 32
_WIDTH: Final = 76
_HEADER: Final = {"format", "version", "stack", "made", "data_tier", "scrypt", "nonce"}


@dataclass(frozen=True, kw_only=True)
class Header:
    """What everybody can read: of which stack the kit is, when and by which version of data-tier it was made."""

    stack: str
    made: str
    data_tier: str


@dataclass(frozen=True, kw_only=True)
class Contents:
    """What a kit holds: all of it is secret.

    `deployment` is the stack's state with its secrets in plain, `files` what the stack file refers to, by its path
    below the project's folder, `servers` by key what a backup repository is known by (`system`).
    """

    passphrase: str = field(repr=False)
    stack_file: str = field(repr=False)
    files: Mapping[str, str] = field(repr=False)
    deployment: Mapping[str, Any] = field(repr=False)
    servers: Mapping[str, Mapping[str, Any]]


def seal(header: Header, contents: Contents, passphrase: str) -> bytes:
    """The file of a kit."""
    salt, nonce = os.urandom(_SALT_BYTES), os.urandom(_NONCE_BYTES)
    line = {
        "format": FORMAT,
        "version": VERSION,
        **asdict(header),
        "scrypt": {"n": _COST, "r": _BLOCK, "p": _LANES, "salt": _text(salt)},
        "nonce": _text(nonce),
    }
    first = json.dumps(line).encode()
    packed = zlib.compress(json.dumps(asdict(contents)).encode(), 9)
    body = _text(AESGCM(_key(passphrase, salt, _COST, _BLOCK, _LANES)).encrypt(nonce, packed, first))
    lines = [body[at : at + _WIDTH] for at in range(0, len(body), _WIDTH)]
    return first + b"\n" + "\n".join(lines).encode() + b"\n"


def header(data: bytes, source: str) -> Header:
    """What a file says in plain. Raises OperateError for one that is no kit, or of a version that isn't known."""
    found = _first(data, source)
    return Header(stack=str(found["stack"]), made=str(found["made"]), data_tier=str(found["data_tier"]))


def open_(data: bytes, passphrase: str, source: str) -> Contents:
    """What the file holds. Raises OperateError for a wrong passphrase, and for a kit that was damaged."""
    found = _first(data, source)
    first, _, rest = data.partition(b"\n")
    try:
        costs = [int(found["scrypt"][name]) for name in ("n", "r", "p")]
        salt, nonce = base64.b64decode(found["scrypt"]["salt"]), base64.b64decode(found["nonce"])
        sealed = base64.b64decode(b"".join(rest.split()), validate=True)
        if costs[0] > _MOST or costs[1:] != [_BLOCK, _LANES] or len(nonce) != _NONCE_BYTES:
            raise ValueError
        key = _key(passphrase, salt, *costs)
    except (KeyError, TypeError, ValueError, binascii.Error):
        raise _damaged(source) from None
    try:
        packed = AESGCM(key).decrypt(nonce, sealed, first)
    except InvalidTag:
        raise OperateError(
            f"{source} doesn't open: the passphrase is another one than the kit was made with, or the file was damaged"
        ) from None
    return _contents(packed, source)


def read(path: Path) -> bytes:
    """A kit's file. Raises OperateError."""
    try:
        return path.read_bytes()
    except OSError as error:
        raise OperateError(f"the kit {path} can't be read: {error.strerror}") from None


def _contents(packed: bytes, source: str) -> Contents:
    try:
        return Contents(**json.loads(zlib.decompress(packed)))
    except (ValueError, TypeError, zlib.error):
        raise _damaged(source) from None


def _first(data: bytes, source: str) -> dict[str, Any]:
    try:
        found = json.loads(data.partition(b"\n")[0])
    except ValueError:
        found = None
    if not isinstance(found, dict) or found.get("format") != FORMAT:
        raise OperateError(f"{source} is no recovery kit, or its first line was damaged")
    if found.get("version") != VERSION:
        raise OperateError(
            f"{source} is a recovery kit of version {found.get('version')}, and this program reads version {VERSION}: "
            f"use data-tier {found.get('data_tier')}, which made it"
        )
    if found.keys() != _HEADER:
        raise _damaged(source)
    return found


def _key(passphrase: str, salt: bytes, cost: int, block: int, lanes: int) -> bytes:
    return Scrypt(salt=salt, length=_KEY_BYTES, n=cost, r=block, p=lanes).derive(passphrase.encode())


def _damaged(source: str) -> OperateError:
    return OperateError(f"{source} was damaged: take another copy of it")


def _text(data: bytes) -> str:
    return base64.b64encode(data).decode()
