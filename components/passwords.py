"""Passwords: secret from birth, of letters and digits only, so that they need no escaping in a URL."""

from __future__ import annotations

from collections.abc import Mapping

import pulumi
import pulumi_random as random

from components.scram import scram_verifier

_LENGTH = 32


def generated(name: str, opts: pulumi.ResourceOptions, keepers: Mapping[str, str] | None = None) -> pulumi.Output[str]:
    """A random password; about 190 bits. Other `keepers` make another one."""
    return random.RandomPassword(name, length=_LENGTH, special=False, keepers=keepers, opts=opts).result


def for_postgres(
    name: str, opts: pulumi.ResourceOptions, keepers: Mapping[str, str] | None = None
) -> tuple[pulumi.Output[str], pulumi.Output[str]]:
    """A password, and the verifier of it that PostgreSQL is given in its place; the salt changes with the password."""
    password = generated(f"{name}-password", opts, keepers)
    salt = random.RandomId(f"{name}-salt", byte_length=16, keepers=keepers, opts=opts).b64_std
    return password, pulumi.Output.all(password, salt).apply(lambda both: scram_verifier(*both))
