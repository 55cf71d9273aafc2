"""The stack chosen by `stack select`, kept where the CLI keeps it: one file per project under PULUMI_HOME/workspaces.

Source: pkg/workspace/workspace.go and pkg/backend/state of the CLI.
"""

from __future__ import annotations

import hashlib
import json
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

from embedded import environment
from embedded.state import files

if TYPE_CHECKING:
    from embedded.project import Project


def selected(project: Project, url: str) -> str:
    """PULUMI_STACK, else what `stack select` chose for this project and backend; "" for none."""
    if "PULUMI_STACK" in os.environ:
        return os.environ["PULUMI_STACK"]
    settings = environment.read_json(_workspace_file(project))
    return str(_by_url(settings).get(url) or settings.get("stack") or "")


def select(project: Project, url: str, qualified: str) -> None:
    """Remember a choice as `stack select` does, in the form of older (`stack`) and newer (`stacks`) CLIs."""
    path = _workspace_file(project)
    settings = environment.read_json(path)
    settings["stack"] = qualified
    settings["stacks"] = {**_by_url(settings), url: qualified}
    files.make_folder(path.parent)
    files.write(path, json.dumps(settings, indent=4))


def unselect(project: Project, url: str) -> bool:
    """Forget the choice, as `stack unselect` does; whether there was one."""
    path = _workspace_file(project)
    settings = environment.read_json(path)
    if not (settings.get("stack") or _by_url(settings).get(url)):
        return False
    settings.pop("stack", None)
    left = {key: name for key, name in _by_url(settings).items() if key != url}
    if left:
        files.write(path, json.dumps({**settings, "stacks": left}, indent=4))
    else:
        path.unlink()  # as the CLI leaves no empty ones
    return True


def _by_url(settings: dict[str, Any]) -> dict[str, Any]:
    stacks = settings.get("stacks")
    return stacks if isinstance(stacks, dict) else {}


def _workspace_file(project: Project) -> Path:
    digest = hashlib.sha1(str(project.file).encode(), usedforsecurity=False).hexdigest()
    return environment.home() / "workspaces" / f"{project.name}-{digest}-workspace.json"
