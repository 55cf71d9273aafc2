"""What the data tier does with containers, on a real daemon: secret files and fenced networks."""

from __future__ import annotations

import pytest
from docker.errors import NotFound

from embedded.providers.base import ProviderError

pytestmark = pytest.mark.integration
CONTAINER = "docker:index/container:Container"
NETWORK = "docker:index/network:Network"
VOLUME = "docker:index/volume:Volume"
SECRET = "s3cret-of-the-upload"


def test_a_failing_upload_leaves_no_container_and_tells_no_content(bench, daemon, image):
    new = bench.checked(
        CONTAINER,
        name=bench.name("c"),
        image=image,
        command=["sleep", "60"],
        readOnly=True,
        uploads=[{"file": "/f", "content": SECRET}],
    )
    with pytest.raises(ProviderError, match="uploading '/f'") as caught:
        bench.provider.create(CONTAINER, "it", new, preview=False, timeout=None)
    assert SECRET not in str(caught.value)
    with pytest.raises(NotFound):
        daemon.inspect_container(bench.name("c"))


def test_a_secret_reaches_a_volume_through_a_one_shot(bench, image, run):
    """The way of secret files: uploaded beside the volume, copied in, mounted read-only elsewhere."""
    volume = bench.name("secret")
    bench.create(VOLUME, name=volume)
    bench.create(
        CONTAINER,
        name=bench.name("fill"),
        image=image,
        entrypoints=["sh", "-c"],
        command=["cp /in/key /out/key"],
        networkMode="none",
        mustRun=False,
        attach=True,
        uploads=[{"file": "/in/key", "content": SECRET}],
        volumes=[{"volumeName": volume, "containerPath": "/out"}],
    )
    reader, _, _ = bench.create(
        CONTAINER,
        name=bench.name("reader"),
        image=image,
        command=["sleep", "60"],
        volumes=[{"volumeName": volume, "containerPath": "/run/secrets", "readOnly": True}],
    )
    assert run(reader, "cat", "/run/secrets/key") == (0, SECRET)
    assert run(reader, "sh", "-c", "echo x > /run/secrets/key")[0] != 0


def test_an_internal_network_is_reached_from_inside_only(bench, image, run):
    for role, subnet, internal in (("in", f"{bench.lans[0]}.0/24", True), ("out", f"{bench.lans[1]}.0/24", False)):
        bench.create(NETWORK, name=bench.name(role), internal=internal, ipamConfigs=[{"subnet": subnet}])
    bench.create(
        CONTAINER,
        name=bench.name("server"),
        image=image,
        command=["sh", "-c", "while true; do echo hello | nc -l -p 80; done"],
        networksAdvanced=[{"name": bench.name("in"), "ipv4Address": f"{bench.lans[0]}.9", "aliases": ["server"]}],
    )
    inside, outside = (
        bench.create(
            CONTAINER,
            name=bench.name(f"client-{role}"),
            image=image,
            command=["sleep", "60"],
            networksAdvanced=[{"name": bench.name(role)}],
        )[0]
        for role in ("in", "out")
    )
    assert run(inside, "nc", "-w", "2", "server", "80") == (0, "hello\n")
    code, output = run(outside, "nc", "-w", "2", f"{bench.lans[0]}.9", "80")
    assert code != 0
    assert "hello" not in output


def test_a_missing_network_leaves_no_container(bench, daemon, image):
    networks = [{"name": bench.name("nowhere")}]
    new = bench.checked(
        CONTAINER, name=bench.name("c"), image=image, command=["sleep", "60"], networksAdvanced=networks
    )
    with pytest.raises(ProviderError, match=f"container '{bench.name('c')}'.*{bench.name('nowhere')} not found"):
        bench.provider.create(CONTAINER, "it", new, preview=False, timeout=None)
    with pytest.raises(NotFound):
        daemon.inspect_container(bench.name("c"))


def test_a_container_without_bridge_joins_a_network_by_mode(bench, image):
    bench.create(NETWORK, name=bench.name("net"), ipamConfigs=[{"subnet": f"{bench.lans[0]}.0/24"}])
    mode = {"networkMode": bench.name("net"), "networksAdvanced": [{"name": bench.name("net"), "aliases": ["me"]}]}
    id, new, outputs = bench.create(CONTAINER, name=bench.name("c"), image=image, command=["sleep", "60"], **mode)
    assert [item["networkName"] for item in outputs["networkDatas"]] == [bench.name("net")]
    assert bench.provider.diff(CONTAINER, id, new, outputs, new).changes is False
