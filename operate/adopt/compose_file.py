"""Compose files as a `Project`: every service a unit, with what a stack file has no place for said in `left`.

How YAML, variables, several files, `extends` and `include` become one document is `audit.compose`'s to know.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from operate.adopt import keys
from operate.adopt.unit import Left, Mount, Port, Project, Unit, unresolved
from operate.audit import compose
from operate.errors import OperateError

_CORES: Final = re.compile(r"[0-9]{1,3}(?:\.[0-9]+)?")
_NOT_READ: Final = {"configs": "services have no files of their own", "secrets": "secrets of the file aren't copied"}


@dataclass(frozen=True)
class _File:
    """The document around a service; `missing` collects variables that something depends on and that have no value."""

    model: Mapping[str, Any]
    project: str
    values: Mapping[str, str]
    missing: dict[str, str] = field(default_factory=dict)

    def text(self, value: Any, where: str) -> str | None:
        """A text that must be known."""
        return None if value is None else self.known(compose.strip(compose.text(value)), where)

    def known(self, text: str, where: str) -> str:
        """The text; what it lacks is noted."""
        for name in unresolved(text):
            self.missing.setdefault(name, where)
        return text


def read(paths: list[Path], environment: Mapping[str, str]) -> Project:
    """The services of compose files, merged as docker compose does. Raises OperateError.

    Variables come from `environment`, then from `.env` beside the first file.
    """
    model = compose.load(paths, environment)
    services = compose.mapping(model, "services")
    if not services:
        raise OperateError(f"{', '.join(map(str, paths))}: `services` is empty: there is nothing to adopt")
    file = _File(model, compose.project(model, paths[0]), compose.variables(paths, environment))
    units = [_unit(name, compose.mapping(services, name), file) for name in services]
    require(file.missing)
    return Project(
        name=file.project,
        source=", ".join(map(str, paths)),
        units=units,
        internal=frozenset(
            name for name, one in _sections(model, "networks").items() if compose.flag(one.get("internal")) is True
        ),
        left=list(_top(model)),
    )


def require(missing: Mapping[str, str]) -> None:
    """Raises OperateError for variables without a value, by where they are needed, all at once."""
    if missing:
        told = ", ".join(f"{name} ({where})" for name, where in missing.items())
        word = "this variable has" if len(missing) == 1 else "these variables have"
        raise OperateError(f"{word} no value: {told}; put it into .env beside the file, or into the environment")


def _sections(model: Mapping[str, Any], key: str) -> dict[str, dict[str, Any]]:
    """The named sections at `networks` or `volumes`; one that says nothing is empty. Raises InputError."""
    declared = compose.mapping(model, key)
    return {name: compose.mapping(declared, name, f"{key}.") for name in declared}


def _unit(name: str, spec: Mapping[str, Any], file: _File) -> Unit:
    where = f"services.{name}"
    build = spec.get("build")
    mounts = list(_mounts(spec, where, file))
    memory, cpu = _limits(spec, where, file)
    return Unit(
        name=name,
        key=where,
        container=file.text(spec.get("container_name"), f"{where}.container_name"),
        image=file.text(spec.get("image"), f"{where}.image"),
        built=compose.strip(str(build.get("context", ".") if isinstance(build, Mapping) else build or "")),
        env={key: compose.strip(value) for key, value in _environment(spec, where, file).items()},
        networks=frozenset(_networks(spec, where)),
        aliases=tuple(_aliases(spec)),
        links=dict(_links(spec, where)),
        depends=tuple(_depends(spec, where)),
        ports=tuple(_ports(spec, where, file)),
        mounts=tuple(mounts),
        command=tuple(compose.command(spec.get("command"), f"{where}.command")),
        memory=memory,
        cpu=cpu,
        left=tuple(_left(name, spec)),
    )


def _environment(spec: Mapping[str, Any], where: str, file: _File) -> dict[str, str]:
    """The variables of `env_file`, then those of `environment`; a name alone takes its value from outside."""
    found: dict[str, str] = {}
    entry = spec.get("env_file")
    for one in [entry] if isinstance(entry, Mapping) else compose.items(entry, f"{where}.env_file"):
        path = compose.text(one.get("path") if isinstance(one, Mapping) else one)
        required = not isinstance(one, Mapping) or one.get("required", True) is not False
        try:
            found.update(compose.read_file(Path(str(spec.get(compose.DIRECTORY, "."))) / path, file.values))
        except (OSError, UnicodeDecodeError):
            if required:
                raise OperateError(
                    f"{where}.env_file {compose.strip(path)} can't be read: put it there, or take it out"
                ) from None
    for name, value in compose.pairs(spec.get("environment"), f"{where}.environment"):
        found[name] = file.values.get(name, value) if value == _outside(name) else value
    return found


def _outside(name: str) -> str:
    """What a name without a value is read as."""
    return str(dict(compose.pairs([name], ""))[name])


def _networks(spec: Mapping[str, Any], where: str) -> list[str]:
    if spec.get("network_mode"):
        return []
    networks = spec.get("networks")
    names = list(networks) if isinstance(networks, Mapping) else compose.items(networks, f"{where}.networks")
    return [str(name) for name in names] or ["default"]


def _aliases(spec: Mapping[str, Any]) -> Iterator[str]:
    networks = spec.get("networks")
    for name in networks if isinstance(networks, Mapping) else ():
        its = compose.mapping(compose.mapping(spec, "networks"), str(name))
        yield from (compose.text(alias) for alias in compose.items(its.get("aliases"), f"networks.{name}.aliases"))
    if spec.get("hostname"):
        yield compose.strip(str(spec["hostname"]))


def _links(spec: Mapping[str, Any], where: str) -> Iterator[tuple[str, str]]:
    for one in [
        *compose.items(spec.get("links"), f"{where}.links"),
        *compose.items(spec.get("external_links"), f"{where}.external_links"),
    ]:
        target, _, alias = str(one).partition(":")
        yield alias or target, target


def _depends(spec: Mapping[str, Any], where: str) -> list[str]:
    wanted = spec.get("depends_on")
    return [
        str(one) for one in (wanted if isinstance(wanted, Mapping) else compose.items(wanted, f"{where}.depends_on"))
    ]


def _ports(spec: Mapping[str, Any], where: str, file: _File) -> Iterator[Port]:
    for at, entry in enumerate(compose.items(spec.get("ports"), f"{where}.ports")):
        place = f"{where}.ports[{at}]"
        if isinstance(entry, Mapping):
            texts = [
                compose.text(entry[key]) for key in ("target", "published", "host_ip") if entry.get(key) is not None
            ]
        else:
            texts = [compose.text(entry)]
        if any(unresolved(file.known(compose.strip(text), place)) for text in texts):
            continue
        for port in compose.published(entry, place):
            host = port.get("external")
            inside, outside = str(port["internal"]).split("-")[0], str(host or "").split("-")[0]
            yield Port(
                container=int(inside),
                host=int(outside) if outside else None,
                address="" if port.get("ip") in (None, "0.0.0.0", "::") else port["ip"],  # noqa: S104  compared
                protocol=port["protocol"],
            )


def _mounts(spec: Mapping[str, Any], where: str, file: _File) -> Iterator[Mount]:
    found = compose.mounted({key: spec[key] for key in ("volumes", compose.DIRECTORY) if key in spec}, where, {}, {})
    for one in found["volumes"]:
        if not isinstance(one, Mapping):
            continue
        kind = "bind" if "hostPath" in one else "volume"
        source = str(one.get("hostPath") or one.get("volumeName") or "")
        yield _mount(kind, source, str(one["containerPath"]), file)
    for one in found["mounts"]:
        yield _mount(str(one["type"]), str(one["source"]), str(one["target"]), file)


def _mount(kind: str, source: str, target: str, file: _File) -> Mount:
    if kind != "volume" or not source:
        return Mount(kind=kind, source=source, target=target)
    declared = _sections(file.model, "volumes").get(source, {})
    own = compose.strip(str(declared.get("name") or ""))
    outside = compose.external(declared)
    return Mount(
        kind=kind, source=own or (source if outside else f"{file.project}_{source}"), target=target, named=source
    )


def _limits(spec: Mapping[str, Any], where: str, file: _File) -> tuple[int | None, float | None]:
    """Memory in MiB and processors in cores, of `deploy` or of the older keys."""
    deploy = compose.mapping(compose.mapping(compose.mapping(spec, "deploy"), "resources"), "limits")
    memory_key, cpu_key = f"{where}.deploy.resources.limits.memory", f"{where}.deploy.resources.limits.cpus"
    memory = file.text(deploy.get("memory") or spec.get("mem_limit"), memory_key)
    cpu = file.text(deploy.get("cpus") or spec.get("cpus"), cpu_key)
    if unresolved(f"{memory}{cpu}"):
        return None, None
    return compose.mebibytes(memory, memory_key) or None, _cores(cpu, cpu_key)


def _cores(text: str | None, where: str) -> float | None:
    """A number of cores, None for none or as many as there are."""
    if not text:
        return None
    if not _CORES.fullmatch(text):
        raise OperateError(f'{where} isn\'t a number of cores: write it as "0.5"')
    return float(text) or None


def _left(name: str, spec: Mapping[str, Any]) -> Iterator[Left]:
    for key in spec:
        if key in keys.CARRIED or str(key).startswith("x-") or spec[key] in (None, False, [], {}):
            continue
        reason, todo = keys.LEFT.get(str(key), keys.OTHER)
        yield Left(service=name, key=str(key), reason=reason, todo=todo)
    deploy = compose.mapping(spec, "deploy")
    for key in deploy:
        if key not in keys.QUIET_DEPLOY and not (key == "replicas" and deploy[key] == 1):
            reason, todo = keys.DEPLOY.get(key, keys.OTHER)
            yield Left(service=name, key=f"deploy.{key}", reason=reason, todo=todo)
    if compose.mapping(deploy, "resources").get("reservations"):
        yield Left(
            service=name,
            key="deploy.resources.reservations",
            reason="containers have limits and no reservations",
            todo="nothing to do on one host",
        )
    if spec.get("restart") in ("no", False, "on-failure"):
        todo = "run it by hand when it is needed, with `./operatew env APP`"
        yield Left(
            service=name,
            key="restart",
            reason="a service starts again whenever it ends",
            todo=f"if it ends by itself, {todo}",
        )


def _top(model: Mapping[str, Any]) -> Iterator[Left]:
    """What stands beside the services and has no place in a stack file."""
    for name, one in _sections(model, "networks").items():
        for key in ("external", "driver", "ipam", "driver_opts", "name", "labels"):
            if one.get(key) not in (None, False, "bridge"):
                yield Left(
                    service="-",
                    key=f"networks.{name}.{key}",
                    reason="the stack makes its own networks, one a tier",
                    todo="what isn't in the stack can't join them",
                )
                break
    for name, one in _sections(model, "volumes").items():
        for key in ("external", "driver", "driver_opts", "labels"):
            if one.get(key) not in (None, False, "local"):
                yield Left(
                    service="-",
                    key=f"volumes.{name}.{key}",
                    reason="the stack makes its own local volumes",
                    todo="move the data by a dump",
                )
                break
    for key, reason in _NOT_READ.items():
        for name in compose.mapping(model, key):
            yield Left(
                service="-", key=f"{key}.{name}", reason=reason, todo="build it into an image, or give it by hand"
            )
