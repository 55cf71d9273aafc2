"""What this machine has: Python, the project's packages, room on its disks."""

from __future__ import annotations

import platform
import re
import shutil
import sys
import tomllib
from collections.abc import Sequence
from importlib import metadata
from pathlib import Path
from typing import Final

from operate import pulumi
from operate.doctor.finding import Finding, fail, ok, warn
from operate.printing import size

_PROJECT: Final = Path(__file__).resolve().parents[2] / "pyproject.toml"
_OLDEST: Final = (3, 11)
_PIN: Final = re.compile(r"([A-Za-z0-9._-]+)(?:\[[^]]*\])?==([^;\s]+)")
_LITTLE: Final = 1024**3
_SCARCE: Final = 5 * 1024**3


def python() -> Sequence[Finding]:
    """The Python that runs this."""
    if sys.version_info < _OLDEST:
        return [fail("python", platform.python_version(), "install Python 3.11 or newer, remove .venv, `make up`")]
    return [ok("python", platform.python_version())]


def packages() -> Sequence[Finding]:
    """The packages that pyproject.toml pins, against those installed."""
    pins = tomllib.loads(_PROJECT.read_text())["project"]["dependencies"]
    wanted = [match.groups() for match in map(_PIN.match, pins) if match]
    other = [
        f"{name} {_installed(name)} instead of {version}" for name, version in wanted if _installed(name) != version
    ]
    if other:
        return [warn("packages", ", ".join(other), "`make up` installs what pyproject.toml names")]
    return [ok("packages", f"{len(wanted)} as pinned")]


def disk(docker_root: Path | None) -> Sequence[Finding]:
    """Room where Docker keeps images and volumes, and where the state is."""
    places = {"disk of Docker": docker_root, "disk of the project": pulumi.REPOSITORY}
    return [_room(name, folder) for name, folder in places.items() if folder is not None and folder.exists()]


def _installed(name: str) -> str:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return "missing"


def _room(name: str, folder: Path) -> Finding:
    free = shutil.disk_usage(folder).free
    found = f"{size(free)} free at {folder}"
    if free < _LITTLE:
        return fail(name, found, "make room: a full disk stops databases and cuts the state off")
    if free < _SCARCE:
        return warn(name, found, "make room soon: images take about 1 GiB, and databases grow")
    return ok(name, found)
