"""A tiny image for tests on a real daemon, and a provider that cleans up after itself."""

from __future__ import annotations

import io
import secrets
import subprocess
import tarfile
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from docker import APIClient
from docker.errors import ImageNotFound
from docker.utils import kwargs_from_env

from embedded.providers.docker import DockerProvider

IMAGE = "data-tier-test/busybox:1"
APPLETS = ("sh", "sleep", "cat", "echo", "nc", "stat", "test", "false")
CONTAINER = "docker:index/container:Container"


@pytest.fixture(scope="session")
def daemon() -> APIClient:
    return APIClient(version="auto", **kwargs_from_env())


def _busybox() -> bytes:
    """The machine's own static busybox, else the distribution's package, unpacked and not installed."""
    with tempfile.TemporaryDirectory() as folder:
        installed = Path("/bin/busybox")
        if not installed.exists():
            # what apt says is shown where this fails
            subprocess.run(["apt-get", "download", "-qq", "busybox-static"], cwd=folder, check=True)
            package = next(Path(folder).glob("busybox-static_*.deb"))
            subprocess.run(["dpkg-deb", "-x", package, folder], check=True)
            installed = next(Path(folder).rglob("bin/busybox"))
        return installed.read_bytes()


@pytest.fixture(scope="session")
def image(daemon: APIClient) -> str:
    try:
        daemon.inspect_image(IMAGE)
    except ImageNotFound:
        daemon.import_image_from_data(_rootfs(_busybox()), repository=IMAGE.split(":", maxsplit=1)[0], tag="1")
    return IMAGE


def _rootfs(busybox: bytes) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        for name in ("bin", "tmp", "etc"):
            folder = tarfile.TarInfo(name)
            folder.type, folder.mode = tarfile.DIRTYPE, 0o1777 if name == "tmp" else 0o755
            archive.addfile(folder)
        program = tarfile.TarInfo("bin/busybox")
        program.size, program.mode = len(busybox), 0o755
        archive.addfile(program, io.BytesIO(busybox))
        for applet in APPLETS:
            link = tarfile.TarInfo(f"bin/{applet}")
            link.type, link.linkname = tarfile.SYMTYPE, "busybox"
            archive.addfile(link)
    return buffer.getvalue()


@dataclass
class Bench:
    """A provider whose resources are removed at the end, under names that nobody else has."""

    provider: DockerProvider
    prefix: str
    made: list[tuple[str, str, dict[str, Any]]] = field(default_factory=list)

    def name(self, role: str) -> str:
        return f"{self.prefix}-{role}"

    def checked(self, type: str, **inputs: Any) -> dict[str, Any]:
        result = self.provider.check(type, "it", {}, inputs)
        assert result.failures == [], result.failures
        return result.inputs

    def create(self, type: str, **inputs: Any) -> tuple[str, dict[str, Any], dict[str, Any]]:
        """Id, checked inputs and outputs."""
        new = self.checked(type, **inputs)
        id, outputs = self.provider.create(type, "it", new, preview=False, timeout=None)
        self.made.append((type, id, outputs))
        return id, new, outputs


@pytest.fixture
def bench(daemon: APIClient) -> Iterator[Bench]:
    bench = Bench(DockerProvider(), f"dtt-{secrets.token_hex(3)}")
    yield bench
    for container in daemon.containers(all=True, filters={"name": bench.prefix}):
        daemon.remove_container(container["Id"], v=True, force=True)
    for type, id, outputs in reversed(bench.made):
        if type != CONTAINER:
            bench.provider.delete(type, id, {}, outputs, timeout=5)


@pytest.fixture
def run(daemon: APIClient) -> Callable[..., tuple[int, str]]:
    """Runs a command in a container; exit code and output."""

    def execute(container: str, *command: str) -> tuple[int, str]:
        made = daemon.exec_create(container, list(command))
        output = daemon.exec_start(made["Id"]).decode()
        return daemon.exec_inspect(made["Id"])["ExitCode"], output

    return execute
