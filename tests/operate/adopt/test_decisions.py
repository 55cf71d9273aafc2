"""Single decisions: what a unit is, its server's image, ports of tiers, numbers of Redis, names, one app a database."""

from __future__ import annotations

import pytest

from operate.adopt import names, purposes, server_images
from operate.adopt.recognise import Kind, kind
from operate.adopt.unit import Mount, Unit
from operate.adopt.uses import Use
from tests.operate.adopt.adopted import reasons, text, written

PG = "  pg: {image: 'postgres:17', environment: {POSTGRES_PASSWORD: x, POSTGRES_DB: shop}}\n"


def unit(image: str | None, **its: object) -> Unit:
    return Unit(name="it", key="services.it", image=image, **its)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("image", "found"),
    [
        ("postgres:16", Kind.POSTGRES),
        ("docker.io/library/postgres@sha256:" + "0" * 64, Kind.POSTGRES),
        ("registry.example:5000/team/pgvector:pg16", Kind.POSTGRES),
        ("postgis/postgis:16-3.4", Kind.POSTGRES),
        ("timescale/timescaledb:latest-pg16", Kind.POSTGRES),
        ("bitnami/postgresql:15", Kind.POSTGRES),
        ("supabase/postgres:15.1.0.147", Kind.POSTGRES),
        ("data-tier/postgres:17", Kind.POSTGRES),
        ("redis:7-alpine", Kind.REDIS),
        ("valkey/valkey:8", Kind.REDIS),
        ("data-tier/redis:8", Kind.REDIS),
        ("redis/redis-stack-server:7.2", Kind.REDIS),
        ("mongo:7", Kind.MONGO),
        ("bitnami/mongodb:7.0", Kind.MONGO),
        ("data-tier/mongo:7", Kind.MONGO),
        ("ghcr.io/ferretdb/ferretdb:1.21", Kind.OTHER_STORE),
        ("mysql:8", Kind.OTHER_STORE),
        ("mariadb:11", Kind.OTHER_STORE),
        ("rabbitmq:3-management", Kind.OTHER_STORE),
        ("cockroachdb/cockroach:v24", Kind.OTHER_STORE),
        ("docker.elastic.co/elasticsearch/elasticsearch:8.14.0", Kind.OTHER_STORE),
        ("docker.dragonflydb.io/dragonflydb/dragonfly:v1", Kind.OTHER_STORE),
        ("edoburu/pgbouncer:1.21", Kind.POOLER),
        ("dpage/pgadmin4:8", Kind.TOOL),
        ("adminer:4", Kind.TOOL),
        ("prometheuscommunity/postgres-exporter:v0.15", Kind.TOOL),
        ("redis/redisinsight:2", Kind.TOOL),
        ("mongo-express:1", Kind.TOOL),
        ("postgrest/postgrest:v12", Kind.APP),
        ("example/shopdb:1", Kind.APP),
        ("data-tier/probe:1", Kind.APP),
        (None, Kind.APP),
    ],
)
def test_a_unit_is_known_by_its_image(image, found):
    assert kind(unit(image)) is found


def test_a_store_that_is_built_is_known_by_where_its_data_is_and_never_by_a_port():
    data = Mount(kind="volume", source="d", target="/var/lib/postgresql/data")
    assert kind(unit(None, built="./db", mounts=(data,))) is Kind.POSTGRES


