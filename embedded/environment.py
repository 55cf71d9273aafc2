"""Where home, backend and passphrase come from: the CLI's own variables, files and order.

Source: pkg/workspace of the CLI. Never asks at a terminal.
"""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

from embedded.errors import EngineError

if TYPE_CHECKING:
    from embedded.project import Project


def home() -> Path:
    """Pulumi's own folder: PULUMI_HOME, else ~/.pulumi."""
    return Path(os.environ.get("PULUMI_HOME") or Path.home() / ".pulumi")


def backend_url(project: Project | None) -> str:
    """PULUMI_BACKEND_URL, else `backend.url` of Pulumi.yaml, else where `pulumi login` went. Raises EngineError."""
    found = os.environ.get("PULUMI_BACKEND_URL") or (project.backend_url if project else "") or _logged_in()
    if not found:
        raise EngineError(
            "no backend: set PULUMI_BACKEND_URL=file://<folder>, or run ./pulumiw, which keeps the state in .state"
        )
    return found


def passphrase() -> str:
    """PULUMI_CONFIG_PASSPHRASE, also when empty, else what PULUMI_CONFIG_PASSPHRASE_FILE holds. Raises EngineError."""
    if "PULUMI_CONFIG_PASSPHRASE" in os.environ:
        return os.environ["PULUMI_CONFIG_PASSPHRASE"]
    name = os.environ.get("PULUMI_CONFIG_PASSPHRASE_FILE")
    if not name:
        raise EngineError(
            "passphrase must be set with PULUMI_CONFIG_PASSPHRASE or PULUMI_CONFIG_PASSPHRASE_FILE environment "
            "variables"
        )
    try:
        return Path(name).read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "not UTF-8 text"
        raise EngineError(f"unable to read PULUMI_CONFIG_PASSPHRASE_FILE {name}: {reason}") from None


def _logged_in() -> str:
    folder = Path(os.environ.get("PULUMI_CREDENTIALS_PATH") or home())
    return str(read_json(folder / "credentials.json").get("current") or "")


def read_json(path: Path) -> dict[str, Any]:
    """The object in one of the CLI's own files, {} where there is none. Raises EngineError when it is damaged."""
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    except (OSError, ValueError):
        raise EngineError(f"{path}: can't be read as JSON; remove it, and log in or select the stack again") from None
    return document if isinstance(document, dict) else {}
