"""URLs as drivers take them."""

from __future__ import annotations

from urllib.parse import parse_qs, urlsplit

import pytest

from components import drivers
from components.config import SettingsError, parse
from tests.components.recording import build_from
from tests.components.samples import small

LIBPQ = "?sslmode=verify-full&sslrootcert=/run/secrets/ca.crt"


@pytest.mark.parametrize(
    ("driver", "scheme"),
    [(None, "postgresql"), ("psycopg", "postgresql+psycopg"), ("psycopg2", "postgresql+psycopg2")],
)
def test_drivers_over_libpq_take_its_parameters(driver, scheme):
    assert (drivers.scheme(driver), drivers.query(driver, LIBPQ)) == (scheme, LIBPQ)


def test_asyncpg_is_told_the_same_in_a_parameter_of_its_own():
    assert drivers.scheme("asyncpg") == "postgresql+asyncpg"
    query = drivers.query("asyncpg", LIBPQ)
    [dsn] = parse_qs(query.removeprefix("?"))["dsn"]
    assert urlsplit(dsn).query == LIBPQ.removeprefix("?")
    assert drivers.query("asyncpg", "") == ""


def url_of(raw, app: str) -> str:
    found = {}

    def seen(topology) -> None:
        database = topology.stores[app]["unified"].database
        for name in ("url", "direct_url", "migrate_url"):
            getattr(database, name).apply(lambda url, name=name: found.setdefault(name, url))

    build_from(raw, seen)
    return found


def test_the_app_gets_urls_for_its_driver_and_migrations_plain_ones():
    raw = small()
    raw["apps"]["shop"]["postgres"]["driver"] = "asyncpg"
    urls = url_of(raw, "shop")
    assert urls["url"].startswith("postgresql+asyncpg://shop_a:")
    assert "?dsn=postgres%3A%2F%2F%2F%3Fsslmode%3Dverify-full" in urls["url"]
    assert urls["direct_url"] == urls["url"]
    assert urls["migrate_url"].startswith("postgresql://shop_migrate:")
    assert urls["migrate_url"].endswith(LIBPQ)


def test_an_unknown_driver_is_refused():
    raw = small()
    raw["apps"]["shop"]["postgres"]["driver"] = "pg8000"
    with pytest.raises(SettingsError, match=r"postgres\.driver = 'pg8000': this must be 'asyncpg', 'psycopg'"):
        parse(raw)
