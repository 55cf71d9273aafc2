"""Redis in the stack file: the shared server, servers of single purposes, and apps' own."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from components.config import fields, references
from components.config.models.section import Section

Number = Annotated[int, Field(ge=0, le=15)]
Persistence = Literal["aof", "rdb", "none"]
Eviction = Literal[
    "noeviction", "allkeys-lru", "allkeys-lfu", "allkeys-random",
    "volatile-lru", "volatile-lfu", "volatile-random", "volatile-ttl",
]  # fmt: skip


class PurposeRedis(Section):
    """The server of one purpose: its budget, what it forgets when that is full, and what it writes to its volume.

    `number` is the purpose's, here and on apps' own servers; its address on the data tier follows from it.
    """

    name: fields.HostName | None = None
    memory: fields.Mebibytes = Field(ge=32)
    reservation: fields.Mebibytes | None = Field(default=None, ge=16)
    cpu: float = Field(default=1, gt=0, le=256)
    cpu_weight: fields.CpuWeight | None = None
    volume: references.VolumeName | None = None
    storage: fields.Mebibytes | None = None
    number: Number = 0
    eviction: Eviction = "noeviction"
    persistence: Persistence = "aof"
    expose: fields.HostPort | None = None
    generation: int = Field(default=1, ge=1, le=1_000_000)


class Redis(Section):
    """The shared Redis server: `databases` names its numbered databases, `servers` purposes with one of their own."""

    name: fields.HostName | None = None
    image: fields.ImageReference = "redis:8"
    memory: fields.Mebibytes = Field(default=256, ge=32)
    reservation: fields.Mebibytes | None = Field(default=None, ge=16)
    cpu: float = Field(default=1, gt=0, le=256)
    cpu_weight: fields.CpuWeight | None = None
    volume: references.VolumeName | None = None
    storage: fields.Mebibytes | None = None
    expose: fields.HostPort | None = None
    databases: dict[fields.Slug, Number] = Field(default_factory=dict)
    servers: dict[fields.Slug, PurposeRedis] = Field(default_factory=dict)
    generation: int = Field(default=1, ge=1, le=1_000_000)

    @property
    def numbers(self) -> dict[str, int]:
        """The number of every purpose, wherever it is."""
        return {**self.databases, **{purpose: its.number for purpose, its in self.servers.items()}}


class OwnRedis(Section):
    """An app's own Redis server, where it differs from the shared one. All the app's purposes are on it."""

    name: fields.HostName | None = None
    memory: fields.Mebibytes | None = Field(default=None, ge=32)
    reservation: fields.Mebibytes | None = Field(default=None, ge=16)
    cpu: float | None = Field(default=None, gt=0, le=256)
    cpu_weight: fields.CpuWeight | None = None
    volume: references.VolumeName | None = None
    storage: fields.Mebibytes | None = None
    eviction: Eviction = "noeviction"
    persistence: Persistence = "aof"
    expose: fields.HostPort | None = None
    generation: int = Field(default=1, ge=1, le=1_000_000)
