"""Containers on a real daemon: made, read, compared, changed, replaced, removed."""

from __future__ import annotations

import json
import socket
import time

import pytest
from docker.errors import NotFound

from embedded.providers.base import InitializationError, Kind, ProviderError

pytestmark = pytest.mark.integration
CONTAINER = "docker:index/container:Container"
NETWORK = "docker:index/network:Network"
VOLUME = "docker:index/volume:Volume"
SECRET = "s3cret-of-the-upload"


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def equal(value):
    """Zero, empty and missing are one to Terraform, and so to the comparison of two reads."""
    if isinstance(value, dict):
        return {key: equal(item) for key, item in value.items() if equal(item) and not key.startswith("__pulumi")}
    if isinstance(value, list):
        return [equal(item) for item in value]
    return value


@pytest.fixture
def rich(bench, image):
    """Inputs that use most of what is carried."""
    bench.create(NETWORK, name=bench.name("net"), ipamConfigs=[{"subnet": f"{bench.lans[0]}.0/24"}])
    bench.create(NETWORK, name=bench.name("inner"), internal=True, ipamConfigs=[{"subnet": f"{bench.lans[1]}.0/24"}])
    bench.create(VOLUME, name=bench.name("vol"))
    return {
        "name": bench.name("rich"),
        "image": image,
        "command": ["sleep", "600"],
        "envs": ["B=2", "A=1"],
        "labels": [{"label": "tier", "value": "data"}, {"label": "app", "value": "x"}],
        "hostname": "rich",
        "workingDir": "/bin",
        "restart": "on-failure",
        "maxRetryCount": 3,
        "networksAdvanced": [
            {"name": bench.name("net"), "aliases": ["z", "a"], "ipv4Address": f"{bench.lans[0]}.9"},
            {"name": bench.name("inner")},
        ],
        "ports": [
            {"internal": 8080, "external": free_port(), "ip": "127.0.0.1"},
            {"internal": 9090, "external": free_port(), "ip": "127.0.0.1", "protocol": "tcp"},
        ],
        "volumes": [{"volumeName": bench.name("vol"), "containerPath": "/data"}],
        "mounts": [{"type": "tmpfs", "target": "/scratch", "tmpfsOptions": {"sizeBytes": 1048576}}],
        "uploads": [
            {"file": "/run/secrets/one", "content": SECRET, "permissions": "0440"},
            {"file": "/run/two", "contentBase64": "aGk=", "executable": True},
        ],
        "healthcheck": {"tests": ["CMD", "test", "-e", "/data"], "interval": "500ms", "timeout": "60s", "retries": 3},
        "memory": 64,
        "memorySwap": 64,
        "memoryReservation": 32,
        "shmSize": 16,
        "cpus": "0.50",
        "cpuSet": "0",
        "capabilities": {"drops": ["ALL"], "adds": ["CHOWN", "CAP_KILL"]},
        "securityOpts": ["no-new-privileges:true"],
        "tmpfs": {"/var/scratch": "size=1m"},
        "sysctls": {"net.ipv4.ip_unprivileged_port_start": "0"},
        "ulimits": [{"name": "nofile", "soft": 1024, "hard": 2048}],
        "logDriver": "json-file",
        "logOpts": {"max-size": "1m", "max-file": "2"},
        "stopSignal": "SIGKILL",
        "stopTimeout": 3,
        "init": True,
        "dns": ["9.9.9.9"],
        "dnsOpts": ["ndots:1"],
        "hosts": [{"host": "elsewhere", "ip": "10.1.2.3"}],
        "groupAdds": ["7"],
        "wait": True,
        "waitTimeout": 30,
        "destroyGraceSeconds": 1,
    }


def test_a_rich_container_shows_no_difference_after_creation_nor_after_a_read(bench, rich):
    id, new, outputs = bench.create(CONTAINER, **rich)
    assert bench.provider.diff(CONTAINER, id, new, outputs, new).detailed == {}

    found = bench.provider.read(CONTAINER, id, new, outputs)
    assert found is not None
    assert equal(found.outputs) == equal(outputs)
    assert bench.provider.diff(CONTAINER, id, new, found.outputs, new).detailed == {}
    assert bench.provider.diff(CONTAINER, id, found.inputs, found.outputs, found.inputs).detailed == {}
    again = bench.provider.read(CONTAINER, id, found.inputs, found.outputs)
    assert again is not None
    assert again.outputs == found.outputs
    assert again.inputs == found.inputs


def test_outputs_tell_addresses_and_stay_with_the_image_as_given(bench, rich, image):
    id, _, outputs = bench.create(CONTAINER, **rich)
    assert outputs["id"] == id
    assert outputs["image"] == image
    assert [item["networkName"] for item in outputs["networkDatas"]] == [bench.name("inner"), bench.name("net")]
    assert outputs["networkDatas"][1]["ipAddress"] == f"{bench.lans[0]}.9"
    assert outputs["ports"][0]["ip"] == "127.0.0.1"


