"""Secret values that people bring, from where the stack file says they are.

Owns their reading, each once, before anything is declared; what is generated is `passwords`'. A value is secret from
birth and in no message.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator, Mapping
from typing import Final

import pulumi

from components.config import Settings, SettingsError, backup_checks, places
from components.config.errors import Problem
from components.config.models import SecretRef
from components.secret_values import sources, vault
from components.secret_values.errors import SecretNotFoundError

Values = Mapping[SecretRef, pulumi.Output[str]]
Source = Callable[[SecretRef], str]
_NO_VAULT: Final = "there is no data-tier:vault, which says where Vault answers"


def read(settings: Settings) -> Values:
    """The value of each reference in the stack file. Raises pulumi.RunError with every one that isn't there."""
    found: dict[SecretRef, pulumi.Output[str]] = {}
    problems = []
    source = _source(settings)
    for key, ref in _references(settings):
        try:
            found[ref] = found.get(ref) or pulumi.Output.secret(source(ref))
        except SecretNotFoundError as error:
            problems.append(Problem(key=key, rule=f"{ref}: {error.rule}", remedy=error.remedy))
    if problems:
        raise pulumi.RunError(str(SettingsError(problems)))
    return found


def unread(settings: Settings) -> Values:
    """A stand-in for each value, where nobody will be given it."""
    return {ref: pulumi.Output.secret("") for _, ref in _references(settings)}


def _references(settings: Settings) -> Iterator[tuple[str, SecretRef]]:
    for app, server in places.external_apps(settings).items():
        yield f"data-tier:apps.{app}.postgres.server.external.password", server.password
    for its, s3 in backup_checks.elsewhere(settings):
        yield f"{its.path}.backup.repository.s3.access_key", s3.access_key
        yield f"{its.path}.backup.repository.s3.secret_key", s3.secret_key
    for app, declared in settings.apps.items():
        for name, ref in (declared.service.secrets if declared.service else {}).items():
            yield f"data-tier:apps.{app}.service.secrets.{name}", ref


def _source(settings: Settings) -> Source:
    connected = functools.cache(vault.connect)  # by the first reference that needs it

    def value(ref: SecretRef) -> str:
        if ref.config is not None:
            return sources.from_config(ref.config)
        if ref.env is not None:
            return sources.from_environment(ref.env)
        if settings.vault is None:
            raise SecretNotFoundError(_NO_VAULT, "Add vault: {address: ...}")
        return connected(settings.vault)(ref.vault or "", ref.key)

    return value
