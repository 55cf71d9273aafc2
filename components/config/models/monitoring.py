"""Monitoring in the stack file: what is kept how long, who is told, and from when on something is wrong."""

from __future__ import annotations

import re
from typing import Annotated, Any, Final

from pydantic import AfterValidator, BeforeValidator, Field

from components.config import fields
from components.config.fields import rule_error
from components.config.models.section import Section

_DAYS: Final = re.compile(r"([1-9][0-9]{0,3})d")
_WHERE: Final = re.compile(r"([A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?):([0-9]{1,5})")
_HIGHEST_PORT: Final = 65535


def _days(value: Any) -> int:
    found = _DAYS.fullmatch(value) if isinstance(value, str) else None
    if found is None:
        raise rule_error("this is a whole number of days", "Write it like 15d")
    return int(found[1])


def _where(value: str) -> str:
    found = _WHERE.fullmatch(value)
    if found is None or not 0 < int(found[2]) <= _HIGHEST_PORT:
        raise rule_error("this is a host and a port", "Write it like alerts.example.com:9093")
    return value


Days = Annotated[int, BeforeValidator(_days)]
Where = Annotated[str, AfterValidator(_where)]
Share = Annotated[float, Field(gt=0, lt=1)]


class Thresholds(Section):
    """From when on an alert fires: numbers, shares of a whole, times in seconds, certificates in days.

    `connections` None is nine tenths of what each server takes, which fires in any case.
    """

    connections: int | None = Field(default=180, ge=1)
    connections_share: Share = 0.9
    cache_hit: Share = 0.95
    disk: Share = 0.8
    lag: fields.Seconds = Field(default=10, ge=1)
    transaction_age: int = Field(default=1_000_000_000, ge=1_000_000, le=2_000_000_000)
    pool_wait: fields.Seconds = Field(default=5, ge=1)
    certificate: Days = 14
    redis_memory: Share = 0.9


class Monitoring(Section):
    """Prometheus and the exporters: `scrape` in seconds, `retention` in days or `storage` MiB, what comes first.

    `expose` is the loopback port that leads to Prometheus, `alertmanager` where it sends alerts.
    """

    scrape: fields.Seconds = Field(default=15, ge=1, le=300)
    retention: Days = 15
    storage: fields.Mebibytes = Field(default=5 * 1024, ge=512)
    memory: fields.Mebibytes = Field(default=256, ge=128)
    cpu: float = Field(default=0.5, gt=0, le=64)
    expose: fields.HostPort | None = None
    alertmanager: Where | None = None
    thresholds: Thresholds = Thresholds()
