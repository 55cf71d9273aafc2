"""A container's inputs as Docker's request, and Docker's answer as outputs, without a daemon."""

from __future__ import annotations

from embedded.providers.docker import _container_state as state
from embedded.providers.docker._container_config import body

BASE = {"name": "c", "image": "i:1"}
SEEN = {
    "Id": "0123456789abcdef",
    "Name": "/c",
    "Image": "sha256:feed",
    "State": {"Running": True, "ExitCode": 0},
    "Config": {"Image": "i:1"},
    "HostConfig": {"RestartPolicy": {"Name": "no"}},
    "NetworkSettings": {"Networks": {}},
}


def host(**inputs):
    return body({**BASE, **inputs})["HostConfig"]


def seen(**more):
    return {**SEEN, **more}


def test_a_bare_container_asks_for_nothing_else():
    assert body(BASE) == {
        "Image": "i:1",
        "HostConfig": {"Init": False, "RestartPolicy": {"Name": "no", "MaximumRetryCount": 0}},
    }


def test_memory_is_asked_for_in_bytes_and_no_limit_stays():
    assert host(memory=1, memorySwap=-1)["Memory"] == 1024 * 1024
    assert host(memory=1, memorySwap=-1)["MemorySwap"] == -1


def test_fractions_of_a_cpu_are_exact():
    assert host(cpus="0.3")["NanoCpus"] == 300_000_000


def test_ports_bind_where_told_and_everywhere_only_as_upstream_does():
    ports = [{"internal": 1, "external": 2, "ip": "127.0.0.1"}, {"internal": 1, "protocol": "udp"}]
    assert host(ports=ports)["PortBindings"] == {
        "1/tcp": [{"HostIp": "127.0.0.1", "HostPort": "2"}],
        "1/udp": [{"HostIp": "0.0.0.0", "HostPort": ""}],
    }


def test_volumes_become_binds_and_anonymous_ones_do_not():
    volumes = [
        {"volumeName": "v", "containerPath": "/v", "readOnly": True},
        {"hostPath": "/h", "containerPath": "/h"},
        {"containerPath": "/anonymous"},
        {"fromContainer": "other"},
    ]
    request = body({**BASE, "volumes": volumes})
    assert request["HostConfig"]["Binds"] == ["v:/v:ro", "/h:/h:rw"]
    assert request["HostConfig"]["VolumesFrom"] == ["other"]
    assert set(request["Volumes"]) == {"/v", "/h", "/anonymous"}


def test_uploads_are_no_part_of_the_request():
    assert "tell-nobody" not in str(body({**BASE, "uploads": [{"file": "/f", "content": "tell-nobody"}]}))


def test_system_paths_are_unmasked_by_the_client():
    found = host(securityOpts=["systempaths=unconfined", "no-new-privileges:true"])
    assert (found["SecurityOpt"], found["MaskedPaths"], found["ReadonlyPaths"]) == (["no-new-privileges:true"], [], [])


def test_the_image_stays_as_given_and_an_id_is_compared_with_the_id():
    assert state.created(BASE, SEEN)["image"] == "i:1"
    assert state.created({**BASE, "image": "sha256:feed"}, SEEN)["image"] == "sha256:feed"


def test_ports_read_back_sorted_by_container_port():
    ports = {
        "9/tcp": [{"HostIp": "127.0.0.1", "HostPort": "1"}],
        "10/tcp": [{"HostIp": "127.0.0.1", "HostPort": "2"}],
        "11/tcp": None,
    }
    outputs = state.created({**BASE, "ports": [{"internal": 10}]}, seen(NetworkSettings={"Ports": ports}))
    assert [port["internal"] for port in outputs["ports"]] == [9, 10]


def test_a_stopped_container_that_must_run_shows():
    stopped = seen(State={"Running": False, "ExitCode": 137})
    assert state.refreshed(state.created({**BASE, "mustRun": True}, SEEN), stopped)["mustRun"] is False
    assert state.refreshed(state.created(BASE, SEEN), stopped)["exitCode"] == 137
    assert state.created({**BASE, "mustRun": False}, stopped)["mustRun"] is False


def test_environment_and_labels_of_the_image_are_no_outputs():
    config = {"Image": "i:1", "Env": ["PATH=/bin", "A=1"], "Labels": {"from": "image"}}
    outputs = state.created({**BASE, "envs": ["A=1"]}, seen(Config=config))
    assert (outputs["envs"], outputs["labels"]) == (["A=1"], [])


def test_what_was_not_set_is_null_after_the_creation_and_empty_after_a_read():
    created = state.created(BASE, SEEN)
    assert (created["dns"], created["sysctls"], created["logOpts"]) == (None, None, None)
    read = state.refreshed(created, SEEN)
    assert (read["dns"], read["sysctls"], read["logOpts"]) == ([], {}, {})
