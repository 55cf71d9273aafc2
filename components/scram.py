"""Passwords as PostgreSQL keeps them: SCRAM-SHA-256 verifiers, so that no SQL text ever carries a password.

Source: RFC 5802 and RFC 7677; the form is that of pg_authid.rolpassword. PostgreSQL takes a verifier as it is.
"""

from __future__ import annotations

import base64
import hashlib
import hmac

ITERATIONS = 4096  # PostgreSQL's own scram_iterations


def scram_verifier(password: str, salt: str) -> str:
    """The verifier of an ASCII `password` with a base64 `salt`. The same inputs give the same verifier: no drift."""
    salted = hashlib.pbkdf2_hmac("sha256", password.encode("ascii"), base64.b64decode(salt), ITERATIONS)
    client = hmac.digest(salted, b"Client Key", "sha256")
    stored, server = hashlib.sha256(client).digest(), hmac.digest(salted, b"Server Key", "sha256")
    return f"SCRAM-SHA-256${ITERATIONS}:{salt}${_text(stored)}:{_text(server)}"


def _text(digest: bytes) -> str:
    return base64.b64encode(digest).decode()
