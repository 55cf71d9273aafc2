"""What leads out passes by list only."""

from __future__ import annotations

import pytest
from pulumi_policy.proxy import UNKNOWN_STRING_VALUE, UnknownValueError

from policies.rules.postgresql._types import ROLE, SERVER, USER_MAPPING
from policies.rules.postgresql.server.refuse_unlisted_outlet import RULE
from tests.policies.judging import changed, found


def key(kind: str) -> str:
    return "serverName" if kind in (SERVER, USER_MAPPING) else "name"


@pytest.mark.parametrize("kind", sorted(RULE.types))
@pytest.mark.parametrize("name", ["x", "", None, ...])
def test_each_outlet_is_refused_whatever_its_name(kind, name):
    (message,) = found(RULE, kind, changed({key(kind): name, "conninfo": "password=hunter2"}))
    assert "hunter2" not in message


@pytest.mark.parametrize("kind", sorted(RULE.types))
def test_a_listed_one_passes_and_lets_no_other_through(kind):
    assert found(RULE, kind, {key(kind): "move"}, allow=["move"]) == []
    assert len(found(RULE, kind, {key(kind): "other"}, allow=["move"])) == 1


def test_an_unknown_name_is_refused_where_none_is_listed_and_told_where_one_is():
    assert len(found(RULE, SERVER, {"serverName": UNKNOWN_STRING_VALUE})) == 1
    with pytest.raises(UnknownValueError):
        found(RULE, SERVER, {"serverName": UNKNOWN_STRING_VALUE}, allow=["move"])


def test_a_role_is_no_outlet():
    assert found(RULE, ROLE, {"name": "x"}) == []
