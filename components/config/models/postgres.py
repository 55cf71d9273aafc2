"""PostgreSQL in the stack file: servers, shared and apps' own, and the databases on them."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, model_validator

from components import limits
from components.config import fields, references
from components.config.fields import rule_error
from components.config.models.backup import Backup
from components.config.models.external import ExternalPostgres
from components.config.models.pooler import Pooler, SessionFeature
from components.config.models.row_level_security import RowLevelSecurity
from components.config.models.section import Section
from components.drivers import Driver

AuditClass = Literal["all", "ddl", "function", "misc", "misc_set", "read", "role", "write"]


class Resources(Section):
    """What a server may use: memory in MiB, processors as a number of cores; `reservation` is memory that it keeps.

    `cpu_weight` is its share against others', where all want more than there is; 1024 without one.
    """

    memory: fields.Mebibytes = Field(ge=128)
    reservation: fields.Mebibytes | None = Field(default=None, ge=16)
    cpu: float = Field(gt=0, le=256)
    cpu_weight: fields.CpuWeight | None = None


class Watchdog(Section):
    """Who ends what breaks the soft limits of apps: looks every `interval` seconds."""

    enabled: bool = True
    interval: fields.Seconds = Field(default=5, ge=1, le=60)


class Standby(Section):
    """What standbys are like: whether commits wait for one, and how much log, in MiB, is kept for one that is away."""

    synchronous: bool = False
    slot: fields.Mebibytes = Field(default=1024, ge=64)


class Postgres(Section):
    """A PostgreSQL server: the shared one, and what an app's own has unless the app says otherwise.

    With `standbys` it has numbered members, one more than that; 0 is a server that had one.

    `audit` are the classes of statements that pgaudit logs, with `statements` pg_stat_statements counts all of them.
    """

    name: fields.HostName | None = None
    image: fields.ImageReference
    admin: fields.RoleName = "admin"
    volume: references.VolumeName | None = None
    storage: fields.Mebibytes = 20 * 1024
    resources: Resources
    connections: int | None = Field(default=None, ge=20, le=5000)
    parameters: dict[str, fields.ParameterValue] = Field(default_factory=dict)
    audit: tuple[AuditClass, ...] = ()
    statements: bool = False
    watchdog: Watchdog = Watchdog()
    expose: fields.HostPort | None = None
    pooler: Pooler | None = None
    backup: Backup | None = None
    standbys: int | None = Field(default=None, ge=0, le=1)
    standby: Standby = Standby()
    generation: int = Field(default=1, ge=1, le=1_000_000)

    @property
    def backed_up(self) -> Backup | None:
        """Its backups, None where there are none."""
        return self.backup if self.backup and self.backup.enabled else None


class OwnResources(Section):
    """What an app's own server may use, where it differs from the shared one."""

    memory: fields.Mebibytes | None = Field(default=None, ge=128)
    reservation: fields.Mebibytes | None = Field(default=None, ge=16)
    cpu: float | None = Field(default=None, gt=0, le=256)
    cpu_weight: fields.CpuWeight | None = None


class OwnPostgres(Section):
    """An app's own PostgreSQL server, where it differs from the shared one, or `external`, one outside of the stack."""

    external: ExternalPostgres | None = None
    name: fields.HostName | None = None
    resources: OwnResources = OwnResources()
    volume: references.VolumeName | None = None
    storage: fields.Mebibytes | None = None
    connections: int | None = Field(default=None, ge=20, le=5000)
    parameters: dict[str, fields.ParameterValue] = Field(default_factory=dict)
    expose: fields.HostPort | None = None
    backup: Backup | None = None
    standbys: int | None = Field(default=None, ge=0, le=1)
    standby: Standby | None = None
    generation: int = Field(default=1, ge=1, le=1_000_000)

    @model_validator(mode="after")
    def _is_here_or_elsewhere(self) -> OwnPostgres:
        others = sorted(self.model_fields_set - {"external"})
        if self.external and others:
            raise rule_error(
                f"a server outside of the stack is run by somebody else: {', '.join(others)} can't be said of it",
                "Keep external alone, or remove it",
            )
        return self


class Limits(Section):
    """What sessions of an app's logins start with: times in milliseconds, sizes in MiB.

    Soft: the app can change them for itself, and the watchdog sees to it. Hard is `temp_file_limit` alone.
    """

    statement_timeout: fields.Milliseconds | None = None
    lock_timeout: fields.Milliseconds | None = None
    idle_in_transaction_session_timeout: fields.Milliseconds | None = None
    idle_session_timeout: fields.Milliseconds | None = None
    work_mem: fields.Mebibytes | None = None
    temp_file_limit: fields.Mebibytes | None = None

    @property
    def declared(self) -> dict[str, int]:
        """Those that are set, in PostgreSQL's units: milliseconds and kB."""
        found = {name: getattr(self, name) for name in (*limits.TIMES, *limits.SIZES)}
        return {
            name: value * 1024 if name in limits.SIZES else value for name, value in found.items() if value is not None
        }


class AppDatabase(Section):
    """An app's database; `server` counts in the isolated place.

    With a pooler in front, `connections` are its pool, or `weight` is its share of those that no app names; `direct`
    are connections beside it, `needs` what its sessions keep from one transaction to the next. `readers` may read it;
    with `ddl` the app migrates itself, its logins acting as the owner; `driver` is the one that its URLs name. With
    `read_url` it is given one that leads to the standby.
    """

    database: fields.DatabaseName
    extensions: tuple[fields.ExtensionName, ...] = ()
    init: tuple[references.SqlPath, ...] = ()
    connections: int = Field(default=20, ge=1, le=1000)
    weight: int = Field(default=1, ge=1, le=1000)
    direct: int = Field(default=0, ge=0, le=100)
    needs: tuple[SessionFeature, ...] = ()
    limits: Limits = Limits()
    readers: tuple[str, ...] = ()
    ddl: bool = False
    driver: Driver | None = None
    read_url: bool = False
    row_level_security: RowLevelSecurity | None = None
    server: OwnPostgres = OwnPostgres()

    @model_validator(mode="after")
    def _keeps_its_policies_from_its_app(self) -> AppDatabase:
        if self.ddl and self.row_level_security:
            raise rule_error(
                "ddl and row_level_security exclude each other: who acts as the owner can switch the policies off",
                "Remove ddl and let migrations run with the URL for migrations, or remove row_level_security",
            )
        return self