def test_an_uploaded_secret_is_readable_inside_and_nowhere_in_inspect(bench, rich, daemon, run):
    id, _, _ = bench.create(CONTAINER, **rich)
    assert run(id, "cat", "/run/secrets/one") == (0, SECRET)
    assert run(id, "stat", "-c", "%a", "/run/secrets/one", "/run/two") == (0, "440\n744\n")
    assert SECRET not in json.dumps(daemon.inspect_container(id))


def test_limits_change_in_place(bench, daemon, image):
    name = bench.name("c")
    id, new, outputs = bench.create(
        CONTAINER, name=name, image=image, command=["sleep", "60"], memory=64, memorySwap=64
    )
    changed = bench.checked(CONTAINER, **{**new, "memory": 32, "memorySwap": 48, "restart": "always"})
    diff = bench.provider.diff(CONTAINER, id, new, outputs, changed)
    assert diff.detailed == {"memory": Kind.UPDATE, "memorySwap": Kind.UPDATE, "restart": Kind.UPDATE}
    assert diff.replaces == ()
    after = bench.provider.update(CONTAINER, id, new, outputs, changed, preview=False, timeout=None)
    host = daemon.inspect_container(id)["HostConfig"]
    assert (host["Memory"], host["MemorySwap"], host["RestartPolicy"]["Name"]) == (32 << 20, 48 << 20, "always")
    assert bench.provider.diff(CONTAINER, id, changed, after, changed).changes is False


def test_a_container_stopped_by_hand_shows_after_a_read_and_is_started_again(bench, daemon, image):
    id, new, outputs = bench.create(CONTAINER, name=bench.name("c"), image=image, command=["sleep", "60"])
    daemon.stop(id, timeout=0)
    found = bench.provider.read(CONTAINER, id, new, outputs)
    assert found is not None
    diff = bench.provider.diff(CONTAINER, id, new, found.outputs, new)
    assert diff.detailed == {"mustRun": Kind.UPDATE}
    after = bench.provider.update(CONTAINER, id, new, found.outputs, new, preview=False, timeout=None)
    assert daemon.inspect_container(id)["State"]["Running"] is True
    assert after["networkDatas"][0]["ipAddress"]


def test_a_one_shot_is_awaited_and_its_end_is_no_difference(bench, image):
    id, new, outputs = bench.create(
        CONTAINER,
        name=bench.name("once"),
        image=image,
        entrypoints=["sh", "-c"],
        command=["echo hello; exit 3"],
        attach=True,
        logs=True,
        mustRun=False,
        networkMode="none",
    )
    assert (outputs["exitCode"], outputs["containerLogs"], outputs["mustRun"]) == (3, "hello\n", False)
    found = bench.provider.read(CONTAINER, id, new, outputs)
    assert found is not None
    assert bench.provider.diff(CONTAINER, id, new, found.outputs, new).changes is False


def test_an_unhealthy_container_stays_and_the_next_run_replaces_it(bench, daemon, image):
    new = bench.checked(
        CONTAINER,
        name=bench.name("sick"),
        image=image,
        command=["sleep", "60"],
        envs=["A=1"],
        labels=[{"label": "a", "value": "b"}],
        healthcheck={"tests": ["CMD", "false"], "interval": "200ms"},
        wait=True,
        waitTimeout=1,
    )
    with pytest.raises(InitializationError, match="did not get healthy within 1 s") as caught:
        bench.provider.create(CONTAINER, "it", new, preview=False, timeout=None)
    assert daemon.inspect_container(caught.value.id)["State"]["Running"] is True
    diff = bench.provider.diff(CONTAINER, caught.value.id, new, caught.value.outputs, new)
    assert diff.replaces
    assert diff.delete_before_replace is True
    bench.provider.delete(CONTAINER, caught.value.id, new, caught.value.outputs, timeout=None)


def test_a_taken_port_leaves_no_container_behind(bench, daemon, image):
    port = free_port()
    ports = [{"internal": 1, "external": port, "ip": "127.0.0.1"}]
    bench.create(CONTAINER, name=bench.name("first"), image=image, command=["sleep", "60"], ports=ports)
    new = bench.checked(CONTAINER, name=bench.name("second"), image=image, command=["sleep", "60"], ports=ports)
    with pytest.raises(ProviderError, match=r"free the port or choose another$") as caught:
        bench.provider.create(CONTAINER, "it", new, preview=False, timeout=None)
    assert not isinstance(caught.value, InitializationError)
    with pytest.raises(NotFound):
        daemon.inspect_container(bench.name("second"))


