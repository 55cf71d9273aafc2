"""Commands pass by list only, where the configuration asks for it."""

from __future__ import annotations

import pytest
from pulumi_policy.proxy import UNKNOWN_STRING_VALUE, UnknownValueError

from policies.rule import Level
from policies.rules.command.command.refuse_opening_command import LOCAL, REMOTE
from policies.rules.command.command.refuse_unlisted_command import COPIES, RULE
from tests.policies.judging import found

OWN = ".venv/bin/python -m operate.redis_users set"


def test_the_rule_is_advisory_until_it_is_configured():
    assert RULE.level is Level.ADVISORY


@pytest.mark.parametrize("kind", [LOCAL, REMOTE])
@pytest.mark.parametrize("store", ["redis", "mongo"])
def test_the_programs_own_command_is_listed(kind, store):
    own = OWN.replace("redis", store)
    assert found(RULE, kind, {"create": own, "delete": own.replace("set", "delete")}) == []


@pytest.mark.parametrize("kind", ["postgres", "redis", "mongo"])
def test_telling_a_server_of_its_certificate_is_listed(kind):
    assert found(RULE, LOCAL, {"create": f".venv/bin/python -m operate.reload_tls {kind}"}) == []


@pytest.mark.parametrize("command", ["apply", "reset"])
def test_the_limits_of_a_role_are_listed(command):
    assert found(RULE, LOCAL, {"create": f".venv/bin/python -m operate.role_limits {command}"}) == []


@pytest.mark.parametrize("what", ["look-up", "pools", "reload"])
def test_setting_up_a_pooler_is_listed(what):
    assert found(RULE, LOCAL, {"create": f".venv/bin/python -m operate.pooler {what}"}) == []


@pytest.mark.parametrize("what", ["readers guard", "readers grant", "readers revoke", "row_level_security install"])
def test_what_readers_and_row_level_security_need_is_listed(what):
    assert found(RULE, LOCAL, {"create": f".venv/bin/python -m operate.{what}"}) == []
    assert len(found(RULE, LOCAL, {"create": f".venv/bin/python -m operate.{what} all"})) == 1


@pytest.mark.parametrize("what", ["external_server check", "external_server join", "extensions check"])
def test_looking_at_a_server_before_anything_is_made_there_is_listed(what):
    assert found(RULE, LOCAL, {"create": f".venv/bin/python -m operate.{what}"}) == []


@pytest.mark.parametrize(
    "what", ["exporter_users set", "exporter_users delete", "monitoring configure", "monitoring turned"]
)
def test_what_the_monitoring_needs_is_listed(what):
    assert found(RULE, LOCAL, {"create": f".venv/bin/python -m operate.{what}"}) == []
    assert len(found(RULE, LOCAL, {"create": f".venv/bin/python -m operate.{what} all"})) == 1


@pytest.mark.parametrize("kind", ["postgres", "redis"])
def test_telling_a_server_of_its_admins_password_is_listed(kind):
    assert found(RULE, LOCAL, {"create": f".venv/bin/python -m operate.turn_admin {kind}"}) == []


@pytest.mark.parametrize("command", ["./deploy.sh", "make up", f"{OWN}; ls", f"{OWN}\nls", f"x{OWN}", f"{OWN}x"])
@pytest.mark.parametrize("key", ["create", "update", "delete"])
def test_every_other_command_is_reported(command, key):
    assert len(found(RULE, LOCAL, {key: command})) == 1


@pytest.mark.parametrize("command", [None, "", " "])
def test_no_command_needs_no_listing(command):
    assert found(RULE, LOCAL, {"create": command}) == []


def test_a_listed_command_through_another_interpreter_is_reported():
    assert len(found(RULE, LOCAL, {"create": OWN, "interpreter": ["./x"]})) == 1


@pytest.mark.parametrize("kind", sorted(COPIES))
def test_a_copied_file_must_be_listed(kind):
    assert len(found(RULE, kind, {"remotePath": "/srv/x.sh"})) == 1
    assert found(RULE, kind, {"remotePath": "/etc/app.conf"}, allow=[r"/etc/app\.conf"]) == []


def test_an_unknown_command_is_told():
    with pytest.raises(UnknownValueError):
        found(RULE, LOCAL, {"create": UNKNOWN_STRING_VALUE})
