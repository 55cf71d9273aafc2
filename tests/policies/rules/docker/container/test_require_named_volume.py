"""One compliant resource and one change per test."""

from __future__ import annotations

import pytest
from pulumi_policy.proxy import UNKNOWN_ARRAY_VALUE, UNKNOWN_STRING_VALUE, UnknownValueError

from policies.containers import CONTAINER, SERVICE
from policies.rules.docker.container.require_named_volume import RULE
from tests.policies.docker_models import APP, STORE, swarm
from tests.policies.judging import changed, found

DATA = "/var/lib/postgresql/data"


def store(**changes):
    return found(RULE, CONTAINER, changed(STORE, **changes))


@pytest.mark.parametrize(
    "volumes", [..., None, [], [{"volumeName": "s", "containerPath": "/run/secrets", "readOnly": True}]]
)
def test_a_store_without_a_volume_for_its_data_is_refused(volumes):
    assert len(store(volumes=volumes)) == 1


@pytest.mark.parametrize(
    "volume",
    [
        {"containerPath": DATA},
        {"volumeName": "", "containerPath": DATA},
        {"hostPath": "/srv/db", "containerPath": DATA},
    ],
)
def test_an_anonymous_volume_or_a_folder_of_the_host_is_refused(volume):
    assert any(message.startswith("volumes[0]") for message in store(volumes=[volume]))


@pytest.mark.parametrize(
    "mount", [{"type": "bind", "source": "/srv", "target": DATA}, {"type": "volume", "target": DATA}]
)
def test_a_mount_that_is_no_named_volume_is_refused(mount):
    assert any(message.startswith("mounts[0]") for message in store(volumes=..., mounts=[mount]))


def test_a_mount_of_a_named_volume_passes():
    assert store(volumes=..., mounts=[{"type": "volume", "source": "db", "target": DATA}]) == []


def test_memory_alone_is_no_place_for_data():
    assert len(store(volumes=..., mounts=[{"type": "tmpfs", "target": DATA}])) == 1


def test_a_folder_of_the_host_may_be_read():
    more = {"hostPath": "/etc/localtime", "containerPath": "/etc/localtime", "readOnly": True}
    assert store(volumes=[*STORE["volumes"], more]) == []


def test_an_app_needs_no_volume():
    assert found(RULE, CONTAINER, APP) == []


@pytest.mark.parametrize("component", ["forwarder", "relay", "pooler", "exporter"])
def test_what_stands_beside_a_store_holds_nothing(component):
    labels = [*STORE["labels"], {"label": "data-tier.component", "value": component}]
    assert store(labels=labels, volumes=..., image="sha256:" + "0" * 64) == []
    assert len(store(labels=labels, volumes=...)) == 1, "a label alone doesn't make a store something else"


def test_a_swarm_service_without_a_volume_is_refused():
    assert len(found(RULE, SERVICE, swarm(mounts=[]))) == 1


@pytest.mark.parametrize(
    "volumes", [UNKNOWN_ARRAY_VALUE, [{"volumeName": UNKNOWN_STRING_VALUE, "containerPath": DATA}]]
)
def test_unknown_volumes_are_told_later(volumes):
    with pytest.raises(UnknownValueError):
        store(volumes=volumes)
