"""Docker's answers about a container and a network as the inputs that would have made them. Asks nobody.

Everything counts as declared, whether it came from the image or from whoever started the container: what is there is
what an audit judges.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from embedded.providers.docker._container_state import imported
from embedded.providers.docker._labels import to_labels
from operate.audit.resources import NETWORK, VOLUME, Resource, urn
from policies.containers import CONTAINER

PREDEFINED: Final = frozenset({"bridge", "host", "none", "docker_gwbridge", "ingress"})
HOST: Final = "docker"
_EVERY: Final = ("0.0.0.0", "::")  # noqa: S104  compared, never bound
_MIB: Final = 1024 * 1024


def container(seen: Mapping[str, Any]) -> Resource:
    """A container from `docker inspect`."""
    name = str(seen["Name"]).lstrip("/")
    props = {key: value for key, value in imported(dict(seen), {}).items() if value is not None}
    host = seen["HostConfig"]
    props.update(ports=_ports(seen), volumes=_volumes(seen), mustRun=not _one_shot(seen))
    props["memory"] = -(-(host.get("Memory") or 0) // _MIB)  # rounded up: a small limit is one
    props["networksAdvanced"] = [{"name": one} for one in _networks(seen)]
    if props["networksAdvanced"]:
        del props["networkMode"]  # only how it got there
    if host.get("VolumesFrom"):
        props["volumes"] += [{"fromContainer": one, "containerPath": ""} for one in host["VolumesFrom"]]
    return Resource(type=CONTAINER, name=name, urn=urn(HOST, HOST, CONTAINER, name), props=props)


def network(seen: Mapping[str, Any]) -> Resource:
    """A network from `docker network inspect`."""
    name = str(seen["Name"])
    props = {
        "name": name,
        "driver": seen.get("Driver") or "",
        "internal": bool(seen.get("Internal")),
        "ingress": bool(seen.get("Ingress")),
        "attachable": bool(seen.get("Attachable")),
        "ipv6": bool(seen.get("EnableIPv6")),
        "options": seen.get("Options") or {},
        "labels": to_labels(seen.get("Labels")),
    }
    return Resource(type=NETWORK, name=name, urn=urn(HOST, HOST, NETWORK, name), props=props)


def volume(seen: Mapping[str, Any]) -> Resource:
    """A volume from `docker volume inspect`: its options can lead to any folder of the host."""
    name = str(seen["Name"])
    props = {
        "name": name,
        "driver": seen.get("Driver") or "",
        "driverOpts": seen.get("Options") or {},
        "labels": to_labels(seen.get("Labels")),
    }
    return Resource(type=VOLUME, name=name, urn=urn(HOST, HOST, VOLUME, name), props=props)


def _ports(seen: Mapping[str, Any]) -> list[dict[str, Any]]:
    """What is bound now; where nothing is (stopped, no network), what will be when it starts or joins one.

    Docker tells a port on every address twice, for IPv4 and IPv6: it was published once.
    """
    bound = {key: its for key, its in ((seen.get("NetworkSettings") or {}).get("Ports") or {}).items() if its}
    wanted = seen["HostConfig"].get("PortBindings") or {}
    found: dict[tuple[str, str, str], dict[str, Any]] = {}
    for key, bindings in {**wanted, **bound}.items():
        inside, _, protocol = key.partition("/")
        for binding in bindings or ():
            ip, outside = binding.get("HostIp") or "", str(binding.get("HostPort") or "")
            port: dict[str, Any] = {"internal": _number(inside), "protocol": protocol or "tcp"}
            if ip:
                port["ip"] = ip
            if outside not in ("", "0"):
                port["external"] = _number(outside)
            found.setdefault((key, outside, "" if ip in _EVERY else ip), port)
    return list(found.values())


def _networks(seen: Mapping[str, Any]) -> list[str]:
    """The networks that it is on, the default one among them."""
    networks = (seen.get("NetworkSettings") or {}).get("Networks") or {}
    return sorted(name for name in networks if name not in ("host", "none"))


def _number(text: str) -> int | str:
    return int(text) if text.isdecimal() else text


def _volumes(seen: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Every mount as Docker resolved it; those that were declared as mounts are read from there too."""
    declared = {one.get("Target") for one in seen["HostConfig"].get("Mounts") or ()}
    found = []
    for one in seen.get("Mounts") or ():
        if one.get("Destination") in declared or one.get("Type") not in ("bind", "volume"):
            continue
        volume = {"containerPath": one["Destination"], "readOnly": not one.get("RW", True)}
        if one["Type"] == "bind":
            volume["hostPath"] = one.get("Source") or ""
        elif not _generated(str(one.get("Name") or "")):
            volume["volumeName"] = one["Name"]
        found.append(volume)
    return found


def _generated(name: str) -> bool:
    """Whether Docker named the volume: nobody will find its data again."""
    return not name or (len(name) == 64 and not name.strip("0123456789abcdef"))  # noqa: PLR2004  an id's length


def _one_shot(seen: Mapping[str, Any]) -> bool:
    """Whether it has done its work and ended well, nobody starts it again and nothing reaches it."""
    state, host = seen["State"], seen["HostConfig"]
    ended = state.get("Status") == "exited" and state.get("ExitCode") == 0
    policy = (host.get("RestartPolicy") or {}).get("Name") or "no"
    return ended and policy == "no" and host.get("NetworkMode") == "none"
