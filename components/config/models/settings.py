"""The stack file as a whole, and what several sections say together."""

from __future__ import annotations

import re
from typing import Final, Literal

from pydantic import Field

from components.config import fields
from components.config.models.app import App
from components.config.models.mongo import Mongo
from components.config.models.monitoring import Monitoring
from components.config.models.postgres import Postgres
from components.config.models.readers import Reader, ReaderName
from components.config.models.redis import Redis
from components.config.models.secrets import Vault
from components.config.models.section import Place, Section, TierName
from components.config.models.tiers import Tier
from components.config.models.tls import Tls

_MAJOR: Final = re.compile(r":(?:pg)?([0-9]+)")
_DEFAULT_MAJORS: Final = {"postgres": 17, "redis": 8, "mongo": 7}
PROBE_IMAGE: Final = "data-tier/probe:1"


class Images(Section):
    """Where server images come from; the majors are those of the images that the stack file names unless given."""

    source: Literal["registry", "debian"] = "registry"
    postgres: int | None = Field(default=None, ge=14, le=30)
    redis: int | None = Field(default=None, ge=6, le=30)


class RotationSettings(Section):
    """How logins change over: how long sessions of the login before may take to end."""

    drain: fields.Seconds = Field(default=20, ge=2, le=600)


class Settings(Section):
    """One stack, whole and checked."""

    prefix: fields.Slug
    platform: Literal["docker"] = "docker"
    topology: Place = "unified"
    protect: bool = True
    running: bool = True
    network: dict[TierName, Tier]
    postgres: Postgres
    redis: Redis = Redis()
    mongo: Mongo | None = None
    monitoring: Monitoring | None = None
    images: Images = Images()
    tls: Tls = Tls()
    rotation: RotationSettings = RotationSettings()
    readers: dict[ReaderName, Reader] = Field(default_factory=dict)
    vault: Vault | None = None
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

    @property
    def mongo_major(self) -> int:
        """The major version of MongoDB, as the image's tag says."""
        return (_major(self.mongo.image) if self.mongo else None) or _DEFAULT_MAJORS["mongo"]


def _major(image: str) -> int | None:
    match = _MAJOR.search(image.rsplit("/", 1)[-1])
    return int(match[1]) if match else None
