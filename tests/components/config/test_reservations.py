"""Memory that a container keeps: declared for servers and services, never above its limit."""

from __future__ import annotations

from typing import Any

import pytest

from components.config import SettingsError, parse
from tests.components.recording import build_from
from tests.components.samples import small


def container(raw: dict[str, Any], name: str) -> dict[str, Any]:
    return dict(build_from(raw).of("Container")[name].inputs)


def test_a_reservation_comes_to_the_container_and_none_is_none() -> None:
    raw = small(site={"service": {"tiers": ["frontend"], "port": "3001:3000", "reservation": "64Mi"}})
    assert container(raw, "service-site-container")["memoryReservation"] == 64
    assert "memoryReservation" not in container(raw, "service-blog-container")


def test_an_apps_own_server_keeps_what_the_shared_one_does_unless_it_says_otherwise() -> None:
    raw = small("isolated", shop={"redis_server": {"reservation": "16Mi"}})
    raw["postgres"]["resources"]["reservation"], raw["redis"]["reservation"] = "128Mi", "48Mi"
    assert container(raw, "isolated-shop-postgres-server-container")["memoryReservation"] == 128
    assert container(raw, "isolated-shop-redis-container")["memoryReservation"] == 16
    assert container(raw, "isolated-feed-redis-container")["memoryReservation"] == 48


def test_more_than_the_limit_is_refused_wherever_it_was_said() -> None:
    raw = small(
        blog={"dedicated": True, "postgres": {"database": "blog", "server": {"resources": {"memory": "128Mi"}}}}
    )
    raw["postgres"]["connections"] = 50
    raw["postgres"]["resources"]["reservation"], raw["redis"]["reservation"] = "256Mi", "65Mi"
    raw["apps"]["site"]["service"]["reservation"] = "1Gi"
    with pytest.raises(SettingsError) as found:
        parse(raw)
    keys = [problem.key for problem in found.value.problems if "can't keep more memory" in problem.rule]
    assert keys == [
        "data-tier:redis.reservation",
        "data-tier:apps.blog.postgres.server.resources.reservation",
        "data-tier:apps.site.service.reservation",
    ]
