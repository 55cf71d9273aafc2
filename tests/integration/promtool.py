"""Prometheus' own tool, in the image that has it: a container without network that ends at once."""

from __future__ import annotations

import io
import subprocess
import tarfile
from collections.abc import Mapping

IMAGE = "data-tier/monitoring:1"


def promtool(files: Mapping[str, str], *arguments: str) -> tuple[int, str]:
    """Run it in a folder with `files`; its exit code and what it said."""
    archive = io.BytesIO()
    with tarfile.open(fileobj=archive, mode="w") as tar:
        for name, text in files.items():
            entry = tarfile.TarInfo(name)
            entry.size = len(text.encode())
            tar.addfile(entry, io.BytesIO(text.encode()))
    run = 'mkdir /tmp/t && cd /tmp/t && tar x && exec promtool "$@"'
    done = subprocess.run(
        ["docker", "run", "--rm", "-i", "--network", "none", IMAGE, "sh", "-c", run, "promtool", *arguments],
        input=archive.getvalue(),
        capture_output=True,
        timeout=120,
        check=False,
    )
    return done.returncode, (done.stdout + done.stderr).decode()
