"""The way to the Docker daemon, and what kind of daemon it is. What is asked of it belongs to the commands."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import docker
from docker.errors import APIError, DockerException, NotFound
from docker.models.containers import Container
from docker.models.networks import Network

from operate import addresses
from operate.errors import OperateError

STACK_LABEL = "data-tier.stack"
_INTERFACES = Path("/sys/class/net")
_LOCAL = ("unix://", "npipe://", "http+unix://")


@dataclass(frozen=True, kw_only=True)
class Kind:
    """What a daemon is: `local`, `rootless`, `desktop`, `remote` or `separate`.

    `bridges` says whether containers can be reached by their address from this process.
    """

    name: str
    bridges: bool
    explained: str


def connect(seconds: int = 30) -> docker.DockerClient:
    """A client whose single calls wait at most `seconds`. Raises OperateError where no daemon answers."""
    try:
        client = docker.from_env(timeout=seconds)
        client.ping()
    except DockerException as error:
        raise OperateError(
            f"no Docker daemon answers ({type(error).__name__}): `scripts/ensure-docker` starts one on Debian as root, "
            "or point DOCKER_HOST to yours; `./operatew doctor` says more"
        ) from None
    except Exception as error:  # requests' own, when the daemon hangs
        raise OperateError(f"the Docker daemon doesn't answer in {seconds} s ({type(error).__name__})") from None
    return client


def url() -> str:
    """Where the daemon is asked: DOCKER_HOST, else the default socket."""
    return os.environ.get("DOCKER_HOST") or "unix:///var/run/docker.sock"


def kind(info: Mapping[str, Any], gateways: Mapping[str, str]) -> Kind:
    """What `docker info` and the gateways of its networks tell: a shared bridge is an address of this machine."""
    if info.get("OperatingSystem") == "Docker Desktop":
        return Kind(name="desktop", bridges=False, explained="Docker Desktop: containers run in a virtual machine")
    if any("name=rootless" in option for option in info.get("SecurityOptions") or []):
        return Kind(name="rootless", bridges=False, explained="rootless: its bridges are in a namespace of its own")
    if not _is_near(url()):
        return Kind(name="remote", bridges=False, explained=f"{url()} is another machine")
    if not addresses.own().intersection(gateways.values()):
        why = "its networks aren't this machine's: it is in a virtual machine, or this in a container"
        return Kind(name="separate", bridges=False, explained=why)
    return Kind(name="local", bridges=True, explained="on this machine")


def gateways(client: docker.DockerClient) -> dict[str, str]:
    """The address that the daemon's machine has on each of its bridge networks (IPv4), by the network's name."""
    return {
        str(network.name): config["Gateway"]
        for network in client.networks.list(filters={"driver": "bridge"})
        for config in (network.attrs.get("IPAM") or {}).get("Config") or []
        if "." in config.get("Gateway", "")
    }


def lost_interfaces(client: docker.DockerClient) -> list[str]:
    """The bridge networks of a local daemon whose interface is gone; none where this system doesn't list them."""
    if not _INTERFACES.is_dir():
        return []
    bridges = {str(one.name): _interface(one) for one in client.networks.list(filters={"driver": "bridge"})}
    return sorted(name for name, interface in bridges.items() if not (_INTERFACES / interface).exists())


def _interface(network: Network) -> str:
    options = network.attrs.get("Options") or {}
    return str(options.get("com.docker.network.bridge.name") or f"br-{str(network.id)[:12]}")


def _is_near(address: str) -> bool:
    """Whether an address of a daemon is one of this machine; a socket may still be a forwarded one."""
    if address.startswith(_LOCAL):
        return True
    host = urlsplit(address).hostname or ""
    return host in {"localhost", "127.0.0.1", "::1", *addresses.own()}


def find(client: docker.DockerClient, name: str) -> Container | None:
    """The container of that name, running or not, None where there is none. Raises OperateError."""
    try:
        return client.containers.get(name)
    except NotFound:
        return None
    except APIError as error:
        raise OperateError(f"Docker can't say anything about {name}: {error.explanation}") from None


def running(client: docker.DockerClient, name: str) -> Container:
    """The container of that name. Raises OperateError where it doesn't run."""
    found = find(client, name)
    if found is None:
        raise OperateError(f"there is no container {name}: `./pulumiw up --refresh` makes it again")
    if found.status != "running":
        raise OperateError(f"{name} is {found.status}: `./operatew start all` starts what is stopped")
    return found
