"""One service of a compose file as the inputs of a container, and where each of them stands in the file."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from operate.audit.compose import _model, _parts, _ports, _volumes
from operate.audit.compose._values import is_unknown, known, read_file, strip
from operate.audit.errors import InputError
from operate.audit.resources import UNKNOWN, UNKNOWN_ITEM, Resource, urn
from policies.containers import CONTAINER

_NAMES: Final = {
    "image": "image",
    "command": "command",
    "entrypoints": "entrypoint",
    "envs": "environment",
    "networksAdvanced": "networks",
    "networkMode": "network_mode",
    "labels": "labels",
    "healthcheck.tests": "healthcheck.test",
    "capabilities.adds": "cap_add",
    "memory": "mem_limit",
    "securityOpts": "security_opt",
    "readOnly": "read_only",
    "pidMode": "pid",
    "ipcMode": "ipc",
    "userns_mode": "userns_mode",
}
_RESTARTS: Final = {"any": "unless-stopped", "none": "no", "on-failure": "on-failure"}


@dataclass(frozen=True, kw_only=True)
class Scope:
    """The project around a service; `notes` takes what couldn't be read."""

    project: str
    model: Mapping[str, Any]
    notes: list[str]


def uses_default(model: Mapping[str, Any]) -> bool:
    """Whether a service names no network, and so is on the project's own."""
    return any("default" in _networks(spec) for spec in _parts.mapping(model, "services").values())


def resource(name: str, spec: Mapping[str, Any], scope: Scope) -> Resource:
    """A service as a container. Raises InputError for what compose refuses."""
    where = f"services.{name}"
    places = {prop: f"{where}.{key}" for prop, key in _NAMES.items()}
    props: dict[str, Any] = {
        "name": _parts.scalar(spec.get("container_name")) or f"{scope.project}-{name}-1",
        "image": _image(name, spec, where, scope),
        "command": _parts.command(spec.get("command"), f"{where}.command"),
        "entrypoints": _parts.command(spec.get("entrypoint"), f"{where}.entrypoint"),
        "ports": list(_published(spec, where, places)),
        "envs": list(_environment(spec, where, places, scope)),
        "labels": _parts.labels(spec.get("labels"), f"{where}.labels"),
        "networksAdvanced": [{"name": _network(one, scope)} for one in _networks(spec)],
        "privileged": _parts.flag(spec.get("privileged")),
        "readOnly": _parts.flag(spec.get("read_only")),
        "restart": _restart(spec),
        "mustRun": True,
        **_volumes.mounted(spec, where, places, scope.model),
        **_limits(spec, where, places),
    }
    props["capabilities"] = {
        "adds": _parts.texts(spec.get("cap_add"), f"{where}.cap_add"),
        "drops": _parts.texts(spec.get("cap_drop"), f"{where}.cap_drop"),
    }
    props["securityOpts"] = _parts.texts(spec.get("security_opt"), f"{where}.security_opt")
    props["healthcheck"] = {"tests": _health(spec, where)}
    props |= {key: value for key, value in _confinement(spec, scope).items() if value is not None}
    for prop in props:
        places.setdefault(prop, f"{where}.{prop}")
    return Resource(
        type=CONTAINER,
        name=name,
        urn=urn("compose", scope.project, CONTAINER, name),
        props=props,
        places=places,
    )


def _image(name: str, spec: Mapping[str, Any], where: str, scope: Scope) -> Any:
    """The image; one that is built here is known by its service's name, and moves only when it is built again.

    Of `postgres:${TAG}` the name still says what it is; that its tag wasn't looked at is noted.
    """
    image = spec.get("image")
    if image is None:
        return f"{name}:built" if "build" in spec else UNKNOWN
    rest = strip(_parts.text(image))
    if not is_unknown(image) or not re.search("[a-z]", re.sub(r"\$\{[^}]*\}", "", rest)):
        return _parts.scalar(image)
    scope.notes.append(f"{where}.image {rest} has a variable without a value: what it stands for wasn't looked at")
    return rest


def _published(spec: Mapping[str, Any], where: str, places: dict[str, str]) -> Iterator[Any]:
    count = 0
    for at, entry in enumerate(_parts.items(spec.get("ports"), f"{where}.ports")):
        for port in _ports.published(entry, f"{where}.ports[{at}]"):
            places[f"ports[{count}]"] = f"{where}.ports[{at}]"
            count += 1
            yield port


