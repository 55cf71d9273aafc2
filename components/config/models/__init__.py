"""The stack file's shape: one frozen model per section, unknown keys forbidden.

Owns types, defaults and what follows from one section alone. What one section says about another belongs to `checks`.
"""

from components.config.models.app import App, Service
from components.config.models.backup import S3, Backup
from components.config.models.external import ExternalPostgres
from components.config.models.mongo import AppMongo, Mongo, MongoResources, OwnMongo, OwnMongoResources
from components.config.models.monitoring import Monitoring, Thresholds
from components.config.models.pooler import Pooler
from components.config.models.postgres import (
    AppDatabase,
    Limits,
    OwnPostgres,
    OwnResources,
    Postgres,
    Resources,
    Standby,
)
from components.config.models.readers import Reader
from components.config.models.redis import OwnRedis, PurposeRedis, Redis
from components.config.models.row_level_security import RowLevelSecurity
from components.config.models.secrets import SecretRef, Vault
from components.config.models.section import Place, Section, TierName
from components.config.models.settings import PROBE_IMAGE, Images, RotationSettings, Settings
from components.config.models.tiers import Tier
from components.config.models.tls import Tls

__all__ = [
    "PROBE_IMAGE",
    "S3",
    "App",
    "AppDatabase",
    "AppMongo",
    "Backup",
    "ExternalPostgres",
    "Images",
    "Limits",
    "Mongo",
    "MongoResources",
    "Monitoring",
    "OwnMongo",
    "OwnMongoResources",
    "OwnPostgres",
    "OwnRedis",
    "OwnResources",
    "Place",
    "Pooler",
    "Postgres",
    "PurposeRedis",
    "Reader",
    "Redis",
    "Resources",
    "RotationSettings",
    "RowLevelSecurity",
    "SecretRef",
    "Section",
    "Service",
    "Settings",
    "Standby",
    "Thresholds",
    "Tier",
    "TierName",
    "Tls",
    "Vault",
]
