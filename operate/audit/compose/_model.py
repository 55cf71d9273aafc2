"""The files of a compose project as one document: YAML, variables, `include`, several files over each other, `extends`.

YAML is read by version 1.2 as compose reads it: `22:22` is a text and no number to the base of 60, `yes` is a text.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from ruamel.yaml import YAML
from ruamel.yaml.constructor import SafeConstructor
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.nodes import MappingNode, Node, SequenceNode

from operate.audit.compose import _parts
from operate.audit.compose._values import interpolated, is_unknown, read_file, strip
from operate.audit.errors import InputError

_REPLACED: Final = frozenset({"command", "entrypoint", "test"})  # a later one takes the place of an earlier
_KEYED: Final = frozenset({"environment", "labels", "networks", "depends_on", "extra_hosts", "sysctls", "annotations"})
_DEPTH: Final = 20
DIRECTORY: Final = "x-data-tier-directory"
"""Where a service's relative paths start, noted at the service: an included file has a folder of its own."""


class _Constructor(SafeConstructor):
    """Compose's own tags: `!reset` takes a value away, `!override` puts it in the place of the earlier one."""


class _Override:
    """A value that isn't merged."""

    def __init__(self, value: Any) -> None:
        self.value = value


def _tagged(constructor: SafeConstructor, node: Node) -> Any:
    if isinstance(node, MappingNode):
        return dict(constructor.construct_mapping(node, deep=True))
    if isinstance(node, SequenceNode):
        return list(constructor.construct_sequence(node, deep=True))
    return constructor.construct_scalar(node)


_Constructor.add_constructor("!reset", lambda *_: _Override(None))
_Constructor.add_constructor("!override", lambda constructor, node: _Override(_tagged(constructor, node)))


def load(paths: list[Path], environment: Mapping[str, str] | None = None) -> dict[str, Any]:
    """All files merged, in order, with the variables of `.env` and, before those, `environment`. Raises InputError."""
    values = variables(paths, environment)
    merged: dict[str, Any] = {}
    for path in paths:
        merged = merge(merged, _file(path, values, ()))
    return dict(_plain(_extended(merged, values)))


def variables(paths: list[Path], environment: Mapping[str, str] | None = None) -> dict[str, str]:
    """What the files' variables stand for: `.env` beside the first file, and `environment`, which goes before it."""
    return {**_dotenv(paths[0].parent), **(environment or {})}


def merge(base: Any, over: Any, key: str = "") -> Any:
    """`over` on `base` by the compose specification: maps by key, lists one after the other, the rest replaced."""
    if isinstance(over, _Override) or base is None or key in _REPLACED:
        return over
    if over is None:
        return base
    if key in _KEYED and not (isinstance(base, Mapping) and isinstance(over, Mapping)):
        base, over = (_named(side, key) for side in (base, over))
    if isinstance(base, Mapping) and isinstance(over, Mapping):
        return {**base, **{name: merge(base.get(name), one, str(name)) for name, one in over.items()}}
    if isinstance(base, list) and isinstance(over, list):
        return base + [one for one in over if one not in base]
    return over


def _named(value: Any, key: str) -> Any:
    """A list of `NAME=value` or of names as a map."""
    if not isinstance(value, list):
        return value
    if key in ("networks", "depends_on"):
        return {str(name): None for name in value}
    return {name: rest if equals else None for name, equals, rest in (str(one).partition("=") for one in value)}


def _dotenv(folder: Path) -> dict[str, str]:
    """The variables that stand in `.env` beside the file, as compose takes them."""
    try:
        return read_file(folder / ".env", {})
    except (OSError, UnicodeDecodeError):
        return {}


def _file(path: Path, values: Mapping[str, str], above: tuple[Path, ...]) -> dict[str, Any]:
    """One file with its variables replaced, what it includes below it, and its services' folder noted."""
    resolved = path.resolve()
    if resolved in above or len(above) > _DEPTH:
        raise InputError(f"{path} includes itself: take the circle out of `include`")
    document: dict[str, Any] = {}
    for one in _documents(path):
        document = merge(document, one)
    document = interpolated(document, values)
    if "services" not in document and _is_first_version(document):
        document = {"services": document}
    for spec in _parts.mapping(document, "services", f"{path}: ").values():
        if isinstance(spec, dict):
            spec.setdefault(DIRECTORY, str(path.parent))
    included: dict[str, Any] = {}
    for entry in _parts.items(document.pop("include", None), f"{path}: include"):
        included = merge(included, _included(entry, path, values, (*above, resolved)))
    return dict(merge(included, document))


