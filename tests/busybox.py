"""A container image of two megabytes for tests on a real daemon: the distribution's own busybox and nothing else."""

from __future__ import annotations

import io
import subprocess
import tarfile
import tempfile
from pathlib import Path

from docker import APIClient
from docker.errors import ImageNotFound

IMAGE = "data-tier-test/busybox:1"
APPLETS = ("sh", "sleep", "cat", "echo", "nc", "stat", "test", "false")


def ensure(daemon: APIClient) -> str:
    """The image's name, built where it is missing."""
    try:
        daemon.inspect_image(IMAGE)  # type: ignore[no-untyped-call]  # the stubs leave it untyped
    except ImageNotFound:
        daemon.import_image_from_data(_rootfs(_busybox()), repository=IMAGE.split(":", maxsplit=1)[0], tag="1")
    return IMAGE


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
