"""Pulumi.<stack>.yaml: a stack's configuration and its encryptionsalt, read fast and edited with comments kept.

Reading goes through `_yaml`; ruamel, which keeps comments and order, is loaded for the first edit only.
What a value may be is the program's to say, what Pulumi.yaml declares is checked here.
Source: recorded stack files; pkg/workspace/config.go of the CLI.
"""

from __future__ import annotations

import io
import os
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from embedded import _config_values as values
from embedded import _yaml
from embedded.errors import EngineError
from embedded.secrets import PassphraseSecrets

if TYPE_CHECKING:
    from embedded._declaration import Declaration
    from embedded.project import Project

_PREFIX: Final = "Pulumi."
_WIDTH: Final = 100_000  # ruamel folds longer lines


class StackConfig:
    """The configuration of one stack as written: keys may be short, secrets are encrypted.

    Full keys are `<namespace>:<name>`. Edits are in memory until `save`.
    """

    def __init__(self, path: Path, data: dict[str, Any]) -> None:
        self.path = path
        self._data = data
        self._document: Any = None

    @classmethod
    def load(cls, path: Path) -> StackConfig:
        """The file's configuration; empty where there is no file. Raises EngineError with file, line and problem."""
        data = _yaml.read(path) if path.exists() else {}
        if not isinstance(data.get("config") or {}, Mapping):
            raise EngineError(f"{path}: config: expected keys and values")
        if data.get("secretsprovider") not in (None, "", "passphrase", "default") or data.get("encryptedkey"):
            raise EngineError(f"{path}: secretsprovider: the embedded engine has passphrase only; use the Pulumi CLI")
        if data.get("environment"):
            raise EngineError(f"{path}: environment: the embedded engine has no Pulumi environments; use the CLI")
        return cls(path, data)

    @property
    def stack(self) -> str:
        """The stack that the file's name names."""
        return self.path.stem.removeprefix(_PREFIX)

    @property
    def encryptionsalt(self) -> str:
        """The salt of the passphrase secrets provider, "" where none is set."""
        return str(self._data.get("encryptionsalt") or "")

    @encryptionsalt.setter
    def encryptionsalt(self, salt: str) -> None:
        document = self._editable()
        if "encryptionsalt" in document:
            document["encryptionsalt"] = salt
        else:
            document.insert(0, "encryptionsalt", salt)

    def ensure_secrets(self, passphrase: Callable[[], str], known_salt: str = "") -> PassphraseSecrets:
        """The stack's secrets; a stack without salt gets `known_salt` (its state's) or a new one, written at once.

        Raises EngineError for a wrong passphrase.
        """
        salt = self.encryptionsalt or known_salt
        secrets = PassphraseSecrets.open(passphrase(), salt) if salt else PassphraseSecrets.create(passphrase())
        if not self.encryptionsalt:
            self.encryptionsalt = secrets.salt
            self.save()
        return secrets

    def raw(self, project: Project) -> dict[str, Any]:
        """Values as written by full key, with what Pulumi.yaml presets for the others; sorted."""
        merged = {key: item.preset for key, item in project.config.items() if item.preset is not None}
        for key, value in (self._data.get("config") or {}).items():
            merged[full_key(str(key), project.name)] = value
        return dict(sorted(merged.items()))

    def as_program_config(
        self, secrets: PassphraseSecrets | None, project: Project
    ) -> tuple[dict[str, str], list[str]]:
        """What a program gets: text by full key, and the keys of those that hold a secret.

        Raises EngineError for missing declared keys, all at once, and for values that are not of the declared type.
        """
        raw = self.raw(project)
        own = [item for key, item in project.config.items() if key not in raw and key.startswith(f"{project.name}:")]
        if own:
            names = " and ".join(f"'{item.key}'" for item in sorted(own, key=lambda item: item.key))
            raise EngineError(
                f"Stack '{self.stack}' is missing configuration value{'s' if len(own) > 1 else ''} {names}; "
                f"set with `pulumi config set` or in {self.path.name}"
            )
        plain = {key: values.opened(value, lambda text: _decrypt(text, secrets)) for key, value in raw.items()}
        wrong = [self._complaint(item, raw[key], plain[key]) for key, item in project.config.items()]
        if any(wrong):
            raise EngineError("\n".join(line for line in wrong if line))
        return {key: self._text(key, value) for key, value in plain.items()}, [
            key for key, value in raw.items() if values.has_secret(value)
        ]

    def _text(self, key: str, value: Any) -> str:
        try:
            return values.text(value)
        except EngineError as error:
            raise EngineError(f"{self.path}: {key}: {error}") from None

    def set(self, key: str, value: str, project: str, *, path: bool = False, seal: Callable[[str], str] | None) -> None:
        """Set a key, or with `path` a place inside it, to `value`, or to what `seal` encrypts it to."""
        config = self._editable().setdefault("config", _map())
        if config is None:  # `config:` with nothing under it
            config = self._editable()["config"] = _map()
        parts = self._parts(key, project, path=path)
        parts[0] = self._written_key(str(parts[0]), project)
        new: Any = values.coerced(value) if len(parts) > 1 else value
        values.put(config, parts, _sealed(seal(value)) if seal else new, _container)

    def get(self, key: str, project: Project, *, path: bool = False) -> Any:
        """A key's value as written, or what Pulumi.yaml presets. Raises KeyError when there is none."""
        parts = self._parts(key, project.name, path=path)
        return values.get(self.raw(project), parts)

    def remove(self, key: str, project: str, *, path: bool = False) -> None:
        """Remove a key, or with `path` a place inside it. What isn't there is no error, as with the CLI."""
        config = self._editable().get("config")
        if config:
            parts = self._parts(key, project, path=path)
            parts[0] = self._written_key(str(parts[0]), project)
            values.drop(config, parts)

    def save(self) -> None:
        """Write the edits: the file is whole at any moment and keeps its mode, comments and order."""
        text = io.StringIO()
        _ruamel().dump(self._editable(), text)
        path = self.path.resolve()
        mode = path.stat().st_mode & 0o777 if path.exists() else 0o644
        handle, temporary = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
        try:
            with os.fdopen(handle, "w", encoding="utf-8") as file:
                file.write(text.getvalue())
                os.fchmod(file.fileno(), mode)
                os.fsync(file.fileno())
            Path(temporary).replace(path)
        except BaseException:
            Path(temporary).unlink(missing_ok=True)
            raise

    def _complaint(self, declared: Declaration, raw: Any, plain: Any) -> str:
        if declared.secret and not values.has_secret(raw):
            return f"Stack '{self.stack}' with configuration key '{declared.key}' must be encrypted as it's secret"
        if declared.type == "string" and isinstance(plain, (bool, int, float)):
            plain = values.text(plain)  # the CLI checks text: a port written without quotes is a string too
        if declared.accepts(plain):
            return ""
        return f"Stack '{self.stack}' with configuration key '{declared.key}' must be of type '{declared.type_name}'"

    def _parts(self, key: str, project: str, *, path: bool) -> list[values.Part]:
        """The full key, followed with `path` by where inside its value."""
        if not path:
            return [full_key(key, project)]
        namespace, colon, name = key.partition(":")
        if not colon or any(mark in namespace for mark in '.["'):
            namespace, name = project, key
        first, *rest = values.parse_path(name)
        return [f"{namespace}:{first}", *rest]

    def _written_key(self, full: str, project: str) -> str:
        """The spelling that the file already has of a key."""
        written = self._data.get("config") or {}
        return next((str(key) for key in written if full_key(str(key), project) == full), full)

    def _editable(self) -> Any:
        if self._document is None:
            text = self.path.read_text(encoding="utf-8") if self.path.exists() else ""
            self._document = _ruamel().load(text)
            if self._document is None:
                self._document = _map()
            self._data = self._document
        return self._document


