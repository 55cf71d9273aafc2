"""Prometheus' own tool, in the image that has it: a container without network that ends at once."""

from __future__ import annotations

import subprocess
from collections.abc import Mapping

from operate import archive
from operate.archive import File

IMAGE = "data-tier/monitoring:1"


def promtool(files: Mapping[str, str], *arguments: str) -> tuple[int, str]:
    """Run it in a folder with `files`; its exit code and what it said."""
    run = 'mkdir /tmp/t && cd /tmp/t && tar x && exec promtool "$@"'
    done = subprocess.run(
        ["docker", "run", "--rm", "-i", "--network", "none", IMAGE, "sh", "-c", run, "promtool", *arguments],
        input=archive.pack({name: File(data=text.encode()) for name, text in files.items()}),
        capture_output=True,
        timeout=120,
        check=False,
    )
    return done.returncode, (done.stdout + done.stderr).decode()