@pytest.mark.parametrize(
    ("image", "of", "chosen"),
    [
        ("postgres:16", "postgres", "postgres:16"),
        ("postgres:16.3-bookworm", "postgres", "postgres:16.3-bookworm"),
        ("mirror.example/library/postgres:16", "postgres", "mirror.example/library/postgres:16"),
        ("pgvector/pgvector:0.7.0-pg16", "postgres", "pgvector/pgvector:0.7.0-pg16"),
        ("postgres:15-alpine", "postgres", "postgres:15"),
        ("postgis/postgis:16-3.4-alpine", "postgres", "postgis/postgis:16-3.5"),
        ("postgres:latest", "postgres", "postgres:17"),
        ("postgres", "postgres", "postgres:17"),
        ("postgres:9.6", "postgres", "postgres:17"),
        ("timescale/timescaledb:2.15.2-pg15", "postgres", "postgres:15"),
        ("supabase/postgres:15.1.0.147", "postgres", "pgvector/pgvector:pg15"),
        ("bitnami/postgresql:15", "postgres", "postgres:15"),
        ("data-tier/postgres:17", "postgres", "postgres:17"),
        ("redis:7-alpine", "redis", "redis:7-alpine"),
        ("redis:alpine", "redis", "redis:8"),
        ("redis:5", "redis", "redis:8"),
        ("bitnami/redis:7.2", "redis", "redis:7"),
        ("valkey/valkey:8", "redis", "valkey/valkey:8"),
        ("redis/redis-stack:7.4.0-v0", "redis", "redis:7"),
    ],
)
def test_a_servers_image_is_kept_where_it_can_be_extended_and_names_its_major(image, of, chosen):
    found, why = server_images.choose(unit(image), of)
    assert found == chosen
    assert bool(why) == (found != image and not image.startswith("data-tier/")), "a change has its reason"
    assert server_images.major(found) >= {"postgres": 14, "redis": 6}[of]


def test_numbers_stay_where_they_are_and_meet_only_when_two_servers_become_one():
    uses = [
        Use(unit="a", store="one", number=0, variables=("REDIS_URL",)),
        Use(unit="b", store="two", number=0, variables=("CELERY_BROKER_URL",)),
        Use(unit="b", store="one", number=3, variables=("CACHE_URL",)),
    ]
    found = purposes.assign(uses)
    assert found.numbers == {"db0": 0, "celery": 1, "cache": 3}
    assert found.apps == {"a": ["db0"], "b": ["celery", "cache"]}


def test_two_purposes_of_one_name_are_told_apart():
    uses = [Use(unit="a", store="one", number=at, variables=("CACHE_URL",)) for at in (0, 1)]
    assert purposes.assign(uses).numbers == {"cache": 0, "one-cache": 1}


def test_more_than_sixteen_numbers_are_told():
    uses = [Use(unit="a", store=f"s{at}", number=0, variables=("REDIS_URL",)) for at in range(17)]
    found = purposes.assign(uses)
    assert len(found.numbers) == 16
    assert found.too_many == [("s16", 0)]


@pytest.mark.parametrize(
    ("name", "app"),
    [("Web_API", "web-api"), ("admin", "admin-app"), ("2fa", "app-2fa"), ("ä__ö", "app"), ("x" * 60, "x" * 40)],
)
def test_an_apps_name_is_made_from_a_services(name, app):
    assert names.app(name) == app


@pytest.mark.parametrize(
    ("name", "database"),
    [
        ("shop", "shop"),
        ("my-App", "my_app"),
        ("postgres", "web"),
        ("pg_x", "web"),
        ("user", "web"),
        ("a" * 60, "a" * 55),
    ],
)
def test_a_databases_name_is_kept_or_made_one_that_the_stack_takes(name, database):
    assert names.database(name, "web") == database


def test_two_servers_with_a_database_of_one_name_are_one_server_with_two(tmp_path):
    made = written(
        tmp_path,
        f"services:\n{PG}"
        "  other: {image: 'postgres:16', environment: {POSTGRES_DB: shop}}\n"
        "  a: {image: 'a:1', environment: {DATABASE_URL: 'postgres://u:p@pg/shop'}}\n"
        "  b: {image: 'b:1', environment: {DATABASE_URL: 'postgres://u:p@other/shop'}}\n",
    )
    assert [its["postgres"]["database"] for its in made.apps.values()] == ["shop", "shop_2"]
    assert made.config["data-tier:postgres"]["image"] == "postgres:17"
    assert "postgres:16 and postgres:17 become one version" in reasons(made, "other")["image"]
    assert made.problems == ()


