"""What comes up, and who can talk to it from where."""

from __future__ import annotations

import json
import urllib.request
from typing import Any

import pytest

from tests.integration.conftest import Stack
from tests.integration.daemon import outside_address, reachable

pytestmark = pytest.mark.integration


def report(port: int, address: str = "127.0.0.1") -> dict[str, Any]:
    with urllib.request.urlopen(f"http://{address}:{port}/", timeout=20) as answer:
        found: dict[str, Any] = json.load(answer)
        return found


def ports(stack: Stack, home: str) -> dict[str, int]:
    return {
        app: int(its["url"].rstrip("/").rsplit(":", 1)[1])
        for app, its in stack.services.items()
        if its["tiers"][0] == home
    }


def test_every_container_is_healthy(stack: Stack) -> None:
    health = {name: item.attrs["State"]["Health"]["Status"] for name, item in stack.host.containers().items()}
    assert len(health) >= 10, "two servers and eight services"
    assert set(health.values()) == {"healthy"}, health


def test_every_backend_reaches_its_own_database_as_its_first_login(stack: Stack) -> None:
    for app, port in ports(stack, "backend").items():
        database = stack.config["data-tier:apps"][app]["postgres"]["database"]
        told = report(port)["database"]
        assert told["ok"], told
        assert (told["database"], told["user"]) == (database, f"{database}_a"), app


def test_every_backend_reaches_its_number_of_redis_as_its_own_user(stack: Stack) -> None:
    numbers = stack.config["data-tier:redis"]["databases"]
    for app, port in ports(stack, "backend").items():
        purpose = stack.config["data-tier:apps"][app]["redis"][0]
        assert report(port)["redis"] == {"ok": True, "db": numbers[purpose], "user": app}


def test_vector_queries_work_where_the_extension_is_declared(stack: Stack) -> None:
    declared = {
        app
        for app, its in stack.config["data-tier:apps"].items()
        if "vector" in its.get("postgres", {}).get("extensions", [])
    }
    asked = {app: report(port)["database"] for app, port in ports(stack, "backend").items() if app in declared}
    assert asked, "no backend declares vector: nothing was tried"
    for app, told in asked.items():
        assert told["vector_distance"] == pytest.approx(27**0.5), app  # from (1,2,3) to (4,5,6)


def test_every_database_has_the_extensions_that_it_declares(stack: Stack) -> None:
    for app, login in stack.stores.apps.items():
        wanted = set(stack.config["data-tier:apps"][app]["postgres"].get("extensions", []))
        with stack.stores.sql(login) as connection:
            found = {name for (name,) in connection.execute("SELECT extname FROM pg_extension")}
        assert found == wanted | {"plpgsql"}, app


def test_frontends_answer_from_outside_the_host(stack: Stack) -> None:
    for app, port in ports(stack, "frontend").items():
        for address in ("127.0.0.1", outside_address()):
            assert report(port, address)["app"] == app


def test_frontends_reach_their_apis(stack: Stack) -> None:
    for app, port in ports(stack, "frontend").items():
        declared = stack.config["data-tier:apps"][app]["service"]["env"]
        told = report(port)["apis"]
        assert set(told) == set(declared), app
        assert all(answer["ok"] for answer in told.values()), told


@pytest.mark.parametrize("tier", ["backend", "admin"])
def test_internal_tiers_answer_on_loopback_only(stack: Stack, tier: str) -> None:
    published = ports(stack, tier).values()
    assert reachable(*(("127.0.0.1", port) for port in published)) == [("127.0.0.1", port) for port in published]
    assert reachable(*((outside_address(), port) for port in published)) == []


def test_services_without_stores_hold_no_data_url(stack: Stack) -> None:
    for app, its in stack.services.items():
        environment = stack.host.containers()[its["name"]].attrs["Config"]["Env"]
        told = [name for name in environment if name.startswith(("DATABASE_URL", "REDIS_URL"))]
        has_stores = "postgres" in stack.config["data-tier:apps"][app]
        assert bool(told) == has_stores, app
        assert all("_FILE=" in name for name in told), "a URL is told as the path of a file, never by value"
