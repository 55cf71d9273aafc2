"""Secrets in Pulumi's configuration and in the environment."""

from __future__ import annotations

import os
from typing import Final

from pulumi.runtime import get_config_secret_keys_env
from pulumi.runtime.config import CONFIG, get_config_env

from components.secret_values.errors import SecretNotFoundError

NAMESPACE: Final = "secrets"


def from_config(name: str) -> str:
    """What `pulumi config set --secret secrets:<name>` has stored. Raises SecretNotFoundError, for plain text too."""
    key = f"{NAMESPACE}:{name}"
    value: str | None = {**get_config_env(), **CONFIG.get()}.get(key)
    if not value:
        raise SecretNotFoundError("it isn't set", f"Run pulumi config set --secret {key}")
    if key not in get_config_secret_keys_env():
        raise SecretNotFoundError(
            "it stands in plain in the stack file", f"Run pulumi config set --secret {key}, with a new value"
        )
    return value


def from_environment(name: str) -> str:
    """A variable of the process that runs the program. Raises SecretNotFoundError."""
    value = os.environ.get(name)
    if not value:
        raise SecretNotFoundError("it isn't set", f"Export {name} before the run, as CI does with its own secrets")
    return value