def test_a_taken_name_is_told_with_its_holder(bench, image):
    id, new, _ = bench.create(CONTAINER, name=bench.name("c"), image=image, command=["sleep", "60"])
    with pytest.raises(ProviderError, match=f"held by container {id[:12]} .*docker rm -f {bench.name('c')}"):
        bench.provider.create(CONTAINER, "it", new, preview=False, timeout=None)


def test_a_missing_image_is_told_with_what_to_do(bench):
    new = bench.checked(CONTAINER, name=bench.name("c"), image="data-tier-test/nowhere:1")
    with pytest.raises(ProviderError, match=r"data-tier-test/nowhere:1.*RemoteImage"):
        bench.provider.create(CONTAINER, "it", new, preview=False, timeout=None)


def test_a_loopback_port_answers_on_loopback(bench, image):
    port = free_port()
    bench.create(
        CONTAINER,
        name=bench.name("web"),
        image=image,
        command=["sh", "-c", "while true; do echo hello | nc -l -p 80; done"],
        ports=[{"internal": 80, "external": port, "ip": "127.0.0.1"}],
    )
    deadline = time.monotonic() + 10
    while True:
        try:
            with socket.create_connection(("127.0.0.1", port), timeout=2) as link:
                answer = link.recv(20)
        except OSError:
            answer = b""
        if answer or time.monotonic() > deadline:
            break
        time.sleep(0.2)
    assert answer == b"hello\n"


def test_a_deleted_container_reads_as_gone_and_can_be_deleted_again(bench, image):
    id, new, outputs = bench.create(CONTAINER, name=bench.name("c"), image=image, command=["sleep", "60"])
    bench.provider.delete(CONTAINER, id, new, outputs, timeout=None)
    assert bench.provider.read(CONTAINER, id, new, outputs) is None
    bench.provider.delete(CONTAINER, id, new, outputs, timeout=None)


def test_an_import_by_name_finds_what_the_program_would_declare(bench, rich):
    id, new, _ = bench.create(CONTAINER, **rich)
    found = bench.provider.read(CONTAINER, bench.name("rich"), {}, {})
    assert found is not None
    assert found.id == id
    assert found.inputs["envs"] == ["A=1", "B=2"]
    assert found.inputs["ports"][0]["external"] == rich["ports"][0]["external"]
    left = bench.provider.diff(CONTAINER, id, found.inputs, found.outputs, new)
    # what Docker can't tell: uploads, and how to start and stop
    assert set(left.diffs) == {"uploads", "destroyGraceSeconds", "wait", "waitTimeout"}


def test_a_one_shot_that_does_not_end_stays_known(bench, image):
    new = bench.checked(
        CONTAINER, name=bench.name("once"), image=image, command=["sleep", "60"], attach=True, mustRun=False
    )
    with pytest.raises(InitializationError, match="was to end"):
        bench.provider.create(CONTAINER, "it", new, preview=False, timeout=1)


def test_a_container_that_dies_while_its_health_is_awaited_is_told_at_once(bench, image):
    new = bench.checked(
        CONTAINER,
        name=bench.name("dead"),
        image=image,
        command=["sh", "-c", "false"],
        healthcheck={"tests": ["CMD", "test", "-e", "/"], "interval": "30s"},
        wait=True,
        waitTimeout=60,
    )
    before = time.monotonic()
    with pytest.raises(InitializationError, match="ended with exit code 1 instead of getting healthy"):
        bench.provider.create(CONTAINER, "it", new, preview=False, timeout=None)
    assert time.monotonic() - before < 20


def test_an_image_by_id_stays_an_id_and_is_no_difference(bench, daemon, image):
    fixed = daemon.inspect_image(image)["Id"]
    id, new, outputs = bench.create(CONTAINER, name=bench.name("c"), image=fixed, command=["sleep", "60"])
    found = bench.provider.read(CONTAINER, id, new, outputs)
    assert found is not None
    assert found.outputs["image"] == fixed
    assert bench.provider.diff(CONTAINER, id, new, found.outputs, new).changes is False


def test_memory_without_a_swap_limit_is_settled_by_one_update(bench, image):
    """Docker picks twice the memory; the plugin's own behaviour, recorded."""
    id, new, outputs = bench.create(CONTAINER, name=bench.name("c"), image=image, command=["sleep", "60"], memory=64)
    assert outputs["memorySwap"] == 128
    assert bench.provider.diff(CONTAINER, id, new, outputs, new).detailed == {"memorySwap": Kind.DELETE}
    after = bench.provider.update(CONTAINER, id, new, outputs, new, preview=False, timeout=None)
    assert bench.provider.diff(CONTAINER, id, new, after, new).changes is False
