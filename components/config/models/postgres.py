"""PostgreSQL in the stack file: servers, shared and apps' own, and the databases on them."""

from __future__ import annotations

from pydantic import Field

from components.config import fields
from components.config.models.section import Section


class Resources(Section):
    """What a server may use: memory in MiB, processors as a number of cores; `reservation` is memory that it keeps."""

    memory: fields.Mebibytes = Field(ge=128)
    reservation: fields.Mebibytes | None = Field(default=None, ge=16)
    cpu: float = Field(gt=0, le=256)


class Postgres(Section):
    """A PostgreSQL server: the shared one, and what an app's own has unless the app says otherwise."""

    name: fields.HostName | None = None
    image: fields.ImageReference
    admin: fields.RoleName = "admin"
    storage: fields.Mebibytes = 20 * 1024
    resources: Resources
    connections: int | None = Field(default=None, ge=20, le=5000)
    expose: fields.HostPort | None = None


class OwnResources(Section):
    """What an app's own server may use, where it differs from the shared one."""

    memory: fields.Mebibytes | None = Field(default=None, ge=128)
    reservation: fields.Mebibytes | None = Field(default=None, ge=16)
    cpu: float | None = Field(default=None, gt=0, le=256)


class OwnPostgres(Section):
    """An app's own PostgreSQL server, where it differs from the shared one."""

    name: fields.HostName | None = None
    resources: OwnResources = OwnResources()
    storage: fields.Mebibytes | None = None
    connections: int | None = Field(default=None, ge=20, le=5000)
    expose: fields.HostPort | None = None


class Limits(Section):
    """What sessions of an app's logins start with, in milliseconds. Soft: the app can change them for itself."""

    statement_timeout: fields.Milliseconds | None = None
    idle_in_transaction_session_timeout: fields.Milliseconds | None = None


class AppDatabase(Section):
    """An app's database; `server` counts in the isolated place."""

    database: fields.DatabaseName
    extensions: tuple[fields.ExtensionName, ...] = ()
    connections: int = Field(default=20, ge=1, le=1000)
    limits: Limits = Limits()
    server: OwnPostgres = OwnPostgres()