def _environment(spec: Mapping[str, Any], where: str, places: dict[str, str], scope: Scope) -> Iterator[Any]:
    """Each variable as NAME=value; `environment` goes before `env_file`, a reference stays one."""
    found: dict[str, tuple[str, Any]] = {}
    for name, value in _from_files(spec, where, scope):
        found[name] = (f"{where}.env_file: {name}", value)
    for name, value in _parts.pairs(spec.get("environment"), f"{where}.environment"):
        found[name] = (f"{where}.environment.{name}", value)
    for at, (name, (place, value)) in enumerate(found.items()):
        places[f"envs[{at}]"] = place
        yield UNKNOWN_ITEM if value is None else strip(f"{name}={value}")


def _from_files(spec: Mapping[str, Any], where: str, scope: Scope) -> Iterator[tuple[str, Any]]:
    folder = Path(str(spec.get(_model.DIRECTORY, ".")))
    entry = spec.get("env_file")
    for one in [entry] if isinstance(entry, Mapping) else _parts.items(entry, f"{where}.env_file"):
        path = str(one.get("path")) if isinstance(one, Mapping) else str(one)
        required = not isinstance(one, Mapping) or _parts.flag(one.get("required", True)) is not False
        try:
            if is_unknown(path):
                raise OSError
            yield from read_file(folder / path, {}).items()
        except (OSError, UnicodeDecodeError):
            if required:
                scope.notes.append(f"{where}.env_file {strip(path)} can't be read: its variables weren't looked at")
                yield f"(all of {strip(path)})", None


def _networks(spec: Any) -> list[str]:
    """The names of a service's networks in the file; none where a mode says otherwise."""
    networks = spec.get("networks") if isinstance(spec, Mapping) else None
    if not isinstance(spec, Mapping) or spec.get("network_mode"):
        return []
    if networks is not None and not isinstance(networks, list | Mapping):
        raise InputError("networks of a service must be a list or a mapping: see the compose specification")
    return [str(name) for name in networks or ["default"]]


def _network(name: str, scope: Scope) -> Any:
    return UNKNOWN if is_unknown(name) else _parts.network_name(scope.project, name, scope.model)


def _confinement(spec: Mapping[str, Any], scope: Scope) -> dict[str, Any]:
    mode = _parts.scalar(spec.get("network_mode"))
    if isinstance(mode, str) and mode.startswith("service:"):
        mode = f"container:{mode.removeprefix('service:')}"
    return {
        "networkMode": mode,
        "user": _parts.scalar(spec.get("user")),
        "pidMode": _parts.scalar(spec.get("pid")),
        "ipcMode": _parts.scalar(spec.get("ipc")),
        "usernsMode": _parts.scalar(spec.get("userns_mode")),
        "uploads": _volumes.written(spec, scope.model) or None,
    }


def _limits(spec: Mapping[str, Any], where: str, places: dict[str, str]) -> dict[str, Any]:
    deploy = _parts.mapping(spec, "deploy", f"{where}.")
    limits = _parts.mapping(_parts.mapping(deploy, "resources"), "limits")
    if limits.get("memory") is None:
        return {"memory": _parts.mebibytes(spec.get("mem_limit"), f"{where}.mem_limit") or 0}
    places["memory"] = f"{where}.deploy.resources.limits.memory"
    return {"memory": _parts.mebibytes(limits["memory"], places["memory"])}


def _restart(spec: Mapping[str, Any]) -> Any:
    """`restart`, or what a deployment says instead."""
    if spec.get("restart") is not None:
        value = spec["restart"]
        return known("no" if value is False else _parts.text(value))
    deploy = spec.get("deploy") if isinstance(spec.get("deploy"), Mapping) else {}
    policy = deploy.get("restart_policy") if isinstance(deploy, Mapping) else None
    if not isinstance(policy, Mapping):
        return "no"
    condition = _parts.scalar(policy.get("condition")) or "any"
    return _RESTARTS.get(condition, condition)


def _health(spec: Mapping[str, Any], where: str) -> list[Any]:
    check = _parts.mapping(spec, "healthcheck", f"{where}.")
    if _parts.flag(check.get("disable")) is True:
        return ["NONE"]
    test = check.get("test")
    if isinstance(test, str):
        return ["CMD-SHELL", known(test)]
    return _parts.texts(test, f"{where}.healthcheck.test")
