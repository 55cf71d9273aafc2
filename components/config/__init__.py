"""The stack file as frozen typed models. Pure: no pulumi, no network, no clock."""

from components.config.errors import Problem, SettingsError
from components.config.models import (
    App,
    Backup,
    Images,
    Mongo,
    Place,
    Pooler,
    Postgres,
    Redis,
    Service,
    Settings,
    Tier,
    TierName,
    Tls,
)
from components.config.parse import parse

__all__ = [
    "App",
    "Backup",
    "Images",
    "Mongo",
    "Place",
    "Pooler",
    "Postgres",
    "Problem",
    "Redis",
    "Service",
    "Settings",
    "SettingsError",
    "Tier",
    "TierName",
    "Tls",
    "parse",
]
