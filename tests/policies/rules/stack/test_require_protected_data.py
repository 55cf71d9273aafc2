"""Protected data of each kind, and one change per test."""

from __future__ import annotations

from typing import Any

import pytest
from pulumi_policy.proxy import UNKNOWN_ARRAY_VALUE, UNKNOWN_OBJECT_VALUE, UNKNOWN_STRING_VALUE, UnknownValueError

from policies.containers import CONTAINER
from policies.rule import Subject
from policies.rules.postgresql._types import DATABASE, GRANT, ROLE, SCHEMA
from policies.rules.stack.require_protected_data import RULE
from tests.policies.docker_models import APP, STORE
from tests.policies.graphs import own_graph, subjects
from tests.policies.judging import changed, found_in_stack, subject

VOLUME = "docker:index/volume:Volume"
PASSWORD = "random:index/randomPassword:RandomPassword"
INSIDE = f"urn:pulumi:dev::p::data-tier:postgres:PostgresServer${PASSWORD}::x"


def violations(*subjects: Subject) -> list[str]:
    return [one.message for one in found_in_stack(RULE, subjects)]


def volume(name: str = "db-data", *, protect: bool = False, **props: Any) -> Subject:
    return subject(VOLUME, {"name": name, **props}, protect=protect)


def store(**changes: Any) -> Subject:
    return subject(CONTAINER, changed(STORE, **changes), name="store")


def stack(**entry: Any) -> Subject:
    return subject("pulumi:pulumi:Stack", {"apps": {"shop": entry}}, name="stack")


def test_protected_data_passes():
    kinds = (VOLUME, DATABASE, ROLE, SCHEMA, PASSWORD)
    assert violations(store(), *(subject(kind, {"name": "db-data"}, protect=True) for kind in kinds)) == []


def test_an_unprotected_volume_of_a_store_is_refused():
    assert violations(volume(), store()) == ["protect: a volume with data isn't protected"]


def test_a_volume_is_known_by_its_label_too():
    assert len(violations(volume("x", labels=[{"label": "data-tier.tier", "value": "data"}]))) == 1


def test_a_volume_that_a_store_only_reads_passes():
    assert violations(volume("db-secrets"), store()) == []


def with_socket(**more: Any) -> Subject:
    volumes = [*STORE["volumes"], {"volumeName": "db-socket", "containerPath": "/var/run/postgresql"}]
    return store(volumes=volumes, **more)


def test_a_volume_for_postgresqls_socket_passes():
    assert violations(volume("db-socket"), with_socket()) == []


@pytest.mark.parametrize(
    "more",
    [
        {"envs": ["PGDATA=/var/run/postgresql/data"]},
        {"command": ["postgres", "-D", "/run/postgresql/data"]},
    ],
)
def test_a_volume_that_has_data_beside_the_socket_is_refused(more: dict[str, Any]):
    assert violations(volume("db-socket"), with_socket(**more))


def test_a_volume_of_an_app_passes():
    mounted = changed(APP, volumes=[{"volumeName": "media", "containerPath": "/media"}])
    assert violations(volume("media"), subject(CONTAINER, mounted, name="app")) == []


def test_a_volume_that_nobody_mounts_passes():
    assert violations(volume("other"), store()) == []


@pytest.mark.parametrize("kind", [DATABASE, ROLE, SCHEMA])
def test_an_unprotected_database_object_is_refused(kind):
    assert len(violations(subject(kind, {"name": "shop"}))) == 1


@pytest.mark.parametrize("kind", [ROLE, PASSWORD])
def test_what_a_reader_consists_of_holds_no_data_and_passes(kind):
    urn = f"urn:pulumi:dev::p::data-tier:postgres:Readers$data-tier:postgres:Reader${kind}::x"
    assert violations(subject(kind, {"name": "analytics_ro"}, urn=urn)) == []


def test_a_database_is_data_wherever_it_is_declared():
    urn = f"urn:pulumi:dev::p::data-tier:postgres:Readers${DATABASE}::x"
    assert len(violations(subject(DATABASE, {"name": "shop"}, urn=urn))) == 1


def test_a_grant_can_be_made_anew_and_passes():
    assert violations(subject(GRANT, {"role": "shop"})) == []


