"""Readers in the stack file: roles that read databases of apps and write nothing."""

from __future__ import annotations

from typing import Annotated, Final

from pydantic import AfterValidator, Field, model_validator

from components.config import fields
from components.config.fields import rule_error
from components.config.models.postgres import Limits
from components.config.models.section import Section

_LONGEST: Final = 61  # the logins add _a and _b, and PostgreSQL's names have 63 bytes


def _short(value: str) -> str:
    if len(value) > _LONGEST:
        raise rule_error(f"a reader's name has {_LONGEST} characters at most (its logins add _a and _b)", "Rename it")
    return value


ReaderName = Annotated[fields.RoleName, AfterValidator(_short)]


class Reader(Section):
    """A role for whoever reads several apps' data: its passwords' generation, and what each of its logins may take.

    Declared once and named by the apps whose databases it reads, because its password belongs to no app.
    """

    connections: int = Field(default=5, ge=1, le=1000)
    limits: Limits = Limits()
    generation: int = Field(default=1, ge=1, le=1_000_000)
    overlap: bool = False

    @model_validator(mode="after")
    def _overlaps_with_a_generation_before(self) -> Reader:
        if self.overlap and self.generation == 1:
            raise rule_error(
                "overlap keeps the login of the generation before open, and there is none before the first",
                "Remove overlap, or write generation: 2",
            )
        return self
