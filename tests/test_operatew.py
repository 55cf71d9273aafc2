"""The wrapper of `operate`: found from any folder, and clear where nothing has been installed yet."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

REPOSITORY = Path(__file__).parents[1]


def test_it_runs_from_any_folder(tmp_path: Path) -> None:
    done = subprocess.run([REPOSITORY / "operatew", "--help"], cwd=tmp_path, capture_output=True, text=True, check=True)
    assert "Usage: operatew" in done.stdout


def test_without_packages_it_says_what_to_run(tmp_path: Path) -> None:
    shutil.copy(REPOSITORY / "operatew", tmp_path)
    done = subprocess.run([tmp_path / "operatew", "status"], capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert done.stderr == f"operatew: there is no .venv yet: run `make up` in {tmp_path}\n"
