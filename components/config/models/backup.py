"""Physical backups of a PostgreSQL server in the stack file: what is made when, how much is kept, and where."""

from __future__ import annotations

from typing import Annotated, Final

from pydantic import AfterValidator, Field, model_validator

from components import cron
from components.config import fields, references
from components.config.fields import rule_error
from components.config.models.section import Section

KINDS: Final = ("full", "differential", "incremental", "restore_test")


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
    def schedules(self) -> dict[str, str]:
        """Those that are set, by kind."""
        return {kind: text for kind in KINDS if (text := getattr(self, kind))}
