"""What a service mounts: volumes, folders and files of the host, tmpfs, and configs that are written in the file."""

from __future__ import annotations

import os.path
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

from operate.audit.compose import _model, _parts
from operate.audit.compose._values import is_unknown, known, strip
from operate.audit.errors import InputError
from operate.audit.resources import UNKNOWN_ITEM

_SOCKET: Final = "/var/run/docker.sock"
_DRIVE: Final = re.compile(r"^[A-Za-z]:[\\/]")


def mounted(spec: Mapping[str, Any], where: str, places: dict[str, str], model: Mapping[str, Any]) -> dict[str, Any]:
    """The provider's `volumes`, `mounts` and `tmpfs`."""
    volumes: list[Any] = []
    mounts: list[Any] = []
    for at, entry in enumerate(_parts.items(spec.get("volumes"), f"{where}.volumes")):
        place = f"{where}.volumes[{at}]"
        if isinstance(entry, Mapping):
            places[f"mounts[{len(mounts)}]"] = place
            mounts.append(_long(entry, spec, place))
        else:
            places[f"volumes[{len(volumes)}]"] = place
            volumes.append(_short(_parts.text(entry), spec))
    for key, more in (("volumes_from", _from_others(spec, where)), ("use_api_socket", _sockets(spec))):
        for one in more:
            places[f"volumes[{len(volumes)}]"] = f"{where}.{key}"
            volumes.append(one)
    _place_configs(spec, model, places, where)
    tmpfs = {strip(_parts.text(one)).partition(":")[0]: "" for one in _parts.items(spec.get("tmpfs"), f"{where}.tmpfs")}
    return {"volumes": volumes, "mounts": mounts, "tmpfs": tmpfs}


def written(spec: Mapping[str, Any], model: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Configs whose content stands in the file: they are files in the container."""
    return [
        {"file": target, "content": known(_parts.text(one["content"]))}
        for target, one in _configs(spec, model)
        if one.get("content") is not None
    ]


def _short(entry: str, spec: Mapping[str, Any]) -> Any:
    """`[source:]target[:mode]`; a source with a slash, a dot or a tilde at its start is the host's."""
    drive = _DRIVE.match(entry)
    parts = entry[len(drive[0]) :].split(":") if drive else entry.split(":")
    if drive:
        parts[0] = drive[0] + parts[0]
    if len(parts) == 1:
        return UNKNOWN_ITEM if is_unknown(entry) else {"containerPath": entry, "readOnly": False}
    source, target, mode = parts[0], parts[1], parts[2] if len(parts) > 2 else ""  # noqa: PLR2004  the three parts
    host = drive or source.startswith(("/", ".", "~"))
    read_only = "ro" in mode.split(",")
    key, value = ("hostPath", host_path(source, spec)) if host else ("volumeName", source)
    return {key: known(value), "containerPath": known(target), "readOnly": read_only}


def _long(entry: Mapping[str, Any], spec: Mapping[str, Any], place: str) -> dict[str, Any]:
    if entry.get("target") is None:
        raise InputError(f"{place}.target is missing: name the path in the container")
    source = _parts.text(entry.get("source") or "")
    kind = _parts.scalar(entry.get("type")) or "volume"
    return {
        "type": kind,
        "source": known(host_path(source, spec) if kind == "bind" else source),
        "target": _parts.scalar(entry["target"]),
        "readOnly": _parts.flag(entry.get("read_only")),
    }


def _from_others(spec: Mapping[str, Any], where: str) -> Iterator[dict[str, Any]]:
    for one in _parts.texts(spec.get("volumes_from"), f"{where}.volumes_from"):
        yield {"fromContainer": one, "containerPath": ""}


def _sockets(spec: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """`use_api_socket` is compose's short form of mounting the engine's socket."""
    if _parts.flag(spec.get("use_api_socket")) is not False:
        yield {"hostPath": _SOCKET, "containerPath": _SOCKET, "readOnly": False}


def _place_configs(spec: Mapping[str, Any], model: Mapping[str, Any], places: dict[str, str], where: str) -> None:
    count = sum(one.get("content") is not None for _, one in _configs(spec, model))
    places.update({f"uploads[{at}]": f"{where}.configs" for at in range(count)})


def _configs(spec: Mapping[str, Any], model: Mapping[str, Any]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    declared = _parts.mapping(model, "configs")
    for entry in _parts.items(spec.get("configs"), "configs"):
        its = entry if isinstance(entry, Mapping) else {"source": entry}
        name = str(its.get("source"))
        if isinstance(declared.get(name), Mapping):
            yield str(its.get("target") or f"/{name}"), declared[name]


def host_path(source: str, spec: Mapping[str, Any]) -> str:
    """A path of the host; a relative one starts at the folder of the file that the service stands in."""
    if not source.startswith("."):
        return source
    return os.path.normpath(Path(str(spec.get(_model.DIRECTORY, "."))).resolve() / source)
