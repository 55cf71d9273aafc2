"""Containers as a table. Source: kreuzwerker/docker's schema and the docker package's own, 5.2.0.

Docker can't change `healthcheck`, `init`, `rm` and `tmpfs` of an existing container. The official plugin reports such
a change as an update and carries out nothing; here it replaces.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Callable
from decimal import Decimal, InvalidOperation
from typing import Any

from embedded.providers.bridge import Property, Schema
from embedded.providers.docker import _durations
from embedded.providers.docker._schemas import LABELS


def _matches(pattern: str, wanted: str) -> Callable[[Any], str | None]:
    return lambda value: None if re.fullmatch(pattern, str(value)) else f"must be {wanted}"


def _at_least(low: int) -> Callable[[Any], str | None]:
    return lambda value: None if float(value) >= low else f"must be {low} or more"


def _base64(value: str) -> str | None:
    try:
        base64.b64decode(value, validate=True)
    except (binascii.Error, ValueError):
        return "must be base64"
    return None


def _cpus(value: Any) -> str | None:
    try:
        return None if Decimal(str(value)) > 0 else "must be a positive number such as '0.5'"
    except InvalidOperation:
        return "must be a number such as '0.5'"


def decimal(value: Any) -> str:
    """A decimal number without trailing zeros: "0.50" and 0.5 are both "0.5"."""
    try:
        return f"{Decimal(str(value)).normalize():f}"
    except InvalidOperation:
        return str(value)


def _capability(value: str) -> str:
    name = value.upper()
    return name if name == "ALL" or name.startswith("CAP_") else f"CAP_{name}"


def _contents(uploads: Any) -> str | None:
    """Terraform's SDK can't tell an empty content from none, so neither is taken."""
    for upload in uploads:
        if bool(upload.get("content")) == bool(upload.get("contentBase64")):
            return f"needs one of content and contentBase64, not empty, for '{upload.get('file')}'"
    return None


def _places(volumes: Any) -> str | None:
    single = all(bool(item.get("containerPath")) != bool(item.get("fromContainer")) for item in volumes)
    return None if single else "needs one of containerPath and fromContainer in each entry"


def _kept(_: Any, new: Any) -> bool:
    return not new  # "" leaves the image's own


def _fixed(name: str, kind: Any = "string", **more: Any) -> Property:
    """A property that only a new container can have otherwise."""
    return Property(name=name, kind=kind, replaces=True, **more)


def _block(type: str, *properties: Property) -> Schema:
    return Schema(type, properties)


def _refused(name: str, kind: Any = "string", element: Schema | None = None, **more: Any) -> Property:
    return Property(name=name, kind=kind, element=element, carried=False, **more)


_DEVICES = _block("device")


def _duration(name: str) -> Property:
    return Property(name=name, default="0s", normal=_durations.normal, invalid=_durations.invalid)


_CAPABILITIES = _block(
    "capabilities",
    _fixed("adds", "set", element=_fixed("adds", normal=_capability), upstream="add"),
    _fixed("drops", "set", element=_fixed("drops", normal=_capability), upstream="drop"),
)
_HEALTHCHECK = _block(
    "healthcheck",
    _duration("interval"),
    Property(name="retries", kind="integer", default=0, invalid=_at_least(0)),
    _duration("startInterval"),
    _duration("startPeriod"),
    Property(name="tests", kind="list", upstream="test"),
    _duration("timeout"),
)
_MOUNT = _block(
    "mount",
    Property(name="bindOptions", kind="object", element=_block("bindOptions", Property(name="propagation"))),
    Property(name="readOnly", kind="boolean"),
    Property(name="source"),
    Property(name="target", required=True),
    _fixed(
        "tmpfsOptions",
        "object",
        element=_block(
            "tmpfsOptions", Property(name="mode", kind="integer"), Property(name="sizeBytes", kind="integer")
        ),
    ),
    Property(name="type", required=True, invalid=_matches("bind|volume|tmpfs", "bind, volume or tmpfs")),
    Property(
        name="volumeOptions",
        kind="object",
        element=_block(
            "volumeOptions",
            Property(name="driverName"),
            Property(name="driverOptions", kind="map"),
            Property(name="labels", kind="set", element=LABELS),
            Property(name="noCopy", kind="boolean"),
            _refused("subpath"),
        ),
    ),
)
_NETWORK = _block(
    "networksAdvanced",
    _fixed("aliases", "set"),
    _fixed("driverOpts", "set"),
    _refused("gwPriority", "integer", replaces=True),
    _fixed("ipv4Address"),
    _fixed("ipv6Address"),
    _fixed("linkLocalIps", "set"),
    _fixed("macAddress"),
    _fixed("name", required=True),
)
_NETWORK_DATA = _block(
    "networkData",
    *(Property(name=name) for name in ("gateway", "globalIpv6Address", "ipAddress", "ipv6Gateway", "macAddress")),
    *(Property(name=name, kind="integer") for name in ("globalIpv6PrefixLength", "ipPrefixLength")),
    Property(name="networkName"),
)
_PORT = _block(
    "port",
    _fixed("external", "integer", computed=True),
    _fixed("internal", "integer", required=True),
    _fixed("ip", default="0.0.0.0", normal=lambda ip: ip or "0.0.0.0"),  # noqa: S104 upstream's default
    _fixed("protocol", default="tcp"),
)
_UPLOAD = Schema(
    "upload",
    (
        _fixed("content"),
        _fixed("contentBase64", invalid=_base64),
        _fixed("executable", "boolean", default=False),
        _fixed("file", required=True),
        _fixed("permissions", invalid=_matches("0[0-7]{3}", "four octal digits such as '0440'")),
        _refused("source", replaces=True),
        _refused("sourceHash", replaces=True),
    ),
    refused=("group", "owner"),
)
_VOLUME = _block(
    "volume",
    _fixed("containerPath"),
    _fixed("fromContainer"),
    _fixed("hostPath", invalid=_matches(r"/.*|[a-zA-Z]:.*", "an absolute path")),
    _fixed("readOnly", "boolean"),
    _fixed("selinuxRelabel", invalid=_matches("z|Z", "z or Z")),
    _fixed("volumeName"),
)

CONTAINER = Schema(
    "docker:index/container:Container",
    (
        Property(name="attach", kind="boolean", default=False),
        Property(name="bridge", output=True),
        _fixed("capabilities", "object", element=_CAPABILITIES),
        _fixed("cgroupParent"),
        _fixed("cgroupnsMode", invalid=_matches("private|host", "private or host")),
        _fixed("command", "list", computed=True),
        Property(name="containerLogs", output=True),
        Property(name="containerReadRefreshTimeoutMilliseconds", kind="integer", default=15000, invalid=_at_least(0)),
        _refused("cpuPeriod", "integer"),
        _refused("cpuQuota", "integer"),
        Property(name="cpuSet", invalid=_matches(r"\d+([,-]\d+)*", "CPU numbers such as '0-2,4'")),
        Property(name="cpuShares", kind="integer", invalid=_at_least(0)),
        _fixed("cpus", normal=decimal, invalid=_cpus),
        Property(name="destroyGraceSeconds", kind="integer", invalid=_at_least(0)),
        _refused("deviceReadBps", "set", _DEVICES),
        _refused("deviceReadIops", "set", _DEVICES),
        _refused("deviceRequests", "set", _DEVICES),
        _refused("deviceWriteBps", "set", _DEVICES),
        _refused("deviceWriteIops", "set", _DEVICES),
        _refused("devices", "set", _DEVICES),
        _fixed("dns", "set"),
        _fixed("dnsOpts", "set"),
        _fixed("dnsSearches", "set", upstream="dns_search"),
        _fixed("domainname"),
        _fixed("entrypoints", "list", computed=True, upstream="entrypoint"),
        _fixed("envs", "set", computed=True, upstream="env"),
        Property(name="exitCode", kind="integer", output=True),
        _refused("gpus"),
        _fixed("groupAdds", "set", upstream="group_add"),
        _fixed("healthcheck", "object", element=_HEALTHCHECK, computed=True),
        _fixed("hostname", computed=True),
        _fixed(
            "hosts",
            "set",
            element=_block("host", _fixed("host", required=True), _fixed("ip", required=True)),
            upstream="host",
        ),
        _fixed("image", required=True),
        _fixed("init", "boolean", computed=True),
        _fixed("ipcMode", computed=True),
        _fixed("labels", "set", element=LABELS, computed=True),
        _fixed("logDriver", computed=True),
        _fixed("logOpts", "map"),
        Property(name="logs", kind="boolean", default=False),
        Property(name="maxRetryCount", kind="integer"),
        Property(name="memory", kind="integer", invalid=_at_least(0)),
        Property(name="memoryReservation", kind="integer", default=0, invalid=_at_least(0)),
        Property(name="memorySwap", kind="integer", invalid=_at_least(-1)),
        _fixed("mounts", "set", element=_MOUNT),
        Property(name="mustRun", kind="boolean", default=True),
        _fixed("name", autonamed=True),
        Property(name="networkDatas", kind="list", element=_NETWORK_DATA, output=True, upstream="network_data"),
        _fixed("networkMode", default="bridge"),
        _fixed("networksAdvanced", "set", element=_NETWORK),
        _fixed("pidMode"),
        _refused("platform", replaces=True, computed=True),
        _fixed("ports", "list", element=_PORT),
        _fixed("privileged", "boolean"),
        _fixed("publishAllPorts", "boolean"),
        _fixed("readOnly", "boolean", default=False),
        Property(name="removeVolumes", kind="boolean", default=True),
        Property(
            name="restart",
            default="no",
            invalid=_matches("no|on-failure|always|unless-stopped", "no, on-failure, always or unless-stopped"),
        ),
        _fixed("rm", "boolean", default=False),
        _fixed("runtime", computed=True),
        _fixed("securityOpts", "set", computed=True),
        _fixed("shmSize", "integer", computed=True, invalid=_at_least(0)),
        Property(name="start", kind="boolean", default=True),
        _fixed("stdinOpen", "boolean", default=False),
        _fixed("stopSignal", computed=True),
        _fixed("stopTimeout", "integer", computed=True),
        _fixed("storageOpts", "map"),
        _fixed("sysctls", "map"),
        _fixed("tmpfs", "map"),
        _fixed("tty", "boolean", default=False),
        _fixed(
            "ulimits",
            "set",
            element=_block(
                "ulimit",
                _fixed("hard", "integer", required=True),
                _fixed("name", required=True),
                _fixed("soft", "integer", required=True),
            ),
            upstream="ulimit",
        ),
        _fixed("uploads", "set", element=_UPLOAD, upstream="upload", invalid=_contents),
        _fixed("user", same=_kept),
        _fixed("usernsMode"),
        _fixed("volumes", "set", element=_VOLUME, invalid=_places),
        Property(name="wait", kind="boolean", default=False),
        Property(name="waitTimeout", kind="integer", default=60),
        _fixed("workingDir", same=_kept),
    ),
    schema_version=2,
    timeouts={"create": 1200, "delete": 1200, "update": 1200},
    delete_before_replace=True,
    refused=("deviceCgroupRules",),
)
