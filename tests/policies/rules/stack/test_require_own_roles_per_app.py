"""Two databases with roles of their own, and one change per test."""

from __future__ import annotations

from typing import Any

import pytest
from pulumi_policy.proxy import UNKNOWN_ARRAY_VALUE, UNKNOWN_STRING_VALUE, UnknownValueError

from policies.rule import Subject
from policies.rules.postgresql._types import DATABASE, DEFAULT_PRIVILEGES, GRANT, GRANT_ROLE, PROVIDER, ROLE, SCHEMA
from policies.rules.stack.require_own_roles_per_app import RULE
from tests.policies.judging import changed, found_in_stack, subject

ONE, OTHER = "provider-one", "provider-other"
Declared = tuple[str, dict[str, Any]]


def app(name: str, **login: Any) -> list[Declared]:
    """A database, its owner without login, its group, and a login in that group."""
    return [
        (ROLE, {"name": f"{name}_owner", "login": False}),
        (ROLE, {"name": name, "login": False}),
        (ROLE, changed({"name": f"{name}_a", "login": True, "roles": [name]}, **login)),
        (DATABASE, {"name": name, "owner": f"{name}_owner"}),
        (GRANT, {"database": name, "role": name, "objectType": "database", "privileges": ["CONNECT"]}),
    ]


def on(provider: str, declared: list[Declared]) -> list[Subject]:
    made = [subject(kind, props, name=f"{provider}-{at}") for at, (kind, props) in enumerate(declared)]
    return [Subject(one.type, one.name, one.urn, one.props, provider=provider) for one in made]


def violations(*declared: Declared, **settings: Any) -> list[str]:
    found = found_in_stack(RULE, on(ONE, [*app("shop"), *app("blog"), *declared]), **settings)
    return [one.message for one in found]


def grant(role: str, kind: str = GRANT, **changes: Any) -> Declared:
    base = {"database": "blog", "role": role, "objectType": "table", "privileges": ["SELECT"]}
    return (kind, changed(base, **changes))


def test_databases_with_roles_of_their_own_pass():
    assert violations() == []


@pytest.mark.parametrize("owner", ["shop_owner", "SHOP_OWNER", '"shop_owner"'])
def test_two_databases_of_one_owner_are_refused(owner):
    found = violations((DATABASE, {"name": "third", "owner": owner}))
    assert "owner: the same role owns the databases shop, third" in found


@pytest.mark.parametrize("owner", [..., None, ""])
def test_two_databases_without_an_owner_belong_to_the_same_login(owner):
    props = [(DATABASE, changed({"name": name, "owner": owner}, owner=owner)) for name in ("one", "two")]
    assert len(violations(props[0])) == 0
    assert len(violations(*props)) == 2


def test_an_unknown_owner_is_told_and_is_nobody_elses():
    subjects = on(ONE, [(DATABASE, {"name": name, "owner": UNKNOWN_STRING_VALUE}) for name in ("one", "two")])
    assert list(RULE.findings(subjects, RULE.defaults())) == []
    with pytest.raises(UnknownValueError):
        found_in_stack(RULE, subjects)


@pytest.mark.parametrize("kind", [GRANT, DEFAULT_PRIVILEGES])
@pytest.mark.parametrize("role", ["shop", "shop_a"])
def test_a_grant_on_another_database_is_refused(kind, role):
    assert any("reaches the databases blog, shop" in message for message in violations(grant(role, kind)))


@pytest.mark.parametrize("privileges", [..., None, []])
def test_a_grant_of_nothing_passes(privileges):
    assert violations(grant("shop", privileges=privileges)) == []


def test_a_grant_to_everybody_belongs_to_another_rule():
    assert violations(grant("public")) == []


def test_a_login_in_two_groups_is_refused():
    login = (ROLE, {"name": "both", "login": True, "roles": ["shop", "blog"]})
    assert violations(login) == ["role both reaches the databases blog, shop"]


def test_a_membership_by_a_resource_of_its_own_counts():
    assert violations((GRANT_ROLE, {"role": "shop_a", "grantRole": "blog"})) == [
        "role shop_a reaches the databases blog, shop"
    ]


def test_memberships_are_followed_to_their_end():
    between = [(ROLE, {"name": "between", "roles": ["blog"]}), (ROLE, {"name": "x", "roles": ["between", "shop"]})]
    assert violations(*between) == ["role x reaches the databases blog, shop"]


def test_memberships_in_a_circle_end():
    assert violations((GRANT_ROLE, {"role": "shop", "grantRole": "shop_a"})) == []


def test_a_role_from_elsewhere_is_judged_by_its_grants():
    assert violations(grant("stranger", database="shop"), grant("stranger")) == [
        "role stranger reaches the databases blog, shop"
    ]


