"""The stack file's shape: one frozen model per section, unknown keys forbidden.

Owns types, defaults and what follows from one section alone. What one section says about another belongs to `checks`.
"""

from __future__ import annotations

import re
from typing import Annotated, Final, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from components.config import fields
from components.config.fields import rule_error

TierName = Literal["data", "backend", "frontend", "admin"]
Place = Literal["unified", "isolated"]
_MAJOR: Final = re.compile(r":(?:pg)?([0-9]+)")
_DEFAULT_MAJORS: Final = {"postgres": 17, "redis": 8}
PROBE_IMAGE: Final = "data-tier/probe:1"


class _Section(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, arbitrary_types_allowed=True)


class Tier(_Section):
    """One network: who can reach what, and on which host ports its services are published.

    `apps` belongs to the data tier only: the pool from which apps in the isolated place get their own subnets.
    """

    internal: bool = False
    subnet: fields.Subnet | None = None
    apps: fields.Subnet | None = None
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


class Pooler(_Section):
    """PgBouncer in front of a server: how long a client keeps a server connection, how many clients there may be.

    `pool` is the most server connections of one app; without it an app's pool is its `connections`.
    """

    mode: Literal["transaction", "session"] = "transaction"
    clients: int = Field(default=1000, ge=10, le=10_000)
    pool: int | None = Field(default=None, ge=1, le=1000)


class Postgres(_Section):
    """A PostgreSQL server: the shared one, and what an app's own has unless the app says otherwise."""

    name: fields.HostName | None = None
    image: fields.ImageReference
    admin: fields.RoleName = "admin"
    storage: fields.Mebibytes = 20 * 1024
    resources: Resources
    connections: int | None = Field(default=None, ge=20, le=5000)
    expose: fields.HostPort | None = None
    pooler: Pooler | None = None


class Redis(_Section):
    """A Redis server, as for PostgreSQL; `databases` names its numbered databases."""

    name: fields.HostName | None = None
    image: fields.ImageReference
    memory: fields.Mebibytes = Field(ge=32)
    expose: fields.HostPort | None = None
    databases: dict[fields.Slug, Annotated[int, Field(ge=0, le=15)]]


class Images(_Section):
    """Where server images come from; the majors are those of the images that the stack file names unless given."""

    source: Literal["registry", "debian"] = "registry"
    postgres: int | None = Field(default=None, ge=14, le=30)
    redis: int | None = Field(default=None, ge=6, le=30)


class OwnResources(_Section):
    """What an app's own server may use, where it differs from the shared one."""

    memory: fields.Mebibytes | None = Field(default=None, ge=128)
    cpu: float | None = Field(default=None, gt=0, le=256)


class OwnPostgres(_Section):
    """An app's own PostgreSQL server, where it differs from the shared one."""

    name: fields.HostName | None = None
    resources: OwnResources = OwnResources()
    storage: fields.Mebibytes | None = None
    connections: int | None = Field(default=None, ge=20, le=5000)
    expose: fields.HostPort | None = None


class OwnRedis(_Section):
    """An app's own Redis server, where it differs from the shared one."""

    name: fields.HostName | None = None
    memory: fields.Mebibytes | None = Field(default=None, ge=32)
    expose: fields.HostPort | None = None


class AppDatabase(_Section):
    """An app's database; `server` counts in the isolated place.

    `direct` are connections beside the pooler, for what a pool can't do: LISTEN, session locks.
    """

    database: fields.DatabaseName
    extensions: tuple[fields.ExtensionName, ...] = ()
    connections: int = Field(default=20, ge=1, le=1000)
    direct: int = Field(default=0, ge=0, le=100)
    server: OwnPostgres = OwnPostgres()


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
    """One application: the stores it needs, where they are, and the container that uses them."""

    postgres: AppDatabase | None = None
    redis: tuple[str, ...] = ()
    redis_server: OwnRedis = OwnRedis()
    service: Service | None = None
    dedicated: bool = False
    serving: Place | None = None
    keep: tuple[Place, ...] = ()
    subnet: fields.OwnSubnet | None = None

    @property
    def has_stores(self) -> bool:
        """Whether it gets a data URL of any kind."""
        return self.postgres is not None or bool(self.redis)


class Settings(_Section):
    """One stack, whole and checked."""

    prefix: fields.Slug
    platform: Literal["docker"] = "docker"
    topology: Place = "unified"
    protect: bool = True
    running: bool = True
    network: dict[TierName, Tier]
    postgres: Postgres
    redis: Redis
    images: Images = Images()
    apps: dict[fields.AppName, App]
    retired: tuple[str, ...] = ()
    purging: tuple[str, ...] = ()

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
