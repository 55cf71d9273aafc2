"""The target branch beside the checkout: it judges, so that a pull request can't weaken what it is judged by.

Wrapper, policy pack, its settings, exceptions and the comment come from there; program and stack file from the project.
"""

from __future__ import annotations

import filecmp
import subprocess
import sys
import tempfile
from pathlib import Path

from operate.errors import OperateError

_LOCK = "requirements.lock"


def run(ref: str, project: Path, *options: str) -> int:
    """Run the command as the commit `ref` of the project's repository has it; its exit code. Raises OperateError."""
    with tempfile.TemporaryDirectory(prefix="ci-base-") as root:
        folder = Path(root)
        _extract(ref, project, folder)
        if not (folder / "operate/ci/__main__.py").is_file():
            raise OperateError(f"{ref} has no ci-preview yet: merge it there first, or leave CI_BASE out")
        packages(project, folder)
        command = [str(folder / ".venv/bin/python"), "-m", "operate.ci", "--project", str(project), *options]
        return subprocess.run(command, cwd=folder, check=False).returncode  # noqa: S603  the target branch's own


def _extract(ref: str, project: Path, folder: Path) -> None:
    command = ["git", "-C", str(project), "archive", "--format=tar", "--end-of-options", f"{ref}^{{commit}}"]
    done = subprocess.run(command, capture_output=True, check=False)  # noqa: S603  arguments are a list
    if done.returncode:
        said = done.stderr.decode(errors="replace").strip().splitlines()[-1:]
        raise OperateError(f"CI_BASE={ref} is no commit here: fetch it, or correct the name ({''.join(said)})")
    # not by tarfile: its safe extraction came with Python 3.11.4, and Debian 12 has an older one
    subprocess.run(["tar", "-x", "-C", str(folder)], input=done.stdout, check=True)  # noqa: S603, S607  from PATH


def packages(having: Path, wanting: Path) -> None:
    """The packages of a checkout's lock: those of another one where the locks are the same. Raises OperateError."""
    if filecmp.cmp(having / _LOCK, wanting / _LOCK, shallow=False):
        (wanting / ".venv").symlink_to((having / ".venv").resolve())
    made = subprocess.run([str(wanting / "scripts/ensure-python")], stdout=sys.stderr, check=False)  # noqa: S603
    if made.returncode:
        raise OperateError(f"the packages of {wanting} can't be installed: see above")