def test_services_that_share_a_redis_database_are_told_that_a_prefix_parts_them(tmp_path):
    made = written(
        tmp_path,
        "services:\n  r: {image: 'redis:8'}\n"
        "  a: {image: 'a:1', environment: {REDIS_URL: 'redis://r'}}\n"
        "  b: {image: 'b:1', environment: {REDIS_HOST: r}}\n",
    )
    assert made.apps["a"]["redis"] == made.apps["b"]["redis"] == ["db0"]
    assert "a, b shared it" in reasons(made, "-")["redis db0"]


def test_what_depends_on_a_database_and_names_none_isnt_let_to_anothers(tmp_path):
    made = written(
        tmp_path,
        f"services:\n{PG}"
        "  a: {image: 'a:1', environment: {DATABASE_URL: 'postgres://u:p@pg/shop'}}\n"
        "  b: {image: 'b:1', depends_on: [pg]}\n",
    )
    assert "postgres" not in made.apps["b"]
    assert "names no database" in reasons(made, "b")["depends_on"]


def test_ports_that_two_tiers_cant_keep_apart_move_and_are_told(tmp_path):
    made = written(
        tmp_path,
        f"services:\n{PG}"
        "  site: {image: 'a:1', ports: ['80:80']}\n"
        "  shop: {image: 'a:1', ports: ['8080:80']}\n"
        "  api: {image: 'b:1', ports: ['127.0.0.1:8000:80'], environment: {DATABASE_URL: 'postgres://u:p@pg/shop'}}\n"
        "  any: {image: 'b:1', ports: ['80']}\n",
    )
    ports = {app: its["service"]["port"] for app, its in made.apps.items()}
    assert ports == {"site": "80:80", "shop": "8080:80", "api": "9000:80", "any": "81:80"}
    assert made.config["data-tier:network"]["backend"]["ports"] == "9000-9999"
    assert "it is 9000 now" in next(one.todo for one in made.left if (one.service, one.key) == ("api", "ports"))
    assert "Docker chose" in reasons(made, "any")["ports"]


def test_the_text_quotes_what_yaml_would_read_as_something_else(tmp_path):
    values = {
        "A": "true",
        "B": "1",
        "C": "null",
        "D": "a: b",
        "E": "#x",
        "F": "22:22",
        "G": "",
        "H": "*x",
        "I": "y",
        "J": 'q"\\',
    }
    body = "".join(
        f"      {key}: {value!r}\n" if '"' not in value else f"      {key}: 'q\"\\'\n" for key, value in values.items()
    )
    made = written(tmp_path, f"services:\n  web:\n    image: web:1\n    environment:\n{body}")
    assert made.apps["web"]["service"]["env"] == values
    import yaml

    from embedded import _yaml

    (tmp_path / "Pulumi.x.yaml").write_text(text(made))
    for found in (_yaml.read(tmp_path / "Pulumi.x.yaml"), yaml.safe_load(text(made))):
        assert found["config"]["data-tier:apps"]["web"]["service"]["env"] == values


def test_a_range_has_room_for_every_port_of_its_tier(tmp_path):
    url = "environment: {DATABASE_URL: 'postgres://u:p@pg/shop'}"
    made = written(
        tmp_path,
        f"services:\n{PG}"
        f"  api: {{image: 'b:1', ports: ['8084:80'], {url}}}\n"
        "  jobs: {image: 'b:1', ports: ['80'], environment: {REDIS_URL: 'redis://r'}}\n"
        "  r: {image: 'redis:8'}\n"
        "  page: {image: 'a:1', ports: ['127.0.0.1:8085:80']}\n",
    )
    assert {app: its["service"]["port"] for app, its in made.apps.items()} == {
        "api": "4000:80",
        "jobs": "4001:80",
        "page": "8085:80",
    }, "between 8084 and 8085 there is room for one"
    assert made.problems == ()
