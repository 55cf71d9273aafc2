"""Redis in the stack file: servers, shared and apps' own."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from components.config import fields
from components.config.models.section import Section


class Redis(Section):
    """A Redis server, as for PostgreSQL; `databases` names its numbered databases."""

    name: fields.HostName | None = None
    image: fields.ImageReference
    memory: fields.Mebibytes = Field(ge=32)
    reservation: fields.Mebibytes | None = Field(default=None, ge=16)
    expose: fields.HostPort | None = None
    databases: dict[fields.Slug, Annotated[int, Field(ge=0, le=15)]]


class OwnRedis(Section):
    """An app's own Redis server, where it differs from the shared one."""

    name: fields.HostName | None = None
    memory: fields.Mebibytes | None = Field(default=None, ge=32)
    reservation: fields.Mebibytes | None = Field(default=None, ge=16)
    expose: fields.HostPort | None = None
