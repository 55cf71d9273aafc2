"""How much disk a stack file declares for its servers: neither plan nor state knows it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml

from components.config import SettingsError, mongo_places, parse, postgres_servers, redis_servers
from components.config.text import own_keys


def declared(file: Path) -> int | None:
    """MiB of all these servers of a stack file; None where that can't be known."""
    try:
        return _sum(own_keys(yaml.safe_load(file.read_text())["config"]))
    except (OSError, yaml.YAMLError, KeyError, TypeError, AttributeError, SettingsError):
        return None  # the preview itself says what is wrong with the file


def _sum(own: dict[str, Any]) -> int:
    settings = parse(own)
    found = sum(its.server.storage for its in postgres_servers.declared(settings))
    found += sum(its.storage or 0 for its in redis_servers.declared(settings).values())
    return found + sum(its.server.storage for its in mongo_places.declared(settings))
