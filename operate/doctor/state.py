"""The stack's state: where it is, whether its passphrase is there and right, whether it can be read, who has it locked.

Reads only, and only what a file backend has on this machine; of another backend it says that the CLI looks after it.
"""

from __future__ import annotations

import json
import os
import socket
import stat
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import yaml

from operate import pulumi
from operate.doctor.finding import Finding, fail, ok, warn
from operate.pulumi import PROJECT

_FILE: Final = "file://"


@dataclass(frozen=True)
class Place:
    """Where state and passphrase are, by the same rules as `./pulumiw`: `folder` is None for a cloud backend."""

    folder: Path | None
    url: str
    passphrase: str | None
    passphrase_from: str


def findings(stack: str) -> Sequence[Finding]:
    """Everything about the state of one stack."""
    place = find()
    if place.folder is None:
        return [ok("state", f"kept by {place.url}; ask the CLI about it")]
    if not (place.folder / ".pulumi").is_dir():
        return [ok("state", f"none yet in {place.folder}; the first `make up` makes it"), *_passphrase(place, stack)]
    return [*_folder(place.folder), *_passphrase(place, stack), *_locks(place.folder, stack), *_readable(stack)]


def find() -> Place:
    """What the wrapper would choose."""
    url = os.environ.get("PULUMI_BACKEND_URL") or _of_project() or _logged_in() or f"{_FILE}{_own()}"
    own = url == f"{_FILE}{_own()}"
    path = url.removeprefix(_FILE).partition("?")[0]
    folder = Path(path).expanduser() if url.startswith(_FILE) else None
    file = os.environ.get("PULUMI_CONFIG_PASSPHRASE_FILE") or (str(_own() / "passphrase") if own else "")
    if "PULUMI_CONFIG_PASSPHRASE" in os.environ:
        return Place(folder, url, os.environ["PULUMI_CONFIG_PASSPHRASE"], "PULUMI_CONFIG_PASSPHRASE")
    try:
        return Place(folder, url, Path(file).read_text(encoding="utf-8").strip() if file else None, file)
    except (OSError, UnicodeDecodeError):
        return Place(folder, url, None, file)


def _own() -> Path:
    """Where the wrapper keeps state and passphrase unless told otherwise."""
    return pulumi.REPOSITORY / ".state"


def _of_project() -> str:
    try:
        backend = yaml.safe_load((pulumi.REPOSITORY / "Pulumi.yaml").read_text()).get("backend")
    except (OSError, yaml.YAMLError, AttributeError):
        return ""
    return str(backend.get("url") or "") if isinstance(backend, dict) else ""


def _logged_in() -> str:
    home = os.environ.get("PULUMI_CREDENTIALS_PATH") or os.environ.get("PULUMI_HOME") or Path.home() / ".pulumi"
    return str(_json(Path(home) / "credentials.json").get("current") or "")


def _json(path: Path) -> dict[str, Any]:
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def _folder(folder: Path) -> list[Finding]:
    mode = stat.S_IMODE(folder.stat().st_mode)
    if mode & 0o077:
        return [warn("state folder", f"{folder} can be read by others (mode {mode:04o})", f"chmod 0700 {folder}")]
    return [ok("state folder", str(folder))]


def _passphrase(place: Place, stack: str) -> list[Finding]:
    """Whether it opens the salt in the stack file."""
    salt = _salt(stack)
    if place.passphrase is None:
        where = f"{place.passphrase_from} can't be read" if place.passphrase_from else "none is set"
        if salt is None and not place.passphrase_from.startswith(str(_own())):
            return [fail("passphrase", where, "set PULUMI_CONFIG_PASSPHRASE_FILE")]
        if salt is None:
            return [ok("passphrase", "none yet; the first `make up` makes one")]
        todo = "restore the file from your backup, or set PULUMI_CONFIG_PASSPHRASE_FILE: without it passwords are lost"
        return [fail("passphrase", where, todo)]
    if salt is None:
        return [ok("passphrase", f"from {place.passphrase_from}; the stack file has no salt to try it on yet")]
    return [_tried(place, salt)]


def _tried(place: Place, salt: str) -> Finding:
    from embedded.errors import EngineError
    from embedded.secrets import PassphraseSecrets

    try:
        PassphraseSecrets.open(place.passphrase or "", salt)
    except EngineError as error:
        todo = "use the passphrase that the stack was made with"
        return fail("passphrase", f"from {place.passphrase_from}: {str(error).partition(':')[0]}", todo)
    return ok("passphrase", f"from {place.passphrase_from}, opens the stack file's salt")


def _salt(stack: str) -> str | None:
    try:
        found = yaml.safe_load((pulumi.REPOSITORY / f"Pulumi.{stack}.yaml").read_text())
        return str(found["encryptionsalt"])
    except (OSError, yaml.YAMLError, KeyError, TypeError):
        return None


def _locks(folder: Path, stack: str) -> list[Finding]:
    files = sorted((folder / ".pulumi" / "locks" / "organization" / PROJECT / stack).glob("*.json"))
    return [_lock(_json(file)) for file in files] or [ok("lock", "none")]


def _lock(content: dict[str, Any]) -> Finding:
    who = "{username}@{hostname} (pid {pid}) since {timestamp}".format_map(
        {key: content.get(key, "unknown") for key in ("username", "hostname", "pid", "timestamp")}
    )
    if content.get("hostname") != socket.gethostname():
        return warn("lock", who, "if that run is over, `./pulumiw cancel` removes it")
    if _is_alive(content.get("pid")):
        return warn("lock", f"{who}, at work", "wait for it to end")
    return fail("lock", f"{who}, which has ended", "it was killed: `./pulumiw cancel`, then `./pulumiw up`")


def _is_alive(pid: Any) -> bool:
    try:
        os.kill(int(pid), 0)
    except PermissionError:
        return True
    except (OSError, TypeError, ValueError):
        return False
    return True


def _readable(stack: str) -> list[Finding]:
    done = pulumi.try_("stack", "export", "--stack", stack)
    if done.returncode == 0:
        count = len(json.loads(done.stdout)["deployment"].get("resources") or [])
        return [ok("state", f"readable, {count} resources")]
    lines = [line for line in done.stderr.strip().splitlines() if line]
    if any("no stack named" in line for line in lines):
        return [ok("state", f"no stack {stack} yet; `make up STACK={stack}` makes it")]
    return [fail("state", lines[-1] if lines else f"exit code {done.returncode}", "see docs/engine.md on state")]
