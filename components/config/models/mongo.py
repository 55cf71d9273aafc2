"""MongoDB in the stack file: servers, shared and apps' own, and the databases on them."""

from __future__ import annotations

from pydantic import Field

from components.config import fields, mongo_fields, references
from components.config.models.section import Section

_LEAST_MEMORY = 512  # MiB: half of it for the cache, which mongod doesn't let be smaller than 256


class MongoResources(Section):
    """What a server may use: memory in MiB, processors as a number of cores; `reservation` is memory that it keeps."""

    memory: fields.Mebibytes = Field(ge=_LEAST_MEMORY)
    reservation: fields.Mebibytes | None = Field(default=None, ge=16)
    cpu: float = Field(gt=0, le=256)
    cpu_weight: fields.CpuWeight | None = None


class Mongo(Section):
    """A MongoDB server: the shared one, and what an app's own has unless the app says otherwise."""

    name: fields.HostName | None = None
    image: fields.ImageReference
    admin: mongo_fields.MongoUserName = "admin"
    volume: references.VolumeName | None = None
    storage: fields.Mebibytes = 20 * 1024
    resources: MongoResources
    expose: fields.HostPort | None = None
    generation: int = Field(default=1, ge=1, le=1_000_000)


class OwnMongoResources(Section):
    """What an app's own server may use, where it differs from the shared one."""

    memory: fields.Mebibytes | None = Field(default=None, ge=_LEAST_MEMORY)
    reservation: fields.Mebibytes | None = Field(default=None, ge=16)
    cpu: float | None = Field(default=None, gt=0, le=256)
    cpu_weight: fields.CpuWeight | None = None


class OwnMongo(Section):
    """An app's own MongoDB server, where it differs from the shared one."""

    name: fields.HostName | None = None
    resources: OwnMongoResources = OwnMongoResources()
    volume: references.VolumeName | None = None
    storage: fields.Mebibytes | None = None
    expose: fields.HostPort | None = None
    generation: int = Field(default=1, ge=1, le=1_000_000)


class AppMongo(Section):
    """An app's MongoDB database; `server` counts in the isolated place."""

    database: mongo_fields.MongoDatabaseName
    server: OwnMongo = OwnMongo()
