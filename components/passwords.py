"""Passwords: secret from birth, of letters and digits only, so that they need no escaping in a URL."""

from __future__ import annotations

from collections.abc import Mapping

import pulumi
import pulumi_random as random

_LENGTH = 32


def generated(name: str, opts: pulumi.ResourceOptions, keepers: Mapping[str, str] | None = None) -> pulumi.Output[str]:
    """A random password; about 190 bits. Other `keepers` make another one."""
    return random.RandomPassword(name, length=_LENGTH, special=False, keepers=keepers, opts=opts).result


def salt(name: str, opts: pulumi.ResourceOptions, keepers: Mapping[str, str] | None = None) -> pulumi.Output[str]:
    """16 random bytes in base64: a salt belongs to its password and changes with it, and is no secret by itself."""
    return random.RandomId(name, byte_length=16, keepers=keepers, opts=opts).b64_std