def full_key(key: str, project: str) -> str:
    """`<namespace>:<name>` for `name`, `ns:name` or the old `ns:config:name`. Raises EngineError for other forms."""
    parts = key.split(":")
    if len(parts) == 3 and parts[1] == "config":  # noqa: PLR2004
        del parts[1]
    if len(parts) > 2 or not all(parts):  # noqa: PLR2004
        raise EngineError(f"invalid configuration key '{key}': write <name> or <namespace>:<name>")
    return ":".join(parts if len(parts) == 2 else [project, *parts])  # noqa: PLR2004


def _decrypt(ciphertext: str, secrets: PassphraseSecrets | None) -> str:
    if secrets is None:
        raise EngineError("the configuration has secrets but the stack file no encryptionsalt; restore that line")
    return secrets.decrypt(ciphertext)


def _sealed(ciphertext: str) -> Any:
    made = _map()
    made[values.SECURE] = ciphertext
    return made


def _ruamel() -> Any:
    from ruamel.yaml import YAML  # slow: for edits only

    yaml = YAML(typ="rt")
    yaml.preserve_quotes = True
    yaml.width = _WIDTH
    return yaml


def _map() -> Any:
    from ruamel.yaml.comments import CommentedMap

    return CommentedMap()


def _container(part: values.Part) -> Any:
    from ruamel.yaml.comments import CommentedSeq

    return _map() if isinstance(part, str) else CommentedSeq()
