"""A store and an app on volumes of their own, and one change per test."""

from __future__ import annotations

from typing import Any

import pytest
from pulumi_policy.proxy import UNKNOWN_ARRAY_VALUE, UNKNOWN_STRING_VALUE, UnknownValueError

from policies.containers import CONTAINER, SERVICE
from policies.rule import Level, Severity
from policies.rules.stack.refuse_shared_data_volume import RULE
from tests.policies.docker_models import APP, ONE_SHOT, STORE, SWARM
from tests.policies.judging import changed, found_in_stack, subject

MOUNT = {"volumeName": "db-data", "containerPath": "/srv"}


def violations(*containers: dict[str, Any], store: dict[str, Any] = STORE, kind: str = CONTAINER) -> list[str]:
    subjects = [subject(kind, store, name="store")]
    subjects += [subject(CONTAINER, props, name=f"container-{at}") for at, props in enumerate(containers)]
    return [one.message for one in found_in_stack(RULE, subjects)]


def app(*volumes: Any, **changes: Any) -> dict[str, Any]:
    return changed(APP, volumes=list(volumes), **changes)


def test_an_app_with_a_volume_of_its_own_passes():
    assert violations(app({**MOUNT, "volumeName": "web-data"})) == []


def test_the_rule_is_mandatory_and_critical():
    assert (RULE.level, RULE.severity) == (Level.MANDATORY, Severity.CRITICAL)


@pytest.mark.parametrize("read_only", [..., None, False, True])
def test_an_app_on_the_volume_of_a_store_is_refused(read_only):
    found = violations(app(changed({**MOUNT, "readOnly": read_only}, readOnly=read_only)))
    assert found == ["volumes[0]: an app is on the volume of a data container"]


def test_a_mount_of_the_volume_is_refused_too():
    props = changed(APP, mounts=[{"type": "volume", "source": "db-data", "target": "/srv"}])
    assert violations(props)[0].startswith("mounts[0]:")


def test_the_volume_of_a_swarm_service_is_one():
    assert len(violations(app(MOUNT), store=SWARM, kind=SERVICE)) == 1


@pytest.mark.parametrize("source", ["db", "/db", "db:ro"])
def test_an_app_that_takes_over_the_volumes_of_a_store_is_refused(source):
    assert len(violations(app({"fromContainer": source}))) == 1


def test_volumes_taken_over_by_way_of_another_container_count():
    middle = app({"fromContainer": "db"}, name="middle")
    assert len(violations(middle, app({"fromContainer": "middle"}))) == 2


def test_containers_that_take_over_each_other_s_volumes_pass():
    assert violations(app({"fromContainer": "b"}, name="a"), app({"fromContainer": "a"}, name="b")) == []


def test_a_volume_that_the_store_only_reads_may_be_filled():
    assert violations(ONE_SHOT) == []


@pytest.mark.parametrize("volumes", [..., None, []])
def test_an_app_without_volumes_passes(volumes):
    assert violations(changed(APP, volumes=volumes)) == []


@pytest.mark.parametrize(
    "volumes",
    [
        UNKNOWN_ARRAY_VALUE,
        [{"volumeName": UNKNOWN_STRING_VALUE, "containerPath": "/srv"}],
        [{"fromContainer": UNKNOWN_STRING_VALUE}],
    ],
)
def test_an_unknown_volume_is_told(volumes):
    with pytest.raises(UnknownValueError):
        violations(changed(APP, volumes=volumes))
