"""The stack chosen by `stack select`, kept where the CLI keeps it: one file per project under PULUMI_HOME/workspaces.

Source: pkg/workspace/workspace.go and pkg/backend/state of the CLI.
"""

from __future__ import annotations

import hashlib
import json
import os
from pathlib import Path
from typing import TYPE_CHECKING

from embedded import environment
from embedded.state import files

if TYPE_CHECKING:
    from embedded.project import Project


def selected(project: Project, url: str) -> str:
    """PULUMI_STACK, else what `stack select` chose for this project and backend; "" for none."""
    if "PULUMI_STACK" in os.environ:
        return os.environ["PULUMI_STACK"]
    settings = environment.read_json(_workspace_file(project))
    stacks = settings.get("stacks")
    chosen = stacks.get(url) if isinstance(stacks, dict) else None
    return str(chosen or settings.get("stack") or "")


def select(project: Project, url: str, qualified: str) -> None:
    """Remember a choice as `stack select` does, in the form of older (`stack`) and newer (`stacks`) CLIs."""
    path = _workspace_file(project)
    settings = environment.read_json(path)
    stacks = settings.get("stacks")
    settings["stack"] = qualified
    settings["stacks"] = {**(stacks if isinstance(stacks, dict) else {}), url: qualified}
    files.make_folder(path.parent)
    files.write(path, json.dumps(settings, indent=4))


def _workspace_file(project: Project) -> Path:
    digest = hashlib.sha1(str(project.file).encode(), usedforsecurity=False).hexdigest()
    return environment.home() / "workspaces" / f"{project.name}-{digest}-workspace.json"
