"""What the tests ask the Docker daemon: a stack's containers, and what a container on a network can reach.

Creates one-shot containers of the probe image only and removes each of them.
"""

from __future__ import annotations

import json
import socket
import subprocess
from dataclasses import dataclass
from typing import Any

import docker
from docker.errors import APIError, NotFound
from docker.models.containers import Container

from operate import inside

LABEL = "data-tier.stack"
_PROBE = "data-tier/probe:1"
_SILENCE_SECONDS = 600  # backups and restores say nothing meanwhile
_REACH = """
import json, socket, sys
from concurrent.futures import ThreadPoolExecutor
def reach(target):
    try:
        socket.create_connection(tuple(target), 2).close()
        return True
    except OSError:
        return False
with ThreadPoolExecutor() as pool:
    print(json.dumps(list(pool.map(reach, json.load(sys.stdin)))))
"""

Target = tuple[str, int]


@dataclass(frozen=True)
class Host:
    """The Docker daemon and what belongs to the stack with `prefix` on it."""

    client: docker.DockerClient
    prefix: str

    def containers(self, *, ended: bool = False) -> dict[str, Any]:
        """The stack's containers by name; with `ended` also those that have done their work."""
        found = self.client.containers.list(all=True, filters={"label": f"{LABEL}={self.prefix}"})
        return {
            str(item.name): item for item in found if ended or item.attrs["HostConfig"]["RestartPolicy"]["Name"] != "no"
        }

    def ids(self) -> dict[str, str]:
        """The id of each of the stack's running containers."""
        return {name: str(item.id) for name, item in self.containers().items()}

    def networks(self) -> list[str]:
        """The names of the stack's networks."""
        return [str(item.name) for item in self.client.networks.list(filters={"label": f"{LABEL}={self.prefix}"})]

    def volumes(self) -> list[str]:
        """The names of the stack's volumes."""
        return [str(item.name) for item in self.client.volumes.list(filters={"label": f"{LABEL}={self.prefix}"})]

    def remove_everything(self) -> None:
        """Take away what the stack has left, whatever its state says."""
        for container in self.containers(ended=True).values():
            container.remove(force=True, v=True)
        for name in self.networks():
            self.client.networks.get(name).remove()
        for name in self.volumes():
            try:
                self.client.volumes.get(name).remove(force=True)
            except (APIError, NotFound):
                continue

    def run_in(self, network: str, code: str, given: Any = None) -> str:
        """What Python `code` prints in a container on `network`; `given` comes to it as JSON by standard input."""
        done = subprocess.run(
            [
                *("docker", "run", "--rm", "-i", "--network", network, "--label", f"{LABEL}={self.prefix}"),
                *("--entrypoint", "python3", _PROBE, "-c", code),
            ],
            input=json.dumps(given),
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        assert done.returncode == 0, f"the one-shot container on {network} failed:\n{done.stdout}{done.stderr}"
        return done.stdout.strip()

    def reachable_from(self, network: str, *targets: Target) -> list[Target]:
        """The targets that accept a TCP connection from a container on `network`."""
        answers = json.loads(self.run_in(network, _REACH, targets))
        return [target for target, reached in zip(targets, answers, strict=True) if reached]


def reachable(*targets: Target) -> list[Target]:
    """The targets that accept a TCP connection from the host itself."""
    found = []
    for target in targets:
        try:
            socket.create_connection(target, 2).close()
        except OSError:
            continue
        found.append(target)
    return found


def outside_address() -> str:
    """The host's address on the way out: the one that others know it by. Sends nothing."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.connect(("198.51.100.1", 9))  # an address for documentation, RFC 5737
        address = str(probe.getsockname()[0])
    assert not address.startswith("127."), "this host has no address but loopback: the tests from outside need one"
    return address


def ran(container: Container, command: list[str], user: str = "", **environment: Any) -> tuple[int, str]:
    """Exit code and what a command in a container said, errors last. `exec_run` loses what comes with the header."""
    done = inside.capture(container, command, user=user, seconds=_SILENCE_SECONDS, **environment)
    return done.code, (done.out + done.err).decode(errors="replace").strip()
