"""Python packages for an image of Debian trixie, fetched by this machine's pip in the way that it is set up."""

from __future__ import annotations

import platform
import shlex
import sys
from pathlib import Path
from typing import Final

FOLDER: Final = "/opt/stand-in"
_PYTHON: Final = "3.13"  # trixie's
_LIBC: Final = ("manylinux2014", "manylinux_2_17", "manylinux_2_27", "manylinux_2_28")


def install(requirements: Path) -> str:
    """The shell command that installs what `requirements` pins by hash; its `--target` is the caller's to add."""
    words = [sys.executable, "-m", "pip", "--disable-pip-version-check", "install", "--quiet", "--no-deps"]
    words += ["--no-compile", "--only-binary=:all:", "--require-hashes", "--requirement", str(requirements)]
    words += ["--implementation", "cp", "--python-version", _PYTHON, "--ignore-requires-python"]  # this machine's
    return shlex.join([*words, *(f"--platform={libc}_{platform.machine()}" for libc in _LIBC)])
