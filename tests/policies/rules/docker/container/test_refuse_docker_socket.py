"""One compliant resource and one change per test."""

from __future__ import annotations

import pytest
from pulumi_policy.proxy import UNKNOWN_STRING_VALUE, UnknownValueError

from policies.containers import CONTAINER, SERVICE
from policies.rules.docker.container.refuse_docker_socket import RULE, VOLUME
from tests.policies.docker_models import APP, swarm
from tests.policies.judging import changed, found

WAYS = [
    "/var/run/docker.sock",
    "/run/docker.sock",
    "//var/run/docker.sock",
    "/var/run/../run/docker.sock",
    "/run/user/1000/docker.sock",
    "/run/podman/podman.sock",
    "/run/containerd/containerd.sock",
    "/",
    "/var/run/",
    "/run",
    "/var/lib/docker",
    "/var/lib/docker/volumes",
    "/var/lib/containerd",
    "/etc/cron.d",
]


@pytest.mark.parametrize("path", WAYS)
def test_every_way_to_the_engine_is_refused(path):
    assert len(found(RULE, CONTAINER, changed(APP, volumes=[{"hostPath": path, "containerPath": "/x"}]))) == 1
    assert len(found(RULE, CONTAINER, changed(APP, mounts=[{"type": "bind", "source": path, "target": "/x"}]))) == 1


def test_reading_is_no_excuse():
    volumes = [{"hostPath": "/var/run/docker.sock", "containerPath": "/x", "readOnly": True}]
    assert len(found(RULE, CONTAINER, changed(APP, volumes=volumes))) == 1


def test_a_volume_that_binds_the_socket_is_refused():
    for other in ({"type": "overlay", "o": "lowerdir=/run:/srv"}, {"type": "nfs", "device": ":/var/run"}):
        assert len(found(RULE, VOLUME, {"name": "v", "driverOpts": other})) == 1
    options = {"type": "none", "o": "bind", "device": "/var/run"}
    assert len(found(RULE, VOLUME, {"name": "v", "driverOpts": options})) == 1
    mount = {"type": "volume", "source": "v", "volumeOptions": {"driverOptions": options}}
    assert len(found(RULE, CONTAINER, changed(APP, mounts=[mount]))) == 1


def test_an_engine_over_tcp_is_refused():
    assert len(found(RULE, CONTAINER, changed(APP, envs=["DOCKER_HOST=tcp://host:2375"]))) == 1


def test_a_swarm_service_counts_too():
    mounts = [{"type": "bind", "source": "/var/run/docker.sock", "target": "/x"}]
    assert len(found(RULE, SERVICE, swarm(mounts=mounts))) == 1


@pytest.mark.parametrize("path", ["/srv/data", "/var/lib/postgresql", "/etc/localtime"])
def test_other_folders_of_the_host_pass(path):
    assert found(RULE, CONTAINER, changed(APP, volumes=[{"hostPath": path, "containerPath": "/x"}])) == []


def test_an_unknown_source_is_told_later():
    with pytest.raises(UnknownValueError):
        found(RULE, CONTAINER, changed(APP, volumes=[{"hostPath": UNKNOWN_STRING_VALUE, "containerPath": "/x"}]))
