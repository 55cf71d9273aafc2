"""Networks, volumes and images on a real daemon."""

from __future__ import annotations

import pytest
from docker.errors import ImageNotFound

from embedded.providers.base import Kind, ProviderError

pytestmark = pytest.mark.integration
NETWORK = "docker:index/network:Network"
VOLUME = "docker:index/volume:Volume"
IMAGE = "docker:index/remoteImage:RemoteImage"
CONTAINER = "docker:index/container:Container"


def test_a_network_shows_no_difference_and_its_address_range_replaces(bench, daemon):
    lan = bench.lans[0]
    id, new, outputs = bench.create(
        NETWORK,
        name=bench.name("net"),
        driver="bridge",
        internal=True,
        ipamConfigs=[{"subnet": f"{lan}.0/24", "gateway": f"{lan}.1", "auxAddress": {"old": f"{lan}.7"}}],
        labels=[{"label": "tier", "value": "data"}],
        options={"com.docker.network.bridge.enable_icc": "false"},
    )
    assert bench.provider.diff(NETWORK, id, new, outputs, new).changes is False
    found = bench.provider.read(NETWORK, id, new, outputs)
    assert found is not None
    assert bench.provider.diff(NETWORK, id, found.inputs, found.outputs, new).changes is False
    assert daemon.inspect_network(id)["Internal"] is True

    other = bench.checked(NETWORK, **{**new, "ipamConfigs": [{"subnet": f"{bench.lans[1]}.0/24"}]})
    diff = bench.provider.diff(NETWORK, id, new, outputs, other)
    assert diff.replaces == ("ipamConfigs",)
    assert diff.delete_before_replace is True


def test_a_gateway_that_docker_chose_is_no_difference(bench):
    id, new, outputs = bench.create(NETWORK, name=bench.name("net"), ipamConfigs=[{"subnet": f"{bench.lans[0]}.0/24"}])
    found = bench.provider.read(NETWORK, id, new, outputs)
    assert found is not None
    assert found.outputs["ipamConfigs"][0]["gateway"] == ""
    assert bench.provider.diff(NETWORK, id, new, found.outputs, new).changes is False


def test_a_taken_network_name_is_told(bench):
    _, new, _ = bench.create(NETWORK, name=bench.name("net"))
    with pytest.raises(ProviderError, match=f"docker network rm {bench.name('net')}"):
        bench.provider.create(NETWORK, "it", new, preview=False, timeout=None)


def test_an_overlapping_range_is_told_and_makes_nothing(bench, daemon):
    bench.create(NETWORK, name=bench.name("one"), ipamConfigs=[{"subnet": f"{bench.lans[0]}.0/24"}])
    new = bench.checked(NETWORK, name=bench.name("two"), ipamConfigs=[{"subnet": f"{bench.lans[0]}.0/25"}])
    with pytest.raises(ProviderError, match=f"creating network '{bench.name('two')}'.*choose a subnet"):
        bench.provider.create(NETWORK, "it", new, preview=False, timeout=None)
    assert daemon.networks(names=[bench.name("two")]) == []


def test_a_deleted_network_reads_as_gone_and_can_be_deleted_again(bench):
    id, new, outputs = bench.create(NETWORK, name=bench.name("net"))
    bench.provider.delete(NETWORK, id, new, outputs, timeout=5)
    assert bench.provider.read(NETWORK, id, new, outputs) is None
    bench.provider.delete(NETWORK, id, new, outputs, timeout=5)


def test_a_network_in_use_is_not_forgotten(bench, image):
    id, new, outputs = bench.create(NETWORK, name=bench.name("net"))
    container, inputs, state = bench.create(
        CONTAINER,
        name=bench.name("c"),
        image=image,
        command=["sleep", "60"],
        networksAdvanced=[{"name": bench.name("net")}],
    )
    with pytest.raises(ProviderError, match="disconnect the containers"):
        bench.provider.delete(NETWORK, id, new, outputs, timeout=1)
    bench.provider.delete(CONTAINER, container, inputs, state, timeout=None)


def test_a_volume_shows_no_difference_and_its_labels_replace(bench):
    id, new, outputs = bench.create(VOLUME, name=bench.name("vol"), labels=[{"label": "app", "value": "db"}])
    assert id == bench.name("vol")
    found = bench.provider.read(VOLUME, id, new, outputs)
    assert found is not None
    assert bench.provider.diff(VOLUME, id, found.inputs, found.outputs, new).changes is False
    other = bench.checked(VOLUME, **{**new, "labels": [{"label": "app", "value": "other"}]})
    assert bench.provider.diff(VOLUME, id, new, outputs, other).detailed == {"labels[0].value": Kind.UPDATE_REPLACE}


def test_a_volume_with_other_labels_is_not_taken_over(bench):
    _, new, _ = bench.create(VOLUME, name=bench.name("vol"), labels=[{"label": "app", "value": "db"}])
    other = bench.checked(VOLUME, name=new["name"])
    with pytest.raises(ProviderError, match="may hold data"):
        bench.provider.create(VOLUME, "it", other, preview=False, timeout=None)
    again = bench.provider.create(VOLUME, "it", new, preview=False, timeout=None)
    assert again[0] == new["name"]


def test_a_deleted_volume_reads_as_gone_and_can_be_deleted_again(bench):
    id, new, outputs = bench.create(VOLUME, name=bench.name("vol"))
    bench.provider.delete(VOLUME, id, new, outputs, timeout=None)
    assert bench.provider.read(VOLUME, id, new, outputs) is None
    bench.provider.delete(VOLUME, id, new, outputs, timeout=None)


def test_a_local_image_is_taken_without_a_registry_and_kept_where_told(bench, daemon, image):
    id, new, outputs = bench.create(IMAGE, name=image, keepLocally=True)
    assert id == outputs["imageId"] + image
    assert outputs["imageId"] == daemon.inspect_image(image)["Id"]
    found = bench.provider.read(IMAGE, id, new, outputs)
    assert found is not None
    assert found.outputs == outputs
    assert bench.provider.diff(IMAGE, id, new, outputs, new).changes is False
    bench.provider.delete(IMAGE, id, new, outputs, timeout=None)
    assert daemon.inspect_image(image)


def test_an_image_that_is_not_to_be_kept_is_removed(bench, daemon, image):
    tag = f"{bench.prefix}-image"
    daemon.tag(image, tag, "1")
    id, new, outputs = bench.create(IMAGE, name=f"{tag}:1")
    bench.provider.delete(IMAGE, id, new, outputs, timeout=None)
    with pytest.raises(ImageNotFound):
        daemon.inspect_image(f"{tag}:1")
    assert bench.provider.read(IMAGE, id, new, outputs) is None


def test_an_image_that_nobody_has_is_told_with_what_to_do(bench):
    new = bench.checked(IMAGE, name="localhost:9/nobody/has-this:1")
    with pytest.raises(ProviderError, match=r"nobody/has-this:1' is not here and can't be pulled.*build or"):
        bench.provider.create(IMAGE, "it", new, preview=False, timeout=None)
