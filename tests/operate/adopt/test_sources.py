"""The documents' own compose files, adopted: what is in the stack file is what the document says."""

from __future__ import annotations

import shutil

import pytest

from operate.adopt import compose_file, plan
from tests.operate.adopt.adopted import FIXTURES, adopted, reasons, text

BIZOSAAS_SERVICES = {
    "saleor-headless": ("coreldove-saleor-headless", ["backend"], "4003:8000"),
    "wagtail-headless": ("bizosaas-wagtail-headless", ["backend"], "4000:8000"),
    "coreldove-frontend": ("coreldove-frontend", ["frontend", "backend"], "3003:3000"),
    "bizoholic-frontend": ("bizoholic-frontend", ["frontend", "backend"], "3000:3000"),
    "saleor-admin": ("coreldove-saleor-admin", ["admin"], "5003:80"),
}


def test_bizosaas_has_the_services_tiers_and_ports_of_its_document():
    apps = adopted("bizosaas").apps
    found = {
        app: (its["service"]["name"], its["service"].get("tiers") or [its["service"]["tier"]], its["service"]["port"])
        for app, its in apps.items()
        if "service" in its
    }
    assert found == BIZOSAAS_SERVICES


def test_bizosaas_has_the_databases_of_its_document_and_frontends_have_no_store():
    apps = adopted("bizosaas").apps
    stores = {app: (its.get("postgres", {}).get("database"), its.get("redis")) for app, its in apps.items()}
    assert stores == {
        "saleor-headless": ("saleor_core", ["db0"]),
        "wagtail-headless": ("wagtail_cms", ["db1"]),
        "coreldove-frontend": (None, None),
        "bizoholic-frontend": (None, None),
        "saleor-admin": (None, None),
        "bizosaas": ("bizosaas", None),
    }, "POSTGRES_DB holds data, and no service names it: a database without a service"


def test_bizosaas_keeps_its_servers_networks_and_api_urls():
    config = adopted("bizosaas").config
    postgres, redis, network = (config[f"data-tier:{key}"] for key in ("postgres", "redis", "network"))
    assert (postgres["name"], postgres["image"]) == ("bizosaas-postgres-unified", "pgvector/pgvector:pg16")
    assert (redis["name"], redis["image"]) == ("bizosaas-redis-unified", "redis:7-alpine")
    assert redis["databases"] == {"db0": 0, "db1": 1}
    assert {tier: its.get("internal", False) for tier, its in network.items()} == {
        "data": True,
        "backend": True,
        "frontend": False,
        "admin": True,
    }
    assert {tier: its.get("publish") for tier, its in network.items()} == {
        "data": None,
        "backend": "loopback",
        "frontend": "public",
        "admin": "loopback",
    }
    env = config["data-tier:apps"]["coreldove-frontend"]["service"]["env"]
    assert env == {"SALEOR_API_URL": "http://saleor-headless:8000/graphql/"}


def test_bizosaas_names_what_is_built_its_volumes_and_the_keys_of_passwords():
    made = adopted("bizosaas")
    built = {"wagtail-headless", "coreldove-frontend", "bizoholic-frontend"}
    assert {one.service for one in made.left if one.key == "build"} == built
    assert [(its.name, its.path) for its in made.volumes] == [
        ("bizosaas_postgres_unified", "/var/lib/postgresql/data"),
        ("bizosaas_redis_unified", "/data"),
    ]
    assert ("postgres-unified", "POSTGRES_PASSWORD") in made.passwords
    assert ("redis-unified", "command: --requirepass") in made.passwords
    assert ("saleor-headless", "DATABASE_URL") in made.passwords


def test_the_shared_infrastructure_has_one_database_with_the_extensions_of_its_init_scripts():
    made = adopted("infrastructure")
    assert made.apps == {
        "bizosaas-platform": {
            "postgres": {"database": "bizosaas_platform", "extensions": ["uuid-ossp", "pg_trgm", "vector"]}
        }
    }, "the document creates pgvector, which is called vector"
    assert made.config["data-tier:postgres"]["image"] == "postgres:15", "Alpine can't be extended"
    assert "open to the outside" in reasons(made, "postgres")["ports"]
    assert {"image", "healthcheck", "/docker-entrypoint-initdb.d/02-schema.sql"} <= set(reasons(made, "postgres"))
    assert made.volumes[0].name == "infrastructure_postgres_data"


def test_the_documents_service_file_gives_connections_extensions_and_replication(tmp_path):
    folder = tmp_path / "shared"
    shutil.copytree(FIXTURES / "infrastructure", folder)
    compose = folder / "docker-compose.yml"
    lines = compose.read_text().replace("    environment:\n", "    env_file: service.env\n    environment:\n")
    compose.write_text(lines.replace("${POSTGRES_PASSWORD}", "x"))
    made = plan.make(compose_file.read([compose], {}), "unified")
    assert made.config["data-tier:postgres"]["connections"] == 200
    assert made.apps["bizosaas-platform"]["postgres"]["extensions"] == ["vector", "uuid-ossp", "pg_trgm"]
    assert "replication" in reasons(made, "postgres")["environment: replication"]
    assert "SharedInfra2024" not in text(made)


def test_extensions_that_need_a_library_of_the_server_are_written_with_what_loads_it(tmp_path):
    folder = tmp_path / "shared"
    shutil.copytree(FIXTURES / "infrastructure", folder)
    script = folder / "init-scripts/01-extensions.sql"
    script.write_text(f"{script.read_text()}\nCREATE EXTENSION pg_stat_statements;\nCREATE EXTENSION pgaudit;\n")
    made = plan.make(compose_file.read([folder / "docker-compose.yml"], {}), "unified")
    assert made.problems == ()
    assert made.config["data-tier:postgres"]["statements"] is True
    assert made.config["data-tier:postgres"]["audit"] == ["ddl", "write"]


@pytest.mark.parametrize("topology", ["unified", "isolated"])
def test_darevels_services_are_known_by_the_host_ports_of_their_servers(topology):
    made = adopted("darevel", topology)
    assert {app: its.get("postgres", {}).get("database") for app, its in made.apps.items()} == {
        "slides-service": "darevel_slides",
        "suite-service": "darevel_suite",
        "mail-service": None,
    }
    assert "slides-db.xxxxx.rds.amazonaws.com" in reasons(made, "mail-service")["environment: DATABASE_URL"]


def test_darevels_servers_of_their_own_keep_names_and_limits():
    made = adopted("darevel", "isolated")
    slides = made.apps["slides-service"]["postgres"]["server"]
    assert slides == {"name": "darevel-postgres-slides"}, "its limits are the ones that all servers have"
    assert made.config["data-tier:postgres"]["resources"] == {"memory": "512Mi", "cpu": 0.5}
    assert made.config["data-tier:postgres"]["connections"] == 100, "max_connections of the document"
    left = reasons(made, "postgres-slides")
    assert {"command: shared_buffers", "command: work_mem", "deploy.resources.reservations"} <= set(left)


def test_one_server_in_place_of_two_has_room_for_both():
    resources = adopted("darevel").config["data-tier:postgres"]["resources"]
    assert resources == {"memory": "1Gi", "cpu": 1.0}, "the one without a limit counts as the largest"
