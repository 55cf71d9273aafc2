"""Another host: a network namespace of its own with a link to this one."""

from __future__ import annotations

import os
import secrets
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from tests.embedded.providers.docker.conftest import bench, daemon, image

__all__ = ["bench", "daemon", "image", "outsider"]
HERE = "an address of this host"
CONNECT = """
import socket, sys
for address in sys.argv[2:]:
    try:
        with socket.create_connection((address, int(sys.argv[1])), timeout=1.5) as link:
            if link.recv(5):
                sys.exit(0)
    except OSError:
        pass
sys.exit(1)
"""


@dataclass(frozen=True)
class Outsider:
    """A namespace whose only link leads to this host, and this host's addresses there: IPv4 and IPv6."""

    name: str
    here: tuple[str, str]

    def reaches(self, port: int) -> bool:
        """Whether somebody answers on this host's port, over IPv4 or IPv6."""
        command = ["ip", "netns", "exec", self.name, sys.executable, "-c", CONNECT, str(port), *self.here]
        return subprocess.run(command, check=False, timeout=20).returncode == 0


@pytest.fixture(scope="session")
def outsider() -> Iterator[Outsider]:
    name, near, far = f"dtt-{secrets.token_hex(3)}", f"dtn{secrets.token_hex(3)}", f"dtf{secrets.token_hex(3)}"
    third = _free_third()
    here, there = (f"10.213.{third}.1", f"fd57:{third:x}::1"), (f"10.213.{third}.2", f"fd57:{third:x}::2")
    _ip("netns", "add", name)
    try:
        _ip("link", "add", near, "type", "veth", "peer", "name", far, "netns", name)
        _ip("address", "add", f"{here[0]}/30", "dev", near)
        _ip("address", "add", f"{here[1]}/64", "dev", near, "nodad")
        _ip("link", "set", near, "up")
        _ip("-n", name, "address", "add", f"{there[0]}/30", "dev", far)
        _ip("-n", name, "address", "add", f"{there[1]}/64", "dev", far, "nodad")
        _ip("-n", name, "link", "set", far, "up")
        yield Outsider(name, here)
    finally:
        _ip("netns", "delete", name)  # takes both ends of the link with it


def _free_third() -> int:
    """Another run, also one that was killed, may have a link of its own."""
    return next(third for third in range(os.getpid() % 200, 256) if f" 10.213.{third}." not in _ip("-4", "address"))


def _ip(*arguments: str) -> str:
    return subprocess.run(["ip", *arguments], check=True, timeout=20, stdout=subprocess.PIPE, text=True).stdout
