"""A plan without state: what a fork's pull request gets, which has neither the backend nor the passphrase.

Owns a copy of the project with an empty backend of its own. The stack file's salt and secrets belong to a passphrase
that isn't there: the copy gets a salt of its own, and random values in place of the secrets.
"""

from __future__ import annotations

import os
import secrets
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from embedded.secrets import PassphraseSecrets
from operate.errors import OperateError

_LEFT_OUT = shutil.ignore_patterns(".git", ".venv", ".state", ".cache", ".*_cache", ".hypothesis", "__pycache__")
_PROVIDER = ("encryptionsalt", "encryptedkey", "secretsprovider")
_NOT_FOR_FORKS = ("PULUMI_ACCESS_TOKEN", "PULUMI_CONFIG_PASSPHRASE", "PULUMI_CONFIG_PASSPHRASE_FILE", "PULUMI_STACK")


@dataclass(frozen=True)
class Copy:
    """The project's copy, the environment that goes with it, and the keys whose secrets were exchanged."""

    folder: Path
    env: Mapping[str, str]
    placeholders: tuple[str, ...]


@contextmanager
def copied(project: Path, stack: str) -> Iterator[Copy]:
    """The project with an empty backend, until the block ends. Raises OperateError for a stack file that isn't one."""
    with tempfile.TemporaryDirectory(prefix="ci-preview-") as root:
        folder, state, passphrase = Path(root, project.name), Path(root, "state"), Path(root, "passphrase")
        shutil.copytree(project, folder, symlinks=True, ignore=_LEFT_OUT)
        if (project / ".venv").exists():
            (folder / ".venv").symlink_to((project / ".venv").resolve())
        state.mkdir()
        passphrase.touch(0o600)
        passphrase.write_text(secrets.token_hex(32))
        exchanged = exchange(folder / f"Pulumi.{stack}.yaml", passphrase.read_text())
        own = {"PULUMI_BACKEND_URL": f"file://{state}", "PULUMI_CONFIG_PASSPHRASE_FILE": str(passphrase)}
        inherited = {key: value for key, value in os.environ.items() if key not in _NOT_FOR_FORKS}
        yield Copy(folder, {**inherited, **own}, exchanged)


def exchange(file: Path, passphrase: str) -> tuple[str, ...]:
    """Give a stack file a new salt, and every secret in it a random value; the dotted keys of those."""
    try:
        content = yaml.safe_load(file.read_text()) or {}
        config = content.get("config") or {}
        config.items()
    except FileNotFoundError:
        raise OperateError(f"{file.name} is missing: write it like Pulumi.dev.yaml, or name another STACK") from None
    except (yaml.YAMLError, AttributeError):
        raise OperateError(f"{file.name} isn't a stack file: write it like Pulumi.dev.yaml") from None
    own = PassphraseSecrets.create(passphrase)
    found: list[str] = []
    kept = {key: value for key, value in content.items() if key not in _PROVIDER}
    kept["config"] = {key: _exchanged(value, key, own, found) for key, value in config.items()}
    file.write_text(yaml.safe_dump({**kept, "encryptionsalt": own.salt}, sort_keys=False))
    return tuple(found)


def _exchanged(value: Any, key: str, own: PassphraseSecrets, found: list[str]) -> Any:
    if isinstance(value, dict) and list(value) == ["secure"]:
        found.append(key)
        return {"secure": own.encrypt(secrets.token_hex(16))}
    if isinstance(value, dict):
        return {name: _exchanged(item, f"{key}.{name}", own, found) for name, item in value.items()}
    if isinstance(value, list):
        return [_exchanged(item, f"{key}[{at}]", own, found) for at, item in enumerate(value)]
    return value
