"""Docker Compose v2 for comparison, built from its Go module and kept under .cache/. Nothing else here uses it."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path
from typing import Final

VERSION: Final = "v2.40.3"
MODULE: Final = "github.com/docker/compose/v2"
CACHE: Final = Path(__file__).parents[1] / ".cache" / "bench"
_MINUTES: Final = 15


class NotBuiltError(Exception):
    """Compose can't be had here; the text says why."""


def ensure() -> Path:
    """The binary, built where it isn't there yet: some minutes, once. Raises NotBuiltError."""
    binary = CACHE / f"docker-compose-{VERSION}"
    if binary.exists():
        return binary
    if shutil.which("go") is None:
        raise NotBuiltError("Compose v2 is built from its Go module and there is no go on PATH")
    print(f"building Docker Compose {VERSION} from its Go module, once", flush=True)
    # Built inside the module and not as a dependency: Go ignores the excludes of a dependency's go.mod.
    source = json.loads(_go("mod", "download", "-json", f"{MODULE}@{VERSION}"))["Dir"]
    CACHE.mkdir(parents=True, exist_ok=True)
    unfinished = binary.with_suffix(".part")
    _go("build", "-C", source, "-trimpath", "-ldflags", _flags(), "-o", str(unfinished), "./cmd")
    unfinished.replace(binary)
    return binary


def _flags() -> str:
    return f"-s -w -X {MODULE}/internal.Version={VERSION}"


def _go(*arguments: str) -> str:
    command = ["go", *arguments]
    try:
        done = subprocess.run(  # noqa: S603  the Go toolchain on a pinned module
            command, cwd="/", capture_output=True, text=True, check=False, timeout=_MINUTES * 60
        )
    except subprocess.TimeoutExpired:
        raise NotBuiltError(f"`go {arguments[0]}` of Compose {VERSION} took over {_MINUTES} minutes") from None
    if done.returncode:
        last = (done.stderr.strip().splitlines() or ["no message"])[-1]
        raise NotBuiltError(f"`go {arguments[0]}` of Compose {VERSION} failed: {last}")
    return done.stdout
