"""What a person has to know beside the stack file: stores that stay behind, volumes, names of passwords."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from operate.adopt import environment
from operate.adopt.recognise import Kind, label, takes_over
from operate.adopt.unit import Left, Unit, Volume

if TYPE_CHECKING:
    from operate.adopt.plan import Plan
    from operate.adopt.scene import Scene

_DATA: Final = re.compile(r"/(?:var/lib/(?!docker)|data|bitnami|usr/share/elasticsearch/data|home/postgres)")
_WITHOUT_VOLUME: Final = {Kind.POSTGRES: "/var/lib/postgresql/data", Kind.REDIS: "/data", Kind.MONGO: "/data/db"}
_NOT_TAKEN: Final = {
    Kind.OTHER_STORE: "keep it outside of the stack, beside its data",
    Kind.TOOL: "look at data by `./operatew psql` and `redis`: only apps are let to the servers",
    Kind.POOLER: "apps get URLs of their servers; see docs/settings.md for a pooler of the stack's own",
}


def write(plan: Plan, scene: Scene) -> None:
    """Complete what the plan says about stores, volumes and passwords."""
    for unit in scene.project.units:
        kind = scene.kinds[unit.name]
        if kind is not Kind.APP:
            plan.left += _about_store(scene, unit, kind)
            if takes_over(kind):
                plan.left += unit.left
        plan.volumes += _volumes(scene, unit, kind)
        plan.passwords += [(unit.name, name) for name in environment.secrets_of(unit, _hers(scene, unit, kind))]
        if kind is Kind.REDIS and any("requirepass" in word for word in unit.command):
            plan.passwords.append((unit.name, "command: --requirepass"))
    plan.left += scene.project.left


def not_taken(kind: Kind, what: str) -> tuple[str, str]:
    """Why a store of a kind has no place in the stack file, and what to do."""
    return f"it is {what}, which a stack doesn't have", _NOT_TAKEN[kind]


def _hers(scene: Scene, unit: Unit, kind: Kind) -> list[str]:
    """The variables among which passwords are looked for: all of a store, those that connect of an app."""
    return list(unit.env) if kind is not Kind.APP else sorted(scene.uses.connecting.get(unit.name, ()))


def _about_store(scene: Scene, unit: Unit, kind: Kind) -> list[Left]:
    found: list[Left] = []
    if not takes_over(kind):
        reason, todo = not_taken(kind, label(unit, kind))
        return [Left(service=unit.name, key="service", reason=reason, todo=todo)]
    for port in unit.ports:
        where = f"127.0.0.1:{port.host}" if port.is_loopback else f"{port.host}, open to the outside"
        todo = "`expose` opens a port of loopback, where a program on the host needs one"
        reason = f"no host port leads to a server (it was {where})"
        found.append(Left(service=unit.name, key="ports", reason=reason, todo=todo))
    if unit.built:
        reason, todo = "servers are built by the stack", "put what its build adds into init scripts, or extensions"
        found.append(Left(service=unit.name, key="build", reason=reason, todo=todo))
    server = scene.postgres.get(unit.name) or scene.mongo.get(unit.name) or scene.redis[unit.name]
    for mount in unit.mounts:
        if mount.kind == "bind" and not mount.target.startswith("/docker-entrypoint-initdb.d"):
            what = "data isn't taken over in place" if _DATA.match(mount.target) else "a server has no files of yours"
            todo = "move it by a dump" if _DATA.match(mount.target) else "see docs/settings.md for what can be set"
            reason = f"{what}: {mount.source} at {mount.target}"
            found.append(Left(service=unit.name, key="volumes", reason=reason, todo=todo))
    return [*found, *server.left]


def _volumes(scene: Scene, unit: Unit, kind: Kind) -> list[Volume]:
    """Where a unit keeps data; a store that mounts nothing has it in a volume without a name."""
    holds = f"files of {unit.name}" if kind is Kind.APP else f"data of {label(unit, kind)}"
    container, found = unit.container or unit.name, []
    for mount in unit.mounts:
        if mount.kind == "volume" or (mount.kind == "bind" and kind is not Kind.APP and _DATA.match(mount.target)):
            size = scene.project.sizes.get(mount.source)
            name = mount.source or "(without a name)"
            found.append(Volume(name=name, container=container, path=mount.target, holds=holds, bytes=size))
    if not found and kind in _WITHOUT_VOLUME:
        path = _WITHOUT_VOLUME[kind]
        found.append(Volume(name="(without a name)", container=container, path=path, holds=holds))
    return found
