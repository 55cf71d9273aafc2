"""What happens to the provider when the server restarts, is away, or refuses it."""

from __future__ import annotations

import secrets
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest

from embedded.providers.base import ProviderError
from embedded.providers.postgresql import PostgresqlProvider
from tests.embedded.providers.postgresql.conftest import ROLE, SCHEMA, Bench

pytestmark = pytest.mark.integration


def elsewhere(bench: Bench, **settings: str) -> Bench:
    """The same bench with another configuration."""
    provider = PostgresqlProvider()
    provider.configure({**bench.server.settings, **settings})
    return replace(bench, provider=provider)


def test_connections_that_a_restart_has_cut_are_opened_again(bench):
    database, role = bench.database(), bench.role("role")
    schema = bench.create(SCHEMA, name="app", database=database.name)
    address = bench.server.host
    bench.server.container.kill("SIGINT")  # fast shutdown: SIGTERM would wait for the provider's own sessions
    bench.server.container.wait(timeout=20)
    bench.server.container.start()
    bench.server.wait()
    assert bench.server.host == address
    assert (role.drift(), database.drift(), schema.drift()) == ([], [], [])
    role.update(name=role.name, connectionLimit=2)
    assert role.drift() == []


def test_connections_that_an_administrator_has_ended_are_opened_again(bench):
    roles = [bench.role(f"role{number}") for number in range(4)]
    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(lambda role: role.refresh(), roles)) == [True] * 4
    bench.server.sql("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'data-tier'")
    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(lambda role: role.refresh(), roles)) == [True] * 4


def test_a_server_that_is_away_is_one_clear_error_with_its_address(bench):
    away = elsewhere(bench, port="5999")
    began = time.monotonic()
    with pytest.raises(ProviderError) as caught:
        away.role("role", login=True, password=secrets.token_urlsafe(12))
    message = str(caught.value)
    assert f"{bench.server.host}:5999" in message
    assert "\n" not in message
    assert bench.server.password not in message
    assert time.monotonic() - began < 5


def test_a_wrong_password_is_said_and_not_shown(bench):
    wrong = elsewhere(bench, password="not-the-password")
    with pytest.raises(ProviderError, match="password authentication failed") as caught:
        wrong.provider.read(ROLE, "postgres", {}, {})
    assert f"{bench.server.host}:5432" in str(caught.value)
    assert "not-the-password" not in str(caught.value)


def test_a_server_without_tls_is_said_where_tls_is_asked_for(bench):
    with pytest.raises(ProviderError, match="SSL") as caught:
        elsewhere(bench, sslmode="require").provider.read(ROLE, "postgres", {}, {})
    assert f"{bench.server.host}:5432" in str(caught.value)


def test_no_more_connections_are_open_than_the_configuration_allows(bench):
    password = secrets.token_urlsafe(12)
    admin = bench.role("admin", login=True, superuser=True, password=password)
    few = elsewhere(bench, username=admin.name, password=password, maxConnections="2")
    roles = [few.role(f"role{number}") for number in range(8)]
    open_now = f"SELECT count(*) FROM pg_stat_activity WHERE usename = '{admin.name}'"
    seen = []
    with bench.server.connect() as watch, ThreadPoolExecutor(8) as pool:
        work = [pool.submit(role.drift) for role in roles for _ in range(6)]
        while not all(one.done() for one in work):
            seen.append(watch.execute(open_now).fetchone()[0])
    assert [one.result() for one in work] == [[]] * len(work)
    assert max(seen) == 2
