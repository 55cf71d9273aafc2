"""What the program is told: its settings, its secrets, where things are. Owns no job."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, NoReturn

CONFIG: Final = Path("/etc/data-tier/backup.json")
STATIC: Final = Path("/etc/data-tier/pgbackrest.conf")
SECRETS: Final = Path("/run/secrets")
RUNTIME: Final = Path("/dev/shm/pgbackrest.conf")  # noqa: S108 - the container's own, in memory: it has the passphrase
ALIVE: Final = Path("/dev/shm/alive")  # noqa: S108
FOLDER: Final = Path("/var/lib/data-tier")
SCRATCH: Final = Path("/var/lib/scratch")
USER: Final = "backup"
_ADDED: Final = (  # files, and the options whose values they have
    ("backup_cipher", "repo1-cipher-pass"),
    ("backup_s3_key", "repo1-s3-key"),
    ("backup_s3_secret", "repo1-s3-key-secret"),
)


class BackupError(Exception):
    """What a person is told: one line, and never a secret."""


@dataclass(frozen=True, kw_only=True)
class Settings:
    """The server that is backed up, and when what is done.

    Where it has members, `members` is the folder that they share, and `cluster` and `sockets` are the primary's.
    """

    server: str
    admin: str
    role: str
    cluster: str
    sockets: str
    port: int
    preload: str
    schedules: Mapping[str, str]
    members: str = ""

    def connection(self, database: str = "postgres") -> dict[str, Any]:
        """How its role comes to the server: by the socket, without a password."""
        return {
            "host": self.sockets,
            "port": self.port,
            "user": self.role,
            "dbname": database,
            "connect_timeout": 10,
            "application_name": "data-tier backup",
        }


def settings(path: Path = CONFIG) -> Settings:
    """As the container was given them. Raises BackupError."""
    try:
        return Settings(**json.loads(path.read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError) as error:
        raise BackupError(f"{path} can't be read ({type(error).__name__})") from None


def write_runtime(static: Path = STATIC, secrets: Path = SECRETS, runtime: Path = RUNTIME) -> None:
    """pgBackRest's configuration with its passphrase and keys, for this user alone. Raises OSError."""
    text = static.read_text(encoding="utf-8")
    for name, option in _ADDED:
        if (given := secrets / name).exists():
            word = given.read_text(encoding="utf-8").strip()
            text = text.replace("[global]\n", f"[global]\n{option}={word}\n", 1)
    if runtime.exists() and runtime.read_text(encoding="utf-8") == text:
        return
    temporary = runtime.with_suffix(f".{os.getpid()}")
    with open(os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8") as file:
        file.write(text)
    temporary.replace(runtime)


def step_down(user: str, module: Sequence[str], *rights: str) -> NoReturn:
    """Go on as another user, with the module and its arguments, and of what root may with these `rights` alone."""
    kept = "".join(f",+{one}" for one in rights)
    line = ["setpriv", f"--reuid={user}", f"--regid={user}", "--clear-groups"]
    line += [f"--inh-caps=-all{kept}", f"--ambient-caps=-all{kept}"]
    os.execvp("setpriv", [*line, sys.executable, "-B", "-m", *module])  # noqa: S606, S607
