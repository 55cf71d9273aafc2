"""Secret values that people bring: the stack file says where each is, never what it is."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, model_validator

from components.config import fields, references
from components.config.fields import rule_error
from components.config.models.section import Section

Kind = Literal["config", "env", "vault"]


class SecretRef(Section):
    """One value: in Pulumi's configuration, in the environment of the run, or in Vault, where `key` names the field."""

    config: fields.Slug | None = None
    env: references.EnvironmentName | None = None
    vault: references.VaultPath | None = None
    key: str = Field(default="value", min_length=1, max_length=200)

    @model_validator(mode="after")
    def _is_in_one_place(self) -> SecretRef:
        if sum(place is not None for place in (self.config, self.env, self.vault)) != 1:
            raise rule_error("a secret is in one place", "Write one of {config: name}, {env: NAME}, {vault: path}")
        if self.vault is None and "key" in self.model_fields_set:
            raise rule_error("key names a field of a secret in Vault", "Remove it")
        return self

    def __str__(self) -> str:
        """Where it is, as a person would say it."""
        if self.config is not None:
            return f"configuration secrets:{self.config}"
        return f"variable {self.env}" if self.env is not None else f"Vault {self.vault}, field {self.key}"


class Vault(Section):
    """Where HashiCorp Vault, or OpenBao, answers; who asks is in the environment, as VAULT_TOKEN."""

    address: references.VaultAddress
    mount: references.VaultPath = "secret"
