"""Networks, volumes and images as tables. Source: kreuzwerker/docker's schemas and the package's own."""

from __future__ import annotations

from embedded.providers.bridge import Property, Schema

LABELS = Schema(
    "label",
    (
        Property(name="label", required=True, replaces=True),
        Property(name="value", required=True, replaces=True),
    ),
)

_IPAM = Schema(
    "ipamConfig",
    (
        Property(name="auxAddress", kind="map", replaces=True),
        Property(name="gateway", replaces=True),
        Property(name="ipRange", replaces=True),
        Property(name="subnet", replaces=True),
    ),
)

NETWORK = Schema(
    "docker:index/network:Network",
    (
        Property(name="attachable", kind="boolean", replaces=True),
        Property(name="driver", replaces=True, computed=True),
        Property(name="ingress", kind="boolean", replaces=True),
        Property(name="internal", kind="boolean", replaces=True, computed=True),
        Property(name="ipamConfigs", kind="set", element=_IPAM, replaces=True, computed=True, upstream="ipam_config"),
        Property(name="ipamDriver", default="default", replaces=True),
        Property(name="ipamOptions", kind="map", replaces=True),
        Property(name="ipv6", kind="boolean", replaces=True),
        Property(name="labels", kind="set", element=LABELS, replaces=True),
        Property(name="name", replaces=True, autonamed=True),
        Property(name="options", kind="map", replaces=True, computed=True),
        Property(name="scope", output=True),
    ),
    schema_version=1,
)

VOLUME = Schema(
    "docker:index/volume:Volume",
    (
        Property(name="cluster", kind="object", element=Schema("cluster", ()), carried=False),
        Property(name="driver", replaces=True, computed=True),
        Property(name="driverOpts", kind="map", replaces=True),
        Property(name="labels", kind="set", element=LABELS, replaces=True),
        Property(name="mountpoint", output=True),
        Property(name="name", replaces=True, computed=True, autonamed=True),
    ),
    schema_version=1,
)

IMAGE = Schema(
    "docker:index/remoteImage:RemoteImage",
    (
        Property(name="build", kind="object", element=Schema("build", ()), carried=False),
        Property(name="forceRemove", kind="boolean"),
        Property(name="imageId", output=True),
        Property(name="keepLocally", kind="boolean"),
        Property(name="name", required=True, replaces=True),
        Property(name="platform", default="", replaces=True),
        Property(name="pullTriggers", kind="set", replaces=True),
        Property(name="repoDigest", output=True),
        Property(name="triggers", kind="map", replaces=True),
    ),
    timeouts={"create": 1200, "delete": 1200, "update": 1200},
)
