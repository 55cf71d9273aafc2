"""Every rule of the stack file: one change to a valid file, the key that is named, and what is said."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from components.config import SettingsError, parse
from components.settings import from_strings
from tests.components.recording import stack_file


def refused(raw: dict[str, Any]) -> str:
    with pytest.raises(SettingsError) as caught:
        parse(raw)
    return str(caught.value)


def changed(path: str, value: Any) -> dict[str, Any]:
    """The dev stack file with `value` at a path such as `apps/saleor/service/port`; keys that lack are made."""
    raw = copy.deepcopy(stack_file("dev"))
    *parents, last = path.split("/")
    place = raw
    for key in parents:
        place = place.setdefault(key, {})
    place[last] = value
    return raw


def without(path: str) -> dict[str, Any]:
    raw = copy.deepcopy(stack_file("dev"))
    *parents, last = path.split("/")
    place = raw
    for key in parents:
        place = place[key]
    del place[last]
    return raw


@pytest.mark.parametrize("stack", ["dev", "prod"])
def test_the_stack_files_that_come_along_are_valid(stack):
    assert len(parse(stack_file(stack)).apps) == 9


RULES = [
    ("apps/saleor/postgres/limits", {"statement_timeout": "5 s"},
     "data-tier:apps.saleor.postgres.limits.statement_timeout = '5 s': a time is a whole number with ms, s, min or h"),
    ("apps/saleor/postgres/limits", {"statement_timeout": 5}, 'Write it like "500ms", "5s" or "2min"'),
    ("apps/saleor/postgres/limits", {"lock_timeout": "600h"}, "the longest time that PostgreSQL takes is 596h"),
    ("apps/saleor/postgres/limits", {"idle_session_timeout": "0s"}, "a time is a whole number"),
    ("apps/saleor/postgres/limits", {"work_mem": "64 MB"},
     "data-tier:apps.saleor.postgres.limits.work_mem = '64 MB': a size is a whole number with Mi or Gi"),
    ("apps/saleor/postgres/limits", {"temp_file_limit": 64}, 'Write it like "512Mi" or "2Gi"'),
    ("apps/saleor/postgres/limits", {"max_connections": 5}, "there is no such key"),
    ("apps/saleor/generation", 0, "data-tier:apps.saleor.generation = 0: "),
    ("apps/saleor/overlap", True, "there is none before the first. Remove overlap, or write generation: 2"),
    ("rotation", {"drain": "1500ms"}, "data-tier:rotation.drain = '1500ms': a time here is a number of whole seconds"),
    ("shape", 1, "data-tier:shape: there is no such key"),
    ("apps/saleor/postgers", {}, "data-tier:apps.saleor.postgers: there is no such key"),
    ("postgres/resources/swap", "1Gi", "data-tier:postgres.resources.swap: there is no such key"),
    ("topology", "both", "data-tier:topology = 'both': this must be 'unified' or 'isolated'"),
    ("platform", "kubernetes", "data-tier:platform = 'kubernetes': this must be 'docker'"),
    ("protect", "yes", "data-tier:protect = 'yes': this must be true or false"),
    ("prefix", "Bizo", "data-tier:prefix = 'Bizo': a name here has a-z"),
    ("apps/saleor/service/port", "4000:8000",
     "data-tier:apps.saleor.service.port = '4000:8000': the host port is taken by data-tier:apps.wagtail.service.port"),
    ("apps/saleor/service/port", "6003:8000",
     "data-tier:apps.saleor.service.port = '6003:8000': host port 6003 is outside 4000-4999"),
    ("apps/saleor/service/port", "0:8000", "a port is host:container within 1-65535"),
    ("apps/saleor/service/port", "4003:70000", "a port is host:container within 1-65535"),
    ("apps/saleor/service/port", "127.0.0.1:4003:8000", "a port is host:container within 1-65535"),
    ("apps/saleor/service/port", 4003, "data-tier:apps.saleor.service.port = 4003: a port is host:container"),
    ("network/backend/ports", "4999-4000",
     "data-tier:network.backend.ports = '4999-4000': a range of ports is first-last"),
    ("network/backend/ports", "4000-5001", "data-tier:network.admin.ports = '5000-5999': it overlaps 4000-5001"),
    ("network/backend/subnet", "172.28.10.0/25",
     "data-tier:network.backend.subnet = '172.28.10.0/25': it overlaps 172.28.10.0/24"),
    ("network/backend/subnet", "172.28.20.1/24",
     "data-tier:network.backend.subnet = '172.28.20.1/24': a subnet is an IPv4 network"),
    ("network/backend/subnet", "8.8.8.0/24", "a subnet is private"),
    ("network/data/subnet", "172.28.10.0/28", "no smaller than /27"),
    ("network/data/internal", False, "data-tier:network: the data tier is internal, has a subnet"),
    ("network/edge", {}, "data-tier:network.edge = 'edge': this must be 'data', 'backend', 'frontend' or 'admin'"),
    ("network/admin/publish", "public", "an internal tier is published on loopback only"),
    ("network/admin/publish", "everywhere",
     "data-tier:network.admin.publish = 'everywhere': this must be 'loopback' or 'public'"),
    ("apps/saleor/postgres/database", "Saleor",
     "data-tier:apps.saleor.postgres.database = 'Saleor': a database has a-z"),
    ("apps/saleor/postgres/database", "saleor-core", "a database has a-z"),
    ("apps/saleor/postgres/database", "s" * 56, "55 at most (roles add _migrate)"),
    ("apps/saleor/postgres/database", "1shop", "no digit first"),
    ("apps/saleor/postgres/database", "postgres", "PostgreSQL keeps this name for itself"),
    ("apps/saleor/postgres/database", "pg_shop", "PostgreSQL keeps this name for itself"),
    ("apps/saleor/postgres/database", "samerole", "PostgreSQL keeps this name for itself"),
    ("apps/saleor/postgres/database", "admin", "declared by data-tier:postgres.admin"),
    ("apps/saleor/postgres/database", "wagtail_cms", "declared by data-tier:apps.wagtail.postgres.database"),
    ("apps/saleor/postgres/database", "wagtail_cms_a", "declared by data-tier:apps.wagtail.postgres.database"),
    ("apps/saleor/postgres/extensions", ["pgvector"],
     "data-tier:apps.saleor.postgres.extensions[0] = 'pgvector': the extension of the pgvector project is called"),
    ("apps/saleor/postgres/extensions", ["x;drop"], "not a name that CREATE EXTENSION takes"),
    ("apps/saleor/postgres/extensions", "vector",
     "data-tier:apps.saleor.postgres.extensions = 'vector': this must be a list"),
    ("apps/saleor/postgres/connections", "20",
     "data-tier:apps.saleor.postgres.connections = '20': this must be a whole number"),
    ("apps/saleor/postgres/connections", True, "this must be a whole number"),
    ("apps/saleor/postgres/connections", 0, "at least 1"),
    ("apps/saleor/postgres/connections", 900,
     "data-tier:postgres.connections = 150: the apps ask for 980 connections and the server has 140"),
    ("postgres/admin", "pg_admin", "PostgreSQL keeps this name for itself"),
    ("postgres/resources/memory", "2GB",
     "data-tier:postgres.resources.memory = '2GB': a size is a whole number with Mi or Gi"),
    ("postgres/resources/memory", 2048, "a size is a whole number with Mi or Gi"),
    ("postgres/resources/memory", "0Gi", "a size is a whole number with Mi or Gi"),
    ("postgres/resources/memory", "64Mi", "at least 128"),
    ("postgres/resources/cpu", "two", "data-tier:postgres.resources.cpu = 'two': this must be a number"),
    ("postgres/resources", "large", "data-tier:postgres.resources = 'large': this must be a section of keys"),
    ("postgres/image", "pgvector pg16", "not an image reference"),
    ("redis/databases/cache", 16, "data-tier:redis.databases.cache = 16: this must be at most 15"),
    ("redis/databases/cache", -1, "at least 0"),
    ("redis/databases/cache", 1,
     "data-tier:redis.databases.sessions = 1: the number is taken by data-tier:redis.databases.cache"),
    ("redis/memory", "lots", "a size is a whole number with Mi or Gi"),
    ("apps/saleor/redis", ["queue"],
     "data-tier:apps.saleor.redis[0] = 'queue': there is no such database in data-tier:redis.databases"),
    ("apps/saleor/redis", ["cache", "cache"], "data-tier:apps.saleor.redis[1] = 'cache': it is named twice"),
    ("apps/saleor/service/tier", "edge", "data-tier:apps.saleor.service.tier = 'edge': this must be"),
    ("apps/saleor/service/tier", "data", "the data tier is joined by apps with postgres: or redis:"),
    ("apps/saleor/service/tiers", ["backend"], "a service says tier or tiers"),
    ("apps/saleor-admin/redis", ["cache"],
     "data-tier:apps.saleor-admin.service.tier = 'admin': services of the frontend and admin"),
    ("apps/saleor/service/name", "Saleor_1", "a container or network name is also a host name"),
    ("apps/saleor/service/name", "bizosaas-brain",
     "a container of this name is declared by data-tier:apps.brain.service.name"),
    ("apps/saleor/service/name", "bizosaas-redis-unified",
     "a container of this name is declared by data-tier:redis.name"),
    ("apps/saleor/service/env", {"DEBUG": 1}, "data-tier:apps.saleor.service.env.DEBUG"),
    ("apps/saleor/service/env", {"DATABASE_URL": "x"}, "the data URLs are set from postgres:, redis: and mongo:"),
    ("apps/saleor/service/env", {"1A": "x"}, "a variable has letters, digits and underscores"),
    ("apps/Shop", {"redis": ["cache"]}, "an app's name has a-z"),
    ("apps/default", {"redis": ["cache"]}, "not default, admin or localhost"),
    ("apps/idle", {}, "data-tier:apps.idle: the app asks for nothing"),
    ("images/source", "hub", "data-tier:images.source = 'hub': this must be 'registry' or 'debian'"),
    ("images/postgres", "17", "data-tier:images.postgres = '17': this must be a whole number"),
]  # fmt: skip


@pytest.mark.parametrize(("path", "value", "said"), RULES, ids=[f"{path}={value}"[:60] for path, value, _ in RULES])
def test_a_wrong_value_is_refused_with_its_key_and_rule(path, value, said):
    message = refused(changed(path, value))
    assert said in message
    assert message.startswith("1 problem in the stack file; nothing was built:")


@pytest.mark.parametrize("key", ["prefix", "network", "postgres", "apps", "postgres/image", "postgres/resources"])
def test_a_missing_key_is_named(key):
    assert f"data-tier:{key.replace('/', '.')}: this key is required. Add it." in refused(without(key))


def test_a_tier_that_is_not_declared_is_named():
    assert "there is no such tier in data-tier:network" in refused(without("network/admin"))


def test_a_port_on_a_tier_that_publishes_nothing_is_refused():
    raw = changed("network/admin", {"internal": True})
    assert refused(raw).count("the admin tier publishes nothing") == 2


def test_a_name_made_of_prefix_and_app_fits_in_a_host_name():
    raw = changed("prefix", "p" * 40)
    raw["apps"]["a" * 30] = {"service": {"tier": "backend"}}
    assert "prefix and app make a name over 63 characters" in refused(raw)


def test_publish_and_ports_belong_together():
    assert "publish and ports belong together" in refused(without("network/admin/ports"))


def test_all_problems_are_told_at_once():
    raw = changed("apps/saleor/service/port", "6003:8000")
    raw["prefix"] = "Bizo"
    raw["postgres"]["resources"]["memory"] = "2GB"
    raw["apps"]["brain"]["redis"] = ["queue"]
    raw["extra"] = 1
    message = refused(raw)
    assert message.startswith("5 problems")
    for key in ("apps.saleor.service.port", "prefix", "postgres.resources.memory", "apps.brain.redis[0]", "extra"):
        assert f"data-tier:{key}" in message


def test_two_problems_in_one_section_and_a_missing_key_are_told_together():
    raw = without("postgres/image")
    raw["postgres"]["resources"] = {"memory": "2GB", "cpu": "two"}
    assert refused(raw).startswith("3 problems")


@pytest.mark.parametrize("section", ["network", "postgres", "redis", "apps"])
def test_a_section_that_is_empty_is_one_problem(section):
    assert refused(changed(section, None)).startswith("1 problem")


def test_a_reference_to_something_broken_is_no_second_problem():
    message = refused(changed("redis/databases/cache", 99))
    assert "apps.saleor.redis" not in message


def test_a_secret_in_the_environment_is_refused_and_not_shown():
    message = refused(changed("apps/saleor/service/env", {"DB_PASSWORD": "hunter2"}))
    assert "secrets don't go through the environment" in message
    assert "hunter2" not in message


def test_a_value_at_an_unknown_key_is_not_shown():
    assert "hunter2" not in refused(changed("postgres/password", "hunter2"))


def test_a_url_with_a_password_is_not_shown():
    assert "hunter2" not in refused(changed("postgres/image", "postgresql://admin:hunter2@db/x"))


def test_structured_values_arrive_as_json_text():
    config = {
        "data-tier:prefix": "x",
        "data-tier:protect": "false",
        "data-tier:redis": '{"memory": "1Gi"}',
        "aws:a": "b",
    }
    assert from_strings(config) == {"prefix": "x", "protect": False, "redis": {"memory": "1Gi"}}


def test_text_that_only_begins_like_json_is_refused():
    with pytest.raises(SettingsError, match="data-tier:redis: it begins like a structured value and isn't one"):
        from_strings({"data-tier:redis": "{memory: 1Gi"})


@pytest.mark.parametrize(
    ("image", "major"), [("pgvector/pgvector:pg16", 16), ("postgres:17.2-alpine", 17), ("a.example:5000/postgres", 17)]
)
def test_the_major_comes_from_the_images_tag(image, major):
    assert parse(changed("postgres/image", image)).postgres_major == major


def test_the_declared_major_wins():
    assert parse(changed("images/postgres", 18)).postgres_major == 18


def test_without_a_registry_the_probe_stands_in_for_every_service():
    settings = parse(changed("images/source", "debian"))
    assert {settings.service_image(app) for app in settings.apps} == {"data-tier/probe:1"}


def test_with_a_registry_a_service_runs_its_own_image():
    assert parse(stack_file("dev")).service_image("saleor") == "ghcr.io/saleor/saleor:3.20"


@pytest.mark.parametrize(("path", "value"), [
    ("apps/brain/service/aliases", ["bizosaas-postgres-unified"]),
    ("apps/brain/service/aliases", ["postgres-unified"]),
    ("apps/brain/service/aliases", ["saleor-headless"]),
    ("apps/brain/service/aliases", ["wagtail"]),
    ("apps/postgres-unified", {"service": {"tier": "backend"}}),
])  # fmt: skip
def test_a_name_on_the_network_has_one_owner(path: str, value: object) -> None:
    with pytest.raises(SettingsError, match="answers to this name on the network"):
        parse(changed(path, value))


@pytest.mark.parametrize("subnet", ["172.17.0.0/16", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12"])
def test_a_subnet_that_the_host_or_docker_needs_is_refused(subnet: str) -> None:
    with pytest.raises(SettingsError, match=r"network\.backend\.subnet"):
        parse(changed("network/backend/subnet", subnet))
