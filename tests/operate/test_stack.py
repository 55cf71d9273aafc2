"""What commands read of a stack's outputs."""

from __future__ import annotations

import pytest

from operate import pulumi, stack
from operate.errors import OperateError
from tests.operate.outputs import outputs
from tests.operate.outputs import stack as made


def test_an_app_is_known_by_its_service_or_by_its_data() -> None:
    for app in ("shop", "front", "mail"):
        made().require(app)
    with pytest.raises(OperateError, match="stack dev has no app nix; its apps: front, mail, shop, wiki"):
        made().require("nix")


def test_own_servers_are_told_from_shared_ones() -> None:
    assert [server.name for server in made().own_servers("wiki")] == ["t-wiki-postgres"]
    assert made().own_servers("shop") == [], "its servers are shared"
    assert [server.name for server in made().servers_used_by("shop")] == ["t-postgres", "t-redis"]


def test_during_a_move_an_app_has_stores_on_both_servers() -> None:
    apps = outputs()["apps"]
    apps["wiki"]["places"] = ["unified", "isolated"]
    moving = made(apps=apps)
    held = [key for key, server in moving.servers.items() if moving.holds(server, "wiki")]
    assert held == ["postgres", "redis", "postgres-wiki"]
    held = [key for key, server in moving.servers.items() if moving.holds(server, "shop")]
    assert held == ["postgres", "redis"], "another app's own server is never shop's"


def test_outputs_of_another_version_are_one_clear_message() -> None:
    old = outputs()
    del old["apps"]
    with pytest.raises(OperateError, match=r"built by another version of this program: `make up STACK=dev` renews it"):
        stack.parse("dev", old)


def test_urls_are_read_by_variable_and_migrations_get_a_name_of_their_own(monkeypatch: pytest.MonkeyPatch) -> None:
    told = {"urls": {"shop": {"database_url": "A", "redis_url_queue": "B"}}, "migrate_urls": {"shop": "C"}}
    monkeypatch.setattr(pulumi, "outputs", lambda stack, show_secrets: outputs(secrets=told))
    _, secrets = stack.read_with_secrets("dev")
    assert secrets.of("shop") == {"DATABASE_URL": "A", "REDIS_URL_QUEUE": "B", "MIGRATE_DATABASE_URL": "C"}
    assert secrets.of("front") == {}
    assert "A" not in repr(secrets), "a secret that is printed by chance must not show"
