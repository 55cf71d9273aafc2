"""One application in the stack file, with its container."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, model_validator

from components.config import fields, references
from components.config.fields import rule_error
from components.config.models.mongo import AppMongo
from components.config.models.postgres import AppDatabase
from components.config.models.redis import OwnRedis
from components.config.models.secrets import SecretRef
from components.config.models.section import Place, Section, TierName


class Service(Section):
    """An app's container; the first of its tiers is its home and decides where its port is published."""

    image: fields.ImageReference | None = None
    name: fields.HostName | None = None
    tier: TierName | None = None
    tiers: tuple[TierName, ...] = ()
    port: fields.Port | None = None
    env: dict[fields.Variable, str] = Field(default_factory=dict)
    secrets: dict[references.SecretName, SecretRef] = Field(default_factory=dict)
    aliases: tuple[fields.HostName, ...] = ()
    reads: Literal["reconnect", "start"] = "reconnect"
    memory: fields.Mebibytes = Field(default=256, ge=16)
    reservation: fields.Mebibytes | None = Field(default=None, ge=16)
    cpu: float = Field(default=0.5, gt=0, le=256)
    cpu_weight: fields.CpuWeight | None = None

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


class App(Section):
    """One application: the stores it needs, where they are, and the container that uses them.

    `uses` are further databases of its container: the URL's variable to the app that the database belongs to.
    """

    postgres: AppDatabase | None = None
    redis: tuple[str, ...] = ()
    redis_server: OwnRedis = OwnRedis()
    mongo: AppMongo | None = None
    service: Service | None = None
    uses: dict[references.UrlName, str] = Field(default_factory=dict)
    dedicated: bool = False
    serving: Place | None = None
    keep: tuple[Place, ...] = ()
    subnet: fields.OwnSubnet | None = None
    generation: int = Field(default=1, ge=1, le=1_000_000)
    overlap: bool = False

    @model_validator(mode="after")
    def _overlaps_with_a_generation_before(self) -> App:
        if self.overlap and self.generation == 1:
            raise rule_error(
                "overlap keeps the login of the generation before open, and there is none before the first",
                "Remove overlap, or write generation: 2",
            )
        return self

    @property
    def has_stores(self) -> bool:
        """Whether it gets a data URL of any kind."""
        return self.postgres is not None or bool(self.redis) or self.mongo is not None
