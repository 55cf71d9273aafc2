"""Compose files as people write them: every one of them becomes a file that the program takes, in both shapes."""

from __future__ import annotations

import pytest
import yaml

from components.config import parse
from embedded import _yaml
from operate.adopt.report import Report
from tests.operate.adopt.adopted import FIXTURES, PROJECTS, adopted, reasons, text

BOTH = pytest.mark.parametrize("topology", ["unified", "isolated"])
PASSWORDS = (
    "l3gacy-pass",
    "not-a-real-one",
    "s3cret-value",
    "examplepass",
    "sk_live_4eC39HqLyjWDarjtT1zdp7dc",
    "guest:guest",
    ":secret@",
)


@BOTH
@pytest.mark.parametrize("name", PROJECTS)
def test_the_written_file_is_what_was_planned_and_the_program_takes_it(name, topology, tmp_path):
    made = adopted(name, topology)
    path = tmp_path / "Pulumi.dev.yaml"
    path.write_text(text(made))
    assert made.problems == ()
    config = _yaml.read(path)["config"]
    assert config == yaml.safe_load(path.read_text())["config"] == made.config
    settings = parse({key.removeprefix("data-tier:"): value for key, value in config.items()})
    assert settings.topology == topology
    assert set(settings.apps) == set(made.apps)


@BOTH
@pytest.mark.parametrize("name", PROJECTS)
def test_no_password_is_copied_and_none_is_told(name, topology):
    made = adopted(name, topology)
    told = text(made) + str(Report(plan=made, source=name, file="-").as_json())
    assert [one for one in PASSWORDS if one in told] == []


def test_the_passwords_that_are_looked_for_stand_in_the_files():
    given = "".join(file.read_text() for file in FIXTURES.rglob("*") if file.is_file())
    assert [one for one in PASSWORDS if one not in given] == []


def test_a_worker_beside_its_web_service_is_left_to_a_person():
    made = adopted("django")
    assert set(made.apps) == {"web", "flower", "nginx"}
    assert [app for app, _, _ in made.beside] == ["worker", "beat"]
    assert "which is web's" in reasons(made, "worker")["service"]
    assert "    # worker:\n    #   service:\n" in text(made), "its section stands in the file, commented out"
    assert made.apps["web"]["redis"] == ["cache", "celery", "results"]
    assert made.config["data-tier:redis"]["databases"] == {"cache": 0, "celery": 1, "results": 2}


def test_djangos_secrets_stay_behind_by_name_and_plain_variables_come_along():
    made = adopted("django")
    service = made.apps["web"]["service"]
    assert service["env"] == {
        "DJANGO_SETTINGS_MODULE": "shop.settings.production",
        "ALLOWED_HOSTS": "shop.example.com",
    }
    assert {("web", "SECRET_KEY"), ("web", "STRIPE_API_KEY")} <= set(made.passwords)
    assert (service["memory"], service["cpu"], service["image"]) == (
        "512Mi",
        1.5,
        "registry.example.com/shop/web:2024.6",
    )


def test_ports_stay_where_the_tiers_ranges_can_be_kept_apart():
    ports = {app: its["service"]["port"] for app, its in adopted("django").apps.items()}
    assert ports == {"web": "8000:8000", "flower": "5555:5555", "nginx": "80:80"}
    ranges = {tier: its.get("ports") for tier, its in adopted("django").config["data-tier:network"].items()}
    assert ranges == {"data": None, "backend": "8000-8999", "frontend": "80-999", "admin": "5000-5999"}


def test_a_superuser_of_an_apps_name_is_replaced():
    made = adopted("django")
    assert "admin" not in made.config["data-tier:postgres"], "shop is the app's group role"
    assert "never as shop" in reasons(made, "db")["user"]
    assert adopted("rails").config["data-tier:postgres"]["admin"] == "depot"


def test_init_scripts_make_databases_and_extensions_each_in_its_own():
    made = adopted("rails")
    assert made.apps["web"]["postgres"] == {"database": "depot_production", "extensions": ["postgis"]}
    assert made.apps["depot-reports"]["postgres"] == {"database": "depot_reports", "extensions": ["uuid-ossp"]}
    assert {"networks.back.ipam", "volumes.db.external"} <= set(reasons(made, "-"))
    assert made.volumes[0].name == "depot_data", "external volumes have no prefix"


def test_a_shared_env_file_makes_one_app_of_nextcloud_and_leaves_its_cron():
    made = adopted("nextcloud")
    assert list(made.apps) == ["app"]
    assert made.apps["app"]["postgres"] == {"database": "nextcloud"}
    assert [app for app, _, _ in made.beside] == ["cron"]
    assert made.config["data-tier:postgres"]["image"] == "postgres:17", "the tag alpine names no major version"


