"""A database begins empty."""

from __future__ import annotations

import pytest
from pulumi_policy.proxy import UNKNOWN_STRING_VALUE, UnknownValueError

from policies.rules.postgresql._types import DATABASE
from policies.rules.postgresql.database.refuse_copied_database import RULE
from tests.policies.judging import changed, found


@pytest.mark.parametrize("template", ["template0", "template1", "DEFAULT", "", None, ...])
def test_an_empty_template_passes(template):
    assert found(RULE, DATABASE, changed({"name": "shop", "template": template})) == []


@pytest.mark.parametrize("template", ["blog", '"blog"', "template2"])
def test_a_copy_of_another_database_is_refused(template):
    assert len(found(RULE, DATABASE, {"name": "shop", "template": template})) == 1


def test_a_listed_template_passes():
    assert found(RULE, DATABASE, {"template": "gis"}, allow=["gis"]) == []


def test_an_unknown_template_is_told():
    with pytest.raises(UnknownValueError):
        found(RULE, DATABASE, {"template": UNKNOWN_STRING_VALUE})
