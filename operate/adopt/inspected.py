"""A container from `docker inspect` as a unit. Asks nobody: the image's own settings are given."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

from operate.adopt import keys
from operate.adopt.unit import Left, Mount, Port, Unit

_SERVICE: Final = "com.docker.compose.service"
_DEPENDS: Final = "com.docker.compose.depends_on"
_MIB: Final = 1 << 20
_NANO: Final = 1_000_000_000
_BARE: Final = frozenset({"bridge", "default", "host", "none"})
_HEX: Final = re.compile(r"[0-9a-f]{12,64}")
_ID: Final = re.compile(r"(?:sha256:)?[0-9a-f]{64}")


def unit(seen: Mapping[str, Any], image: Mapping[str, Any]) -> Unit:
    """A container beyond what its image brings; `image` is what `docker image inspect` says, {} where it is gone."""
    config, host, base = seen["Config"], seen["HostConfig"], image.get("Config") or {}
    labels = config.get("Labels") or {}
    name = str(seen["Name"]).lstrip("/")
    reference = str(config["Image"])
    return Unit(
        name=labels.get(_SERVICE) or name,
        key=f"container {name}",
        container=name,
        image=None if _ID.fullmatch(reference) else reference,
        built="" if not _ID.fullmatch(reference) else "an image without a name",
        env=dict(one.partition("=")[::2] for one in config.get("Env") or () if one not in (base.get("Env") or ())),
        networks=frozenset(_networks(seen)),
        aliases=tuple(_aliases(seen, name)),
        links=dict(_links(host)),
        depends=tuple(one.partition(":")[0] for one in (labels.get(_DEPENDS) or "").split(",") if one),
        ports=tuple(_ports(host)),
        mounts=tuple(_mounts(seen)),
        command=tuple(config.get("Cmd") or ()) if config.get("Cmd") != base.get("Cmd") else (),
        memory=-(-(host.get("Memory") or 0) // _MIB) or None,
        cpu=(host.get("NanoCpus") or 0) / _NANO or None,
        left=tuple(_left(labels.get(_SERVICE) or name, seen, base)),
    )


def project(seen: Mapping[str, Any]) -> str | None:
    """The compose project that a container is of."""
    label: str | None = (seen["Config"].get("Labels") or {}).get("com.docker.compose.project")
    return label


def _networks(seen: Mapping[str, Any]) -> Iterator[str]:
    for name in (seen.get("NetworkSettings") or {}).get("Networks") or {}:
        if name not in ("host", "none"):
            yield "default" if name.endswith("_default") else name


def _aliases(seen: Mapping[str, Any], name: str) -> list[str]:
    """The further names that it answers to; Docker adds its id, which ends with it."""
    networks = (seen.get("NetworkSettings") or {}).get("Networks") or {}
    told = [alias for its in networks.values() for alias in its.get("Aliases") or () if its is not None]
    return [one for one in dict.fromkeys(told) if one != name and not _HEX.fullmatch(one)]


def _links(host: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    for one in host.get("Links") or ():
        target, _, alias = one.partition(":")
        yield alias.rsplit("/", 1)[-1], target.lstrip("/")


def _ports(host: Mapping[str, Any]) -> Iterator[Port]:
    told = set()
    for key, bindings in (host.get("PortBindings") or {}).items():
        inside, _, protocol = key.partition("/")
        for binding in bindings or ():
            address, outside = binding.get("HostIp") or "", str(binding.get("HostPort") or "")
            address = "" if address in ("0.0.0.0", "::") else address  # noqa: S104  compared, never bound
            if (key, outside, address) in told:
                continue  # IPv4 and IPv6 of one port
            told.add((key, outside, address))
            host_port = int(outside) if outside not in ("", "0") else None
            yield Port(container=int(inside), host=host_port, address=address, protocol=protocol or "tcp")


def _mounts(seen: Mapping[str, Any]) -> Iterator[Mount]:
    for one in seen.get("Mounts") or ():
        kind = str(one.get("Type"))
        source = str(one.get("Name") if kind == "volume" else one.get("Source") or "")
        yield Mount(kind=kind, source=source, target=str(one["Destination"]))


def _left(name: str, seen: Mapping[str, Any], base: Mapping[str, Any]) -> Iterator[Left]:
    """What it has that a stack file has no key for, in the words of compose."""
    config, host = seen["Config"], seen["HostConfig"]
    told = {
        "privileged": host.get("Privileged"),
        "cap_add": host.get("CapAdd"),
        "devices": host.get("Devices"),
        "security_opt": not host.get("Privileged") and host.get("SecurityOpt"),  # Docker adds one to that
        "extra_hosts": host.get("ExtraHosts"),
        "dns": host.get("Dns"),
        "sysctls": host.get("Sysctls"),
        "ulimits": host.get("Ulimits"),
        "tmpfs": host.get("Tmpfs"),
        "volumes_from": host.get("VolumesFrom"),
        "pid": host.get("PidMode"),
        "read_only": host.get("ReadonlyRootfs"),
        "network_mode": host.get("NetworkMode") in ("host", "none")
        or str(host.get("NetworkMode")).startswith("container:"),
        "user": config.get("User") != (base.get("User") or "") and config.get("User"),
        "entrypoint": config.get("Entrypoint") != base.get("Entrypoint") and config.get("Entrypoint"),
        "healthcheck": config.get("Healthcheck") != base.get("Healthcheck") and config.get("Healthcheck"),
    }
    for key, value in told.items():
        if value:
            reason, todo = keys.LEFT[key]
            yield Left(service=name, key=key, reason=reason, todo=todo)