def test_keycloaks_jdbc_url_is_read_and_bitnamis_image_replaced():
    made = adopted("keycloak")
    assert made.apps["keycloak"]["postgres"] == {"database": "keycloak"}
    assert made.apps["keycloak"]["service"]["env"] == {"KC_DB": "postgres", "KC_HOSTNAME": "id.example.com"}
    assert made.config["data-tier:postgres"]["image"] == "postgres:15"
    assert {"cap_add", "command", "ports"} <= set(reasons(made, "keycloak"))
    assert "127.0.0.1:5433" in reasons(made, "postgres-infra")["ports"]


def test_wordpress_stays_without_its_mysql_and_both_are_told():
    made = adopted("wordpress")
    assert reasons(made, "db") == {"service": "it is MySQL, which a stack doesn't have"}
    assert reasons(made, "wordpress")["environment: WORDPRESS_DB_HOST"] == "MySQL isn't taken over"
    assert made.apps["wordpress"]["service"]["tier"] == "backend", "it has a data URL, though of a store elsewhere"
    assert [its.holds for its in made.volumes] == ["files of wordpress", "data of MySQL"]


def test_mongo_is_taken_over_and_so_is_its_redis():
    made = adopted("mean")
    assert reasons(made, "mongo") == {}
    assert made.config["data-tier:mongo"] == {
        "image": "mongo:7",
        "admin": "root",
        "resources": {"memory": "1Gi", "cpu": 1},
    }
    assert made.apps["api"]["mongo"] == {"database": "educationelly"}
    assert made.connecting["api"] == ["MONGO_URL", "REDIS_URL"]
    assert ("mongo", "MONGO_INITDB_ROOT_PASSWORD") in made.passwords
    assert made.problems == ()
    assert made.apps["api"]["redis"] == ["db0"]
    assert made.apps["client"]["service"]["tiers"] == ["frontend", "backend"], "it calls the api by name"
    assert made.apps["api"]["service"]["port"] == "4000:4000", "the default of its variable"


def test_supabase_is_known_through_its_pooler_and_the_database_postgres_gets_a_name():
    made = adopted("supabase")
    assert made.apps["functions"]["postgres"] == {"database": "functions"}, "its URL leads to the pooler"
    assert made.apps["auth"]["postgres"] == {"database": "auth"}
    assert "the database postgres is auth" in reasons(made, "db")["database"]
    assert "a pooler" in reasons(made, "supavisor")["service"]
    assert made.config["data-tier:postgres"]["image"] == "pgvector/pgvector:pg15"


def test_a_second_file_goes_over_the_first_as_with_docker_compose():
    made = adopted("override")
    service = made.apps["api"]["service"]
    assert (service["image"], service["port"], service["env"]) == (
        "example/api:1.1",
        "4100:80",
        {"LOG_LEVEL": "warning"},
    )
    assert (service["memory"], service["cpu"]) == ("1Gi", 2.0)
    assert "ports" not in reasons(made, "pg"), "the second file takes them away"
    assert made.config["data-tier:postgres"]["connections"] == 300
    assert made.apps["api"]["postgres"]["limits"] == {"statement_timeout": "30s"}


def test_what_a_swarm_adds_is_told_key_by_key():
    made = adopted("swarm")
    assert {"deploy.mode", "deploy.placement", "volumes"} <= set(reasons(made, "gateway"))
    assert {"deploy.replicas", "deploy.update_config", "deploy.resources.reservations", "secrets"} <= set(
        reasons(made, "orders")
    )
    assert {app: its.get("postgres", {}).get("database") for app, its in made.apps.items()} == {
        "gateway": None,
        "orders": "orders",
        "reports": "reports",
        "archive": "archive",
    }, "a list of databases in a variable; LEGACY_DATABASE_URL isn't the app's own"
    assert made.config["data-tier:postgres"]["image"] == "postgres:16", "2.15.2-pg16 is PostgreSQL 16"
    assert "RabbitMQ" in reasons(made, "rabbit")["service"]


def test_links_give_names_and_names_that_no_host_can_have_are_changed_everywhere():
    made = adopted("legacy")
    assert made.apps["my-app"]["postgres"] == {"database": "my_app"}
    assert made.apps["my-app"]["redis"] == ["db0"]
    assert "# That it uses redis is known by depends_on or links alone: check." in text(made)
    assert made.apps["admin-app"]["service"]["env"] == {"BACKEND": "http://my-app:80/api"}
    assert made.apps["admin-app"]["service"]["aliases"] == ["admin"]
    assert {"privileged", "image"} <= set(reasons(made, "postgresql"))


def test_variables_come_from_env_files_and_a_server_elsewhere_is_told():
    made = adopted("envfile")
    service = made.apps["api"]["service"]
    assert service["image"] == "example/api:2.4"
    assert service["env"] == {"FEATURE_X": "true", "PORT": "8000"}
    assert service["aliases"] == ["backend-api"]
    assert made.apps["api"]["postgres"] == {"database": "inventory"}
    assert "cache.internal.example.com" in reasons(made, "api")["environment: REDIS_URL"]
