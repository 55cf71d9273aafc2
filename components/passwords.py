"""Passwords: secret from birth, of letters and digits only, so that they need no escaping in a URL."""

from __future__ import annotations

import pulumi
import pulumi_random as random

_LENGTH = 32


def generated(name: str, opts: pulumi.ResourceOptions) -> pulumi.Output[str]:
    """A random password; about 190 bits."""
    return random.RandomPassword(name, length=_LENGTH, special=False, opts=opts).result


def salt(name: str, opts: pulumi.ResourceOptions) -> pulumi.Output[str]:
    """16 random bytes in base64: a salt belongs to its password and changes with it, and is no secret by itself."""
    return random.RandomId(name, byte_length=16, opts=opts).b64_std
