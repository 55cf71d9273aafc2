"""A PostgreSQL server outside of the stack: one that somebody else runs, such as a managed service."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, model_validator

from components.config import fields, references
from components.config.fields import rule_error
from components.config.models.secrets import SecretRef
from components.config.models.section import Section


class ExternalPostgres(Section):
    """Where it answers, who makes roles and databases there, and how far clients ask for TLS, in libpq's words.

    `hostaddr` is the address to connect to instead of looking `host` up. `ca` is a file of certificates in PEM, beside
    the stack file: the authorities that `verify-full` trusts.
    """

    host: references.DomainName
    hostaddr: references.Address | None = None
    port: int = Field(default=5432, ge=1, le=65535)
    admin: fields.RoleName
    password: SecretRef
    sslmode: Literal["verify-full", "require", "disable"] = "verify-full"
    ca: references.ProjectPath | None = None

    @model_validator(mode="after")
    def _verifies_with_an_authority(self) -> ExternalPostgres:
        if self.sslmode == "verify-full" and self.ca is None:
            raise rule_error(
                "verify-full needs the certificates of the authorities that it trusts",
                "Write ca: <file in PEM beside the stack file>, as the service publishes it, or sslmode: require, "
                "which encrypts and doesn't know to whom",
            )
        if self.sslmode != "verify-full" and self.ca is not None:
            raise rule_error(f"with sslmode {self.sslmode} nobody verifies anything", "Remove ca, or sslmode")
        return self

    @property
    def where(self) -> str:
        """How people say which server it is."""
        return f"{self.host}:{self.port}"
