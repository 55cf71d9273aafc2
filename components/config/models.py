"""The stack file's shape: one frozen model per section, unknown keys forbidden.

Owns types, defaults and what follows from one section alone. What one section says about another belongs to `checks`.
"""

from __future__ import annotations

import re
from typing import Annotated, Final, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, field_validator, model_validator

from components.config import fields
from components.config.fields import rule_error

TierName = Literal["data", "backend", "frontend", "admin"]
_MAJOR: Final = re.compile(r":(?:pg)?([0-9]+)")
_DEFAULT_MAJORS: Final = {"postgres": 17, "redis": 8}
PROBE_IMAGE: Final = "data-tier/probe:1"


def _not_yet(value: object) -> object:
    if value == "isolated":
        raise rule_error("the isolated shape isn't there yet", "Write unified")
    return value


class _Section(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, arbitrary_types_allowed=True)


class Tier(_Section):
    """One network: who can reach what, and on which host ports its services are published."""

    internal: bool = False
    subnet: fields.Subnet | None = None
    publish: Literal["loopback", "public"] | None = None
    ports: fields.Ports | None = None

    @model_validator(mode="after")
    def _publishes_in_a_range(self) -> Tier:
        if (self.publish is None) != (self.ports is None):
            raise rule_error(
                "publish and ports belong together", 'Give both, like publish: loopback, ports: "4000-4999"'
            )
        if self.publish == "public" and self.internal:
            raise rule_error("an internal tier is published on loopback only", "Write publish: loopback")
        return self


class Resources(_Section):
    """What a server may use: memory in MiB, processors as a number of cores."""

    memory: fields.Mebibytes = Field(ge=128)
    cpu: float = Field(gt=0, le=256)


class Postgres(_Section):
    """The shared PostgreSQL server."""

    name: fields.HostName | None = None
    image: fields.ImageReference
    admin: fields.RoleName = "admin"
    storage: fields.Mebibytes = 20 * 1024
    resources: Resources
    connections: int | None = Field(default=None, ge=20, le=5000)


class Redis(_Section):
    """The shared Redis server; `databases` names its numbered databases."""

    name: fields.HostName | None = None
    image: fields.ImageReference
    memory: fields.Mebibytes = Field(ge=32)
    databases: dict[fields.Slug, Annotated[int, Field(ge=0, le=15)]]


class Images(_Section):
    """Where server images come from; the majors are those of the images that the stack file names unless given."""

    source: Literal["registry", "debian"] = "registry"
    postgres: int | None = Field(default=None, ge=14, le=30)
    redis: int | None = Field(default=None, ge=6, le=30)


class AppDatabase(_Section):
    """An app's database on the shared server."""

    database: fields.DatabaseName
    extensions: tuple[fields.ExtensionName, ...] = ()
    connections: int = Field(default=20, ge=1, le=1000)


class Service(_Section):
    """An app's container; the first of its tiers is its home and decides where its port is published."""

    image: fields.ImageReference | None = None
    name: fields.HostName | None = None
    tier: TierName | None = None
    tiers: tuple[TierName, ...] = ()
    port: fields.Port | None = None
    env: dict[fields.Variable, str] = Field(default_factory=dict)
    aliases: tuple[fields.HostName, ...] = ()
    memory: fields.Mebibytes = Field(default=256, ge=16)
    cpu: float = Field(default=0.5, gt=0, le=256)

    @model_validator(mode="after")
    def _says_its_tiers_once(self) -> Service:
        if (self.tier is None) == (not self.tiers) or len(set(self.tiers)) != len(self.tiers):
            raise rule_error("a service says tier or tiers, each tier once", "Write tier: backend, or tiers: [a, b]")
        return self

    @property
    def all_tiers(self) -> tuple[TierName, ...]:
        """The tiers that the stack file names, home first."""
        return self.tiers or ((self.tier,) if self.tier else ())

    @property
    def home(self) -> TierName:
        """The tier whose ports the service is published on."""
        return self.all_tiers[0]


class App(_Section):
    """One application: the stores it needs and the container that uses them."""

    postgres: AppDatabase | None = None
    redis: tuple[str, ...] = ()
    service: Service | None = None

    @property
    def has_stores(self) -> bool:
        """Whether it gets a data URL of any kind."""
        return self.postgres is not None or bool(self.redis)


class Settings(_Section):
    """One stack, whole and checked."""

    prefix: fields.Slug
    platform: Literal["docker"] = "docker"
    topology: Annotated[Literal["unified"], BeforeValidator(_not_yet)] = "unified"
    protect: bool = True
    running: bool = True
    network: dict[TierName, Tier]
    postgres: Postgres
    redis: Redis
    images: Images = Images()
    apps: dict[fields.AppName, App]

    @field_validator("network")
    @classmethod
    def _has_a_data_network(cls, network: dict[TierName, Tier]) -> dict[TierName, Tier]:
        data = network.get("data")
        if data is None or not data.internal or data.subnet is None or data.publish is not None:
            raise rule_error(
                "the data tier is internal, has a subnet (its servers have fixed addresses) and publishes nothing",
                "Write data: {internal: true, subnet: 172.28.10.0/24}",
            )
        return network

    @property
    def postgres_name(self) -> str:
        """The name of the shared PostgreSQL server's container."""
        return self.postgres.name or f"{self.prefix}-postgres-unified"

    @property
    def redis_name(self) -> str:
        """The name of the shared Redis server's container."""
        return self.redis.name or f"{self.prefix}-redis-unified"

    def service_name(self, app: str) -> str:
        """The name of an app's container."""
        service = self.apps[app].service
        return (service.name if service else None) or f"{self.prefix}-{app}"

    def service_image(self, app: str) -> str:
        """The image that an app runs: its own, or the probe where none is given or none can be pulled."""
        service = self.apps[app].service
        own = service.image if service else None
        return own if own and self.images.source == "registry" else PROBE_IMAGE

    @property
    def postgres_major(self) -> int:
        """The major version of PostgreSQL: `images.postgres`, or what the image's tag says."""
        return self.images.postgres or _major(self.postgres.image) or _DEFAULT_MAJORS["postgres"]

    @property
    def redis_major(self) -> int:
        """The major version of Redis: `images.redis`, or what the image's tag says."""
        return self.images.redis or _major(self.redis.image) or _DEFAULT_MAJORS["redis"]


def _major(image: str) -> int | None:
    match = _MAJOR.search(image.rsplit("/", 1)[-1])
    return int(match[1]) if match else None
