"""Which engine `./pulumiw` will take: the `pulumi` on PATH or the embedded one, as the wrapper decides."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Sequence

from operate.doctor.finding import Finding, fail, ok

_SECONDS = 10


def pulumi() -> Sequence[Finding]:
    """The engine, and its version where it is the CLI."""
    forced, path = os.environ.get("PULUMIW_ENGINE", ""), shutil.which("pulumi")
    if forced not in {"", "embedded", "pulumi"}:
        return [fail("pulumi", f"PULUMIW_ENGINE={forced}", "write embedded or pulumi, or unset it")]
    if forced == "pulumi" and path is None:
        return [fail("pulumi", "PULUMIW_ENGINE=pulumi, but none on PATH", "install the CLI or unset PULUMIW_ENGINE")]
    if path is None or forced == "embedded":
        why = "as PULUMIW_ENGINE says" if forced else "no pulumi on PATH"
        return [ok("pulumi", f"the embedded engine ({why})")]
    return [_version(path)]


def _version(path: str) -> Finding:
    try:
        done = subprocess.run([path, "version"], capture_output=True, text=True, timeout=_SECONDS, check=True)  # noqa: S603
    except (OSError, subprocess.SubprocessError) as error:
        todo = "repair the CLI, or PULUMIW_ENGINE=embedded"
        return fail("pulumi", f"{path} doesn't tell its version ({type(error).__name__})", todo)
    return ok("pulumi", f"{done.stdout.strip()} at {path}")
