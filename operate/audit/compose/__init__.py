"""A compose file as resources: its services as containers, its networks and volumes.

`read` is all that the audit uses; `adopt` reads the document itself, by `load` and the helpers beside it. Every service
counts, whatever its profile. A variable without a value and without a default is unknown; the process's own environment
is left out, so that an audit says the same everywhere.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from operate.audit.compose import _model, _parts, _service
from operate.audit.compose._model import DIRECTORY, load, variables
from operate.audit.compose._parts import command, external, flag, items, mapping, mebibytes, pairs, text
from operate.audit.compose._ports import published
from operate.audit.compose._values import is_unknown, read_file, strip
from operate.audit.compose._volumes import mounted
from operate.audit.errors import InputError
from operate.audit.resources import NETWORK, VOLUME, Resource, Source, urn

__all__ = [
    "DIRECTORY",
    "command",
    "external",
    "flag",
    "is_unknown",
    "items",
    "load",
    "mapping",
    "mebibytes",
    "mounted",
    "pairs",
    "project",
    "published",
    "read",
    "read_file",
    "strip",
    "text",
    "variables",
]


def read(paths: list[Path]) -> Source:
    """A compose file, or several, each over the ones before as with `docker compose -f`. Raises InputError."""
    model = _model.load(paths)
    name = project(model, paths[0])
    scope = _service.Scope(project=name, model=model, notes=[])
    services = [_service.resource(name, spec, scope) for name, spec in _parts.mapping(model, "services").items()]
    others = [*_networks(name, model), *_volumes(name, model)]
    files = ", ".join(map(str, paths))
    return Source(kind="compose", name=files, resources=[*services, *others], notes=scope.notes)


def project(model: Mapping[str, Any], path: Path) -> str:
    """The project's name: the file's own, or that of its folder."""
    name = str(model.get("name") or path.resolve().parent.name)
    return re.sub(r"[^a-z0-9_-]", "", strip(name).lower()).lstrip("_-") or "project"


def _networks(project: str, model: Mapping[str, Any]) -> list[Resource]:
    """Its own networks, and the one that services are on which name none. External ones can't be seen from here."""
    declared = {"default": None, **_parts.mapping(model, "networks")}
    wanted = {name: one or {} for name, one in declared.items() if name != "default" or _service.uses_default(model)}
    found = []
    for name, one in wanted.items():
        where = f"networks.{name}"
        if not isinstance(one, Mapping):
            raise InputError(f"{where} must be a mapping: write its settings one below the other")
        if _parts.external(one):
            continue
        props = {
            "name": _parts.network_name(project, name, model),
            "driver": _parts.scalar(one.get("driver")) or "bridge",
            "internal": _parts.flag(one.get("internal")),
            "attachable": _parts.flag(one.get("attachable")),
            "ipv6": _parts.flag(one.get("enable_ipv6")),
            "options": _parts.scalars(one.get("driver_opts"), f"{where}.driver_opts"),
            "labels": _parts.labels(one.get("labels"), f"{where}.labels"),
        }
        places = {key: f"{where}.{key}" for key in props} | {"options": f"{where}.driver_opts"}
        found.append(_resource(NETWORK, project, name, props, places))
    return found


def _volumes(project: str, model: Mapping[str, Any]) -> list[Resource]:
    found = []
    for name, one in _parts.mapping(model, "volumes").items():
        its, where = one or {}, f"volumes.{name}"
        if not isinstance(its, Mapping):
            raise InputError(f"{where} must be a mapping: write its settings one below the other")
        if _parts.external(its):
            continue
        props = {
            "name": _parts.scalar(its.get("name")) or f"{project}_{name}",
            "driver": _parts.scalar(its.get("driver")) or "local",
            "driverOpts": _parts.scalars(its.get("driver_opts"), f"{where}.driver_opts"),
            "labels": _parts.labels(its.get("labels"), f"{where}.labels"),
        }
        places = {key: f"{where}.{key}" for key in props} | {"driverOpts": f"{where}.driver_opts"}
        found.append(_resource(VOLUME, project, name, props, places))
    return found


def _resource(kind: str, project: str, name: str, props: Mapping[str, Any], places: Mapping[str, str]) -> Resource:
    return Resource(type=kind, name=name, urn=urn("compose", project, kind, name), props=props, places=places)
