"""The docker provider without a daemon: configuration, checks, differences, messages."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pulumi_docker
import pytest
from pulumi._types import input_type_py_to_pulumi_names

from embedded.providers.base import Kind, ProviderError
from embedded.providers.docker import DockerProvider
from embedded.providers.docker._provider import SCHEMAS
from embedded.values import UNKNOWN

NETWORK = "docker:index/network:Network"
VOLUME = "docker:index/volume:Volume"
IMAGE = "docker:index/remoteImage:RemoteImage"
CONTAINER = "docker:index/container:Container"
REPOSITORY = Path(__file__).parents[4]
NOBODY = "unix:///nonexistent/docker.sock"
BASE = {"name": "c", "image": "i:1"}


@pytest.fixture
def provider():
    provider = DockerProvider()
    provider.configure({"host": NOBODY})
    return provider


def refusals(provider, type=CONTAINER, **inputs):
    failures = provider.check(type, "c", {}, {**(BASE if type == CONTAINER else {}), **inputs}).failures
    return {item.property: item.reason for item in failures}


def changes(provider, old, new, type=CONTAINER):
    """The differences between outputs as created from `old` and checked inputs `new`."""
    before = provider.check(type, "c", {}, {**BASE, **old}).inputs
    outputs = provider.create(type, "c", before, preview=True, timeout=None)[1]
    return provider.diff(type, "id", before, outputs, provider.check(type, "c", {}, {**BASE, **new}).inputs)


@pytest.mark.parametrize(
    ("type", "args"),
    [
        (NETWORK, pulumi_docker.NetworkArgs),
        (VOLUME, pulumi_docker.VolumeArgs),
        (IMAGE, pulumi_docker.RemoteImageArgs),
        (CONTAINER, pulumi_docker.ContainerArgs),
    ],
)
def test_every_input_of_the_official_package_is_known(type, args):
    schema = SCHEMAS[type]
    inputs = {item.name for item in schema.properties if not item.output}
    assert {*inputs, *schema.refused} == set(input_type_py_to_pulumi_names(args).values())


def test_other_types_are_refused_by_name(provider):
    with pytest.raises(ProviderError, match=r"docker:index/service:Service.*Pulumi CLI"):
        provider.check("docker:index/service:Service", "s", {}, {})


def test_host_is_the_only_setting_and_others_are_refused_by_name(provider):
    assert provider.check_config({}, {"version": "5.2.0", "host": "tcp://h:1"}).failures == []
    refused = provider.check_config({}, {"registryAuth": "[]", "caMaterial": None}).failures
    assert [item.property for item in refused] == ["registryAuth"]
    assert provider.diff_config({"host": "a"}, {"host": "b"}).diffs == ("host",)
    assert provider.diff_config({"host": "a"}, {"host": "a"}).changes is False


def test_without_a_daemon_check_diff_and_preview_work_and_the_rest_says_what_to_do(provider):
    new = provider.check(VOLUME, "v", {}, {"name": "v"}).inputs
    assert provider.create(VOLUME, "v", new, preview=True, timeout=None) == (
        "",
        {
            "id": UNKNOWN,
            "cluster": None,
            "driver": UNKNOWN,
            "driverOpts": None,
            "labels": [],
            "mountpoint": UNKNOWN,
            "name": "v",
        },
    )
    with pytest.raises(ProviderError, match=f"no Docker daemon answers at {NOBODY}; start it") as caught:
        provider.create(VOLUME, "v", new, preview=False, timeout=None)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("name", ["gpus", "devices", "deviceCgroupRules", "platform", "cpuPeriod"])
def test_what_is_not_carried_is_refused_by_name(provider, name):
    assert refusals(provider, **{name: "x"}) == {
        name: f"docker Container property '{name}' is not carried by the embedded engine; use the Pulumi CLI"
    }


@pytest.mark.parametrize(
    ("inputs", "path"),
    [
        ({"restart": "sometimes"}, "restart"),
        ({"memory": -1}, "memory"),
        ({"memorySwap": -2}, "memorySwap"),
        ({"cpus": "half"}, "cpus"),
        ({"cpuSet": "all"}, "cpuSet"),
        ({"healthcheck": {"interval": "1 minute"}}, "healthcheck.interval"),
        ({"uploads": [{"file": "/f", "content": "a", "permissions": "440"}]}, "uploads[0].permissions"),
        ({"uploads": [{"file": "/f", "contentBase64": "%"}]}, "uploads[0].contentBase64"),
        ({"uploads": [{"file": "/f", "content": ""}]}, "uploads"),
        ({"uploads": [{"file": "/f", "content": "a", "contentBase64": "YQ=="}]}, "uploads"),
        ({"uploads": [{"file": "/f", "content": "a", "source": "/x"}]}, "uploads[0].source"),
        ({"uploads": [{"file": "/f", "content": "a", "owner": "postgres"}]}, "uploads[0].owner"),
        ({"volumes": [{"volumeName": "v"}]}, "volumes"),
        ({"volumes": [{"hostPath": "here", "containerPath": "/x"}]}, "volumes[0].hostPath"),
        ({"mounts": [{"type": "pipe", "target": "/x"}]}, "mounts[0].type"),
        ({"ports": [{"external": 1}]}, "ports[0].internal"),
    ],
)
def test_values_that_docker_cannot_take_are_refused_with_their_path(provider, inputs, path):
    assert list(refusals(provider, **inputs)) == [path]


def test_a_refused_upload_does_not_show_its_content(provider):
    found = refusals(provider, uploads=[{"file": "/f", "content": "tell-nobody", "contentBase64": "tell-nobody"}])
    assert "tell-nobody" not in str(found)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ({"healthcheck": {"interval": "60s"}}, {"healthcheck": {"interval": "1m0s"}}),
        ({"capabilities": {"drops": ["CHOWN", "ALL"]}}, {"capabilities": {"drops": ["all", "CAP_CHOWN"]}}),
        ({"cpus": "0.50"}, {"cpus": "0.5"}),
        ({"ports": [{"internal": 1, "external": 2, "ip": ""}]}, {"ports": [{"internal": 1, "external": 2}]}),
        ({"envs": ["A=1", "B=2"]}, {"envs": ["B=2", "A=1"]}),
        ({"user": "root", "workingDir": "/x"}, {}),
    ],
)
def test_other_spellings_of_the_same_are_no_difference(provider, old, new):
    assert changes(provider, old, new).detailed == {}


@pytest.mark.parametrize(
    ("old", "new", "path"),
    [
        ({"envs": ["A=1"]}, {"envs": ["A=2"]}, "envs[0]"),
        ({"healthcheck": {"retries": 1}}, {"healthcheck": {"retries": 2}}, "healthcheck.retries"),
        ({"tmpfs": {"/x": "size=1m"}}, {"tmpfs": {"/x": "size=2m"}}, 'tmpfs["/x"]'),
        ({"init": False}, {"init": True}, "init"),
        ({"image": "a"}, {"image": UNKNOWN}, "image"),
    ],
)
def test_what_docker_cannot_change_replaces_and_the_old_one_goes_first(provider, old, new, path):
    diff = changes(provider, old, new)
    assert diff.detailed == {path: Kind.UPDATE_REPLACE}
    assert diff.delete_before_replace is True


@pytest.mark.parametrize(
    ("old", "new"),
    [({"restart": "no"}, {"restart": "always"}), ({"memory": 1}, {"memory": 2}), ({"wait": False}, {"wait": True})],
)
def test_what_docker_can_change_is_an_update(provider, old, new):
    diff = changes(provider, old, new)
    assert diff.changes is True
    assert diff.replaces == ()


def test_a_socket_that_may_not_be_opened_is_told_apart_from_no_daemon(provider, monkeypatch):
    def refuse(*_, **__):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("docker.transport.unixconn.UnixHTTPConnection.connect", refuse)
    with pytest.raises(ProviderError, match="may not be used by this user; run as root"):
        provider.read(VOLUME, "v", {}, {})


def test_check_diff_and_preview_do_not_load_the_docker_sdk():
    code = (
        "import sys; from embedded.providers.docker import DockerProvider; p = DockerProvider(); p.configure({});"
        "t = 'docker:index/volume:Volume'; n = p.check(t, 'v', {}, {'name': 'v'}).inputs;"
        "p.diff(t, 'v', n, n, n); p.create(t, 'v', n, preview=True, timeout=None); print('docker' in sys.modules)"
    )
    ran = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True, cwd=REPOSITORY)
    assert ran.stdout == "False\n"
