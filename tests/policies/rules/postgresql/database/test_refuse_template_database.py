"""A database that is a template is reported."""

from __future__ import annotations

import pytest
from pulumi_policy.proxy import UNKNOWN_BOOLEAN_VALUE, UnknownValueError

from policies.rule import Level
from policies.rules.postgresql._types import DATABASE
from policies.rules.postgresql.database.refuse_template_database import RULE
from tests.policies.judging import found


@pytest.mark.parametrize(("template", "count"), [(True, 1), ("true", 1), (False, 0), (None, 0), ("", 0)])
def test_a_template_is_reported(template, count):
    assert RULE.level is Level.ADVISORY
    assert len(found(RULE, DATABASE, {"name": "shop", "isTemplate": template})) == count


def test_an_unknown_mark_is_told():
    with pytest.raises(UnknownValueError):
        found(RULE, DATABASE, {"isTemplate": UNKNOWN_BOOLEAN_VALUE})
