"""Physical backups of a PostgreSQL server in the stack file: what is made when, how much is kept, and where."""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator, Field, model_validator

from components import backup_jobs, cron
from components.config import fields, references
from components.config.fields import rule_error
from components.config.models.secrets import SecretRef
from components.config.models.section import Section


def _schedule(value: str) -> str:
    try:
        cron.parse(value)
    except ValueError as error:
        raise rule_error(str(error), 'Write five fields in UTC like "0 2 * * *", which is each night at two') from None
    return value


Cron = Annotated[str, AfterValidator(_schedule)]


class Keep(Section):
    """How many full backups are kept, with what belongs to them, and how many differential ones."""

    full: int = Field(default=2, ge=1, le=1000)
    differential: int = Field(default=6, ge=1, le=1000)


class S3(Section):
    """A bucket, or a part of one, at a service that speaks S3 over TLS.

    `hostaddr` is the address to connect to instead of looking the host up. `ca` is a file of certificates in PEM,
    beside the stack file: the authorities that are trusted. With `path_style` the bucket is in the path, else in the
    host's name.
    """

    endpoint: references.DomainName
    hostaddr: references.Address | None = None
    port: int = Field(default=443, ge=1, le=65535)
    bucket: str = Field(pattern=r"^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$")
    region: str = Field(default="us-east-1", pattern=r"^[a-z0-9-]{1,64}$")
    folder: str = Field(default="/data-tier", pattern=r"^(/[A-Za-z0-9_.-]+)+$")
    access_key: SecretRef
    secret_key: SecretRef
    ca: references.ProjectPath
    path_style: bool = True

    @property
    def host(self) -> str:
        """The name that is connected to."""
        return self.endpoint if self.path_style else f"{self.bucket}.{self.endpoint}"


class Repository(Section):
    """Where backups are kept, if not on a volume of this host."""

    s3: S3


class Backup(Section):
    """pgBackRest beside a server: schedules in UTC, None for never, and what its container may use.

    The log is archived when `archive_timeout` has passed, in seconds, or a segment is full: so much is lost at most.
    Restores are tried in a folder of their own, which for that time is as large as the server's data.
    """

    enabled: bool = True
    full: Cron = "0 2 * * 0"
    differential: Cron | None = "0 2 * * 1-6"
    incremental: Cron | None = None
    restore_test: Cron | None = "0 4 * * *"
    keep: Keep = Keep()
    repository: Repository | None = None
    archive_timeout: fields.Seconds = Field(default=60, ge=1, le=3600)
    encrypt: bool = True
    volume: references.VolumeName | None = None
    storage: fields.Mebibytes = 40 * 1024
    memory: fields.Mebibytes = Field(default=512, ge=192)
    cpu: float = Field(default=1, gt=0, le=64)

    @model_validator(mode="after")
    def _is_on_or_off(self) -> Backup:
        if not self.enabled and self.model_fields_set - {"enabled"}:
            raise rule_error("enabled: false takes no other key", "Remove the others, or enabled")
        return self

    @property
    def s3(self) -> S3 | None:
        """The service that keeps the repository, None where that is a volume."""
        return self.repository.s3 if self.repository else None

    @property
    def schedules(self) -> dict[str, str]:
        """Those that are set, by kind."""
        return {kind: text for kind in backup_jobs.JOBS if (text := getattr(self, kind))}
