"""Names, subnets and ports of a script's own on this Docker host, and what the recording had in their place."""

from __future__ import annotations

import os
import re
import secrets
from typing import Any

import docker
from docker.errors import NotFound

from tests.conformance import image
from tests.conformance.scripts import Script
from tests.integration.stackfile import free_port, free_subnets

RECORDED_IMAGE = "local/postgres:17"
_RECORDED = {  # the prefix, and the first three numbers of the subnets
    "data-tier": ("ref", "172.29.10", "172.29.20", 18080),
    "secrets": ("scram", "172.29.30", "", 0),
    "options": ("", "", "", 0),
}
_OURS = ("prefix", "image", "data", "edge", "port")  # configuration that the recorded programs had no need of


class Host:
    """What one script uses of the host."""

    def __init__(self, script: Script) -> None:
        self._prefix, self._data, self._edge, self._port = _RECORDED[script.name]
        self.prefix = f"conf-{secrets.token_hex(3)}"
        self.docker = docker.from_env() if self._prefix else None
        free = free_subnets(self.docker, 40)[8:]  # other tests take the first ones
        start = os.getpid() % 10 * 3 + (script.name == "secrets")
        self.data, self.edge = (str(free[(start + n) % len(free)]).rpartition(".")[0] for n in (0, 2))
        self.port = free_port(20000 + os.getpid() % 900 * 10, 29990)

    def config(self, script: Script) -> dict[str, str]:
        """The configuration that makes the program use it."""
        if not self._prefix:
            return {}
        found = {"prefix": self.prefix, "image": image.IMAGE, "data": self.data}
        return {**found, "edge": self.edge, "port": str(self.port)} if script.name == "data-tier" else found

    def text(self, value: str) -> str:
        """A text as it was recorded."""
        if not self._prefix:
            return value
        for ours, theirs in ((f"{self.prefix}-", f"{self._prefix}-"), (image.IMAGE, RECORDED_IMAGE)):
            value = value.replace(ours, theirs)
        for ours, theirs in ((self.data, self._data), (self.edge, self._edge)):
            value = value.replace(f"{ours}.", f"{theirs}.") if theirs else value
        if self._port:
            for number in (0, 1):
                value = re.sub(rf"\b{self.port + number}\b", str(self._port + number), value)
        return re.sub(rf'^ *"\w+:(?:{"|".join(_OURS)})": .*\n', "", value, flags=re.MULTILINE)

    def recorded(self, value: Any) -> Any:
        """Any value as it was recorded."""
        if isinstance(value, str):
            return self.text(value)
        if isinstance(value, dict):
            return {key: self.recorded(item) for key, item in value.items()}
        if isinstance(value, list):
            return [self.recorded(item) for item in value]
        if self._port and value in (self.port, self.port + 1) and not isinstance(value, bool):
            return int(value) - self.port + self._port
        return value

    def remove_container(self, name: str) -> None:
        """Remove a container, running or not."""
        assert self.docker is not None
        self.docker.containers.get(f"{self.prefix}-{name}").remove(force=True)

    def clean(self) -> list[str]:
        """Remove what is left; the names of it."""
        if self.docker is None:
            return []
        filters = {"name": f"{self.prefix}-"}
        kinds: list[Any] = [self.docker.containers.list(all=True, filters=filters)]
        kinds += [self.docker.networks.list(filters=filters), self.docker.volumes.list(filters=filters)]
        left = [item for kind in kinds for item in kind]
        for item in left:
            try:
                item.remove(**({"force": True} if item in kinds[0] else {}))
            except NotFound:
                continue
        self.docker.close()
        return [str(item.name) for item in left]