def test_a_schema_counts_as_its_database():
    schema = (SCHEMA, {"name": "x", "database": "blog", "owner": "shop_owner"})
    assert violations(schema) == ["role shop_owner reaches the databases blog, shop"]
    policy = (SCHEMA, {"name": "x", "database": "blog", "policies": [{"role": "shop", "usage": True}]})
    assert len(violations(policy)) == 2


def test_readers_may_reach_several():
    reader = (ROLE, {"name": "exporter", "login": True, "roles": ["shop", "blog"]})
    assert violations(reader, readers=["Exporter"]) == []


def test_the_same_names_on_another_server_pass():
    assert found_in_stack(RULE, [*on(ONE, app("shop")), *on(OTHER, app("shop"))]) == []
    third = (DATABASE, {"name": "third", "owner": "shop_owner"})
    assert found_in_stack(RULE, [*on(ONE, app("shop")), *on(OTHER, [third])]) == []


def test_two_providers_of_one_server_are_one_server():
    providers = [
        subject(PROVIDER, {"host": "10.0.0.1", "port": port}, name=urn, urn=urn)
        for urn, port in ((ONE, "5432"), (OTHER, ...))
    ]
    providers[1] = subject(PROVIDER, {"host": "10.0.0.1"}, name=OTHER, urn=OTHER)
    third = on(OTHER, [(DATABASE, {"name": "third", "owner": "shop_owner"})])
    found = found_in_stack(RULE, [*providers, *on(ONE, app("shop")), *third])
    assert any("shop, third" in one.message for one in found)


@pytest.mark.parametrize(
    "declared",
    [
        grant(UNKNOWN_STRING_VALUE),
        grant("shop", database=UNKNOWN_STRING_VALUE),
        grant("shop", privileges=UNKNOWN_ARRAY_VALUE),
        (ROLE, {"name": "x", "roles": UNKNOWN_ARRAY_VALUE}),
        (GRANT_ROLE, {"role": UNKNOWN_STRING_VALUE, "grantRole": "blog"}),
    ],
)
def test_an_unknown_value_is_told(declared):
    with pytest.raises(UnknownValueError):
        violations(declared)


def test_memberships_of_any_depth_are_followed():
    chain: list[Declared] = [(ROLE, {"name": f"r{at}", "roles": [f"r{at + 1}"]}) for at in range(1500)]
    found = violations(*chain, grant("r1500"), grant("r1500", database="shop"))
    assert sum(message.startswith("role r") for message in found) == 1501


def test_roles_that_are_members_of_each_other_end():
    circle: list[Declared] = [(ROLE, {"name": name, "roles": [other]}) for name, other in ("xy", "yx")]
    assert len(violations(*circle, grant("x"), grant("y", database="shop"))) == 2


def test_a_ladder_of_memberships_takes_no_longer_with_each_level():
    ladder: list[Declared] = [
        (ROLE, {"name": f"{side}{at}", "roles": [f"a{at + 1}", f"b{at + 1}"]}) for at in range(60) for side in "ab"
    ]
    assert violations(*ladder, grant("a60")) == []


def of_readers(**login: Any) -> list[Subject]:
    """One reader of both databases, as the program declares it."""
    made = on(ONE, [*app("shop"), *app("blog")])
    group = {"name": "analytics_ro", "login": False, "roles": ["data_tier_readers"]}
    kinds = "data-tier:postgres:Readers$data-tier:postgres:Reader"
    for at, props in enumerate(
        [{"name": "data_tier_readers"}, group, changed({"name": "analytics_ro_a", "roles": ["analytics_ro"]}, **login)]
    ):
        urn = f"urn:pulumi:dev::p::{kinds}${ROLE}::reader-{at}"
        made.append(Subject(ROLE, f"reader-{at}", urn, subject(ROLE, props).props, provider=ONE))
    return made + on(ONE, [grant("analytics_ro", database=name) for name in ("shop", "blog")])


def more(declared: list[Subject], *others: Declared) -> list[str]:
    return [one.message for one in found_in_stack(RULE, [*declared, *on(ONE, list(others))])]


def test_a_reader_of_the_program_may_read_several_databases():
    assert more(of_readers()) == []


@pytest.mark.parametrize(
    "other",
    [
        grant("analytics_ro", privileges=["SELECT", "INSERT"]),
        grant("analytics_ro_a", privileges=["UPDATE"]),
        grant("data_tier_readers", privileges=["ALL"]),
        grant("analytics_ro", DEFAULT_PRIVILEGES, objectType="sequence", privileges=["USAGE"]),
        (DATABASE, {"name": "third", "owner": "analytics_ro"}),
        (GRANT_ROLE, {"role": "analytics_ro_a", "grantRole": "blog"}),
    ],
)
def test_a_reader_that_can_do_more_than_read_is_refused(other):
    assert any("analytics_ro_a reaches the databases" in message for message in more(of_readers(), other))


def test_a_reader_that_is_a_member_of_an_app_is_refused():
    found = more(of_readers(roles=["analytics_ro", "shop"]))
    assert found == ["role analytics_ro_a reaches the databases blog, shop"]