def _documents(path: Path) -> list[dict[str, Any]]:
    yaml = YAML(typ="safe", pure=True)  # the C parser knows version 1.1 only
    yaml.Constructor = _Constructor
    try:
        with path.open(encoding="utf-8") as stream:
            found = [one for one in yaml.load_all(stream) if one is not None]
    except OSError as error:
        raise InputError(f"compose file {path} can't be read ({error.strerror}): name one that is there") from None
    except UnicodeDecodeError:
        raise InputError(f"compose file {path} isn't text: name a YAML file") from None
    except (YAMLError, ValueError, RecursionError) as error:
        mark = getattr(error, "problem_mark", None) if isinstance(error, MarkedYAMLError) else None
        where = f"{path}:{mark.line + 1}" if mark else str(path)
        problem = getattr(error, "problem", None) or type(error).__name__
        raise InputError(f"{where} isn't YAML ({problem}): mend that line") from None
    if not found or not all(isinstance(one, Mapping) for one in found):
        raise InputError(f"{path} is no compose file: it must hold a mapping with `services`")
    return [dict(one) for one in found]


def _is_first_version(document: Mapping[str, Any]) -> bool:
    """Whether services stand at the top, as compose had them at first."""
    named = [one for one in document.values() if isinstance(one, Mapping) and ("image" in one or "build" in one)]
    if not named and not {"include", "networks", "volumes", "configs", "secrets"}.intersection(document):
        raise InputError("the compose file has no `services`: name a compose file")
    return bool(named)


def _included(entry: Any, path: Path, values: Mapping[str, str], above: tuple[Path, ...]) -> dict[str, Any]:
    entry = entry if isinstance(entry, Mapping) else {"path": entry}
    merged: dict[str, Any] = {}
    for name in _parts.items(entry.get("path"), f"{path}: include"):
        file = _beside(str(name), path, "include")
        files = [_beside(str(one), path, "include") for one in _parts.items(entry.get("env_file"), f"{path}: include")]
        its = _dotenv(file.parent) if not files else {}
        for one in files:
            its |= _variables(one, values)
        merged = merge(merged, _file(file, {**its, **values}, above))
    return merged


def _variables(path: Path, values: Mapping[str, str]) -> dict[str, str]:
    try:
        return read_file(path, values)
    except (OSError, UnicodeDecodeError):
        raise InputError(f"env_file {path} of an include can't be read: put it there, or take it out") from None


def _beside(name: str, path: Path, key: str) -> Path:
    if is_unknown(name) or "://" in name or name.startswith("oci:"):
        raise InputError(f"{path}: {key} names {strip(name)!r}, which can't be read from here: give a local file")
    return path.parent / name


def _extended(model: dict[str, Any], values: Mapping[str, str]) -> dict[str, Any]:
    services = _parts.mapping(model, "services")
    return {**model, "services": {name: _base(name, services, values, ()) for name in services}}


def _base(name: str, services: Mapping[str, Any], values: Mapping[str, str], above: tuple[str, ...]) -> dict[str, Any]:
    """A service on top of the one that it extends."""
    spec = services[name] if services[name] is not None else {}
    if not isinstance(spec, Mapping):
        raise InputError(f"services.{name} must be a mapping: write its settings one below the other")
    extends = spec.get("extends")
    if extends is None:
        return dict(spec)
    wanted = extends if isinstance(extends, Mapping) else {"service": extends}
    here, other = Path(str(spec.get(DIRECTORY, "."))), str(wanted.get("service"))
    if wanted.get("file"):
        file = _beside(str(wanted["file"]), here / "compose.yaml", f"services.{name}.extends")
        services = _parts.mapping(_file(file, values, ()), "services")
        key = f"{file.resolve()}:{other}"
    else:
        key = other
    if other not in services:
        raise InputError(f"services.{name}.extends: there is no service {other}: mend its name")
    if key in above or len(above) > _DEPTH:
        raise InputError(f"services.{name}.extends leads back to itself: take the circle out")
    return dict(merge(_base(other, services, values, (*above, key)), {k: v for k, v in spec.items() if k != "extends"}))


def _plain(value: Any) -> Any:
    """The document without marks of what isn't merged."""
    if isinstance(value, _Override):
        return _plain(value.value)
    if isinstance(value, Mapping):
        return {key: _plain(one) for key, one in value.items()}
    return [_plain(one) for one in value] if isinstance(value, list) else value
