"""Extensions pass by list only."""

from __future__ import annotations

import pytest
from pulumi_policy.proxy import UNKNOWN_STRING_VALUE, UnknownValueError

from policies.rules.postgresql._types import EXTENSION
from policies.rules.postgresql.extension.refuse_unlisted_extension import RULE
from tests.policies.judging import changed, found


@pytest.mark.parametrize("name", ["vector", "pg_trgm", "uuid-ossp", "PGCRYPTO"])
def test_a_listed_extension_passes(name):
    assert found(RULE, EXTENSION, {"name": name, "database": "shop"}) == []


@pytest.mark.parametrize(
    "name", ["dblink", "postgres_fdw", "file_fdw", "adminpack", "plpython3u", "plperlu", "pg_cron", "x", "", None, ...]
)
def test_every_other_and_a_missing_one_is_refused(name):
    assert len(found(RULE, EXTENSION, changed({"name": name, "database": "shop"}))) == 1


def test_an_unknown_name_is_told():
    with pytest.raises(UnknownValueError):
        found(RULE, EXTENSION, {"name": UNKNOWN_STRING_VALUE})


def test_the_list_can_be_another():
    assert found(RULE, EXTENSION, {"name": "pg_cron"}, allow=["pg_cron"]) == []
    assert len(found(RULE, EXTENSION, {"name": "vector"}, allow=[])) == 1