def test_an_unprotected_password_of_a_data_component_is_refused():
    assert len(violations(subject(PASSWORD, {"length": 32}, urn=INSIDE))) == 1


def test_a_password_is_known_by_its_name_too():
    assert len(violations(subject(PASSWORD, {"length": 32}, name="postgres-admin"))) == 1
    assert violations(subject(PASSWORD, {"length": 32}, name="session-key")) == []


def test_what_a_pooler_makes_again_by_itself_passes():
    urn = f"urn:pulumi:dev::p::data-tier:pooler:PgBouncer${ROLE}::x"
    assert violations(subject(ROLE, {"name": "pgbouncer_auth"}, urn=urn)) == []


@pytest.mark.parametrize(("entry", "count"), [({"purging": True}, 0), ({"purging": False}, 1), ({}, 1)])
def test_while_an_app_is_purged_what_goes_with_it_is_unprotected(entry, count):
    assert len(violations(stack(**entry), subject(DATABASE, {}, name="postgres-shop-database"))) == count


def test_a_shared_servers_password_goes_with_the_last_app():
    assert violations(stack(purging=True), subject(PASSWORD, {"length": 32}, urn=INSIDE)) == []


def test_a_stack_of_the_program_without_protection_is_refused():
    bare = [Subject(one.type, one.name, one.urn, one.props) for one in subjects(own_graph("mixed"))]
    kinds = {one.urn.split("::")[2].split("$")[-1] for one in found_in_stack(RULE, bare)}
    assert kinds == {VOLUME, DATABASE, ROLE, PASSWORD}


@pytest.mark.parametrize(
    "subjects",
    [
        (volume(), store(volumes=UNKNOWN_ARRAY_VALUE)),
        (subject(VOLUME, {"name": UNKNOWN_STRING_VALUE}), store()),
        (volume("x", labels=UNKNOWN_ARRAY_VALUE),),
        (subject("pulumi:pulumi:Stack", {"apps": UNKNOWN_OBJECT_VALUE}, name="s"), volume("x")),
        (volume(), subject(CONTAINER, {"image": UNKNOWN_STRING_VALUE, "volumes": STORE["volumes"]}, name="store")),
    ],
)
def test_an_unknown_value_is_told(subjects):
    with pytest.raises(UnknownValueError):
        violations(*subjects)


def test_nothing_need_be_known_where_everything_is_protected():
    assert violations(volume(protect=True), store(volumes=UNKNOWN_ARRAY_VALUE)) == []


@pytest.mark.parametrize(("kind", "passes"), [(ROLE, True), (PASSWORD, True), (DATABASE, False)])
def test_the_watchdogs_login_holds_no_data(kind, passes):
    urn = f"urn:pulumi:dev::p::data-tier:postgres:UnifiedPostgres$data-tier:postgres:Watchdog${kind}::postgres-x"
    one = Subject(kind, "postgres-x", urn, subject(kind, {"name": "x"}).props)
    assert (violations(one) == []) is passes


def admin(
    name: str, generation: str | None, *, protect: bool = False, parent: str = "postgres:PostgresServer"
) -> Subject:
    urn = f"urn:pulumi:dev::p::data-tier:{parent}${PASSWORD}::{name}"
    props = {"length": 32, **({"keepers": {"generation": generation}} if generation else {})}
    return subject(PASSWORD, props, name=name, urn=urn, protect=protect)


def test_an_admins_password_before_passes_beside_its_protected_next_generation():
    assert violations(admin("x", None), admin("x-b", "2", protect=True)) == []
    assert violations(admin("x", "3", protect=True), admin("x-b", "2")) == []


@pytest.mark.parametrize(
    "other",
    [
        admin("x-b", "2"),
        admin("y-b", "2", protect=True),
        admin("x-b", "2", protect=True, parent="redis:RedisWithDbs"),
        admin("x-b", None, protect=True),
        admin("x-c", "2", protect=True),
    ],
    ids=["unprotected", "another one's", "another server's", "no later one", "no turn of it"],
)
def test_an_admins_only_password_is_refused(other):
    assert len(violations(admin("x", None), other)) >= 1
