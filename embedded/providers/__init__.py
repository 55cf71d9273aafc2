"""Providers by package name, made when first needed so that a run pays only for what it uses."""

from __future__ import annotations

from importlib import import_module
from typing import cast

from embedded.providers.base import Provider

_PROVIDERS = {
    "command": "embedded.providers.command:CommandProvider",
    "docker": "embedded.providers.docker:DockerProvider",
    "postgresql": "embedded.providers.postgresql:PostgresqlProvider",
    "random": "embedded.providers.random:RandomProvider",
}


def load(package: str) -> Provider:
    """A new, unconfigured provider. Raises LookupError with what can be done for a package that is not carried."""
    if package not in _PROVIDERS:
        raise LookupError(
            f"provider package '{package}' is not carried by the embedded engine "
            f"(it has {', '.join(sorted(_PROVIDERS))}); use the Pulumi CLI for it"
        )
    module, name = _PROVIDERS[package].split(":")
    return cast("Provider", getattr(import_module(module), name)())
