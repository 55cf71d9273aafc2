"""The sections under `apps`: each unit that stays with its stores and service, and databases that no unit uses."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

from operate.adopt import environment, mongo_sections, names, server_sections
from operate.adopt.owners import Database
from operate.adopt.recognise import Kind, label, takes_over
from operate.adopt.scene import Scene
from operate.adopt.tiers import Placed, published
from operate.adopt.unit import Left, Unit

if TYPE_CHECKING:
    from operate.adopt.plan import Plan

_STAND_IN: Final = "data-tier/probe"
_SMALLEST: Final = 16
_FLOATING: Final = re.compile(r"(?:^|/)[^/:@]+(?::(?:latest|edge|nightly|main|master|stable|rolling))?$")


def write(plan: Plan, scene: Scene, placed: Mapping[str, Placed]) -> None:
    """Add `apps`, and beside it the sections that a person decides about."""
    apps: dict[str, Any] = {}
    plan.config["data-tier:apps"] = apps
    named, beside = scene.app_names(), scene.beside
    databases, documents = scene.database_names(plan.topology), scene.document_names(plan.topology)
    renamed = {old: new for old, new in named.items() if old != new and not names.is_host(old)}
    for unit in scene.project.units:
        if scene.kinds[unit.name] is not Kind.APP:
            continue
        app, used = named[unit.name], environment.sort(unit, scene.uses.connecting.get(unit.name, ()), renamed)
        service = _service(scene, unit, placed.get(unit.name), used.plain, app)
        if unit.name in beside:
            owner, shared = beside[unit.name]
            _beside(plan, unit, app, named[owner], shared, service)
            continue
        section = {**_stores(plan, scene, unit, databases, documents), "service": service}
        apps[app] = section
        plan.left += [*unit.left, *used.left]
        plan.passwords += [(unit.name, name) for name in used.secrets]
        plan.connecting[app] = sorted(scene.uses.connecting.get(unit.name, ()) if scene.has_stores(unit) else ())
        _say_what_changes(plan, scene, unit, app, placed[unit.name])
    for one in scene.owners.spare:
        app = names.app(one[1], [*apps, *named.values()])
        apps[app] = {"postgres": _database(plan, scene, one, databases[one])}
        plan.remark("No service here uses this database alone: `./operatew env` gives its URL.", "data-tier:apps", app)
    for one in scene.documents.spare:
        app = names.app(one[1], [*apps, *named.values()])
        apps[app] = {"mongo": mongo_sections.database(plan, scene, one, documents[one])}
        plan.remark("No service here uses this database alone: `./operatew env` gives its URL.", "data-tier:apps", app)
    _shared_redis(plan, scene, named)


def _stores(
    plan: Plan, scene: Scene, unit: Unit, databases: Mapping[Database, str], documents: Mapping[Database, str]
) -> dict[str, Any]:
    found: dict[str, Any] = {}
    if one := scene.owners.databases.get(unit.name):
        found["postgres"] = _database(plan, scene, one, databases[one])
    if one := scene.documents.databases.get(unit.name):
        found["mongo"] = mongo_sections.database(plan, scene, one, documents[one])
    if its := scene.purposes.apps.get(unit.name):
        found["redis"] = its
        own = server_sections.own_redis(plan, scene, scene.redis_stores(unit.name)[0])
        if plan.topology == "isolated" and own:
            found["redis_server"] = own
    return found


def _database(plan: Plan, scene: Scene, one: Database, name: str) -> dict[str, Any]:
    server = scene.postgres[one[0]]
    section: dict[str, Any] = {"database": name}
    extensions = [extension for extension in server.databases.get(one[1], ()) if names.is_extension(extension)]
    if extensions:
        section["extensions"] = extensions
    if server.timeouts:
        section["limits"] = dict(server.timeouts)
    if plan.topology == "isolated" and (own := server_sections.own_postgres(plan, scene, one[0])):
        section["server"] = own
    if name != one[1]:
        todo = f"restore its dump into {name}"
        reason = f"the database {one[1]} is {name} in the stack: its name is taken, or PostgreSQL's own"
        plan.left.append(Left(service=one[0], key="database", reason=reason, todo=todo))
    return section


def _service(scene: Scene, unit: Unit, placed: Placed | None, env: dict[str, str], app: str) -> dict[str, Any]:
    """The `service` section; without a place for one that stays beside the file."""
    section: dict[str, Any] = {}
    if unit.image and not unit.image.startswith(_STAND_IN):
        section["image"] = unit.image
    if not scene.project.live and unit.container and names.is_host(unit.container):
        section["name"] = unit.container
    section |= _tiers(placed)
    aliases = [one for one in dict.fromkeys((unit.name, *unit.aliases)) if names.is_host(one)]
    aliases = [one for one in aliases if one not in (app, section.get("name"))]
    if aliases:
        section["aliases"] = aliases
    if env:
        section["env"] = env
    if unit.memory:
        section["memory"] = server_sections.size(max(unit.memory, _SMALLEST))
    if unit.cpu:
        section["cpu"] = unit.cpu
    return section


def _tiers(placed: Placed | None) -> dict[str, Any]:
    if placed is None:
        return {"tier": "backend"}
    tiers: dict[str, Any] = {"tiers": list(placed.tiers)} if len(placed.tiers) > 1 else {"tier": placed.tiers[0]}
    return {**tiers, **({"port": placed.port} if placed.port else {})}


def _beside(plan: Plan, unit: Unit, app: str, owner: str, shared: Database, service: dict[str, Any]) -> None:
    """A unit that uses another's database: two apps with one database are refused."""
    store, database = shared
    reason = f"it uses the database {database} of {store}, which is {owner}'s: an app has one database, and one service"
    todo = f"give it a database of its own, or run it outside with the URL of `./operatew env {owner}`"
    plan.left.append(Left(service=unit.name, key="service", reason=reason, todo=todo))
    plan.beside.append((app, {"service": service}, f"uses the database of {owner}: {todo}."))


def _say_what_changes(plan: Plan, scene: Scene, unit: Unit, app: str, placed: Placed) -> None:
    path = ("data-tier:apps", app, "service")
    if not unit.image:
        plan.remark(f"Built from {unit.built or 'sources'}: give its image; until then a probe stands in.", *path)
        todo = "build and push it, and name it under `image`; until then a probe stands in"
        plan.left.append(Left(service=unit.name, key="build", reason="a stack runs images and builds none", todo=todo))
    elif unit.built:
        todo = f"push {unit.image} to where the Docker host finds it"
        plan.left.append(Left(service=unit.name, key="build", reason="a stack runs images and builds none", todo=todo))
    if unit.image and _FLOATING.search(unit.image):
        reason, todo = "its tag is no version, and the policy pack refuses that", "name a version under `image`"
        plan.left.append(Left(service=unit.name, key="image", reason=reason, todo=todo))
        plan.remark("The tag is no version: name one, or the policy pack refuses it.", *path)
    if unit.command:
        todo = "build an image with this command, or leave the service outside of the stack"
        plan.left.append(Left(service=unit.name, key="command", reason="the image's own command is run", todo=todo))
    _say_ports(plan, unit, placed)
    for mount in unit.mounts:
        if mount.kind == "tmpfs":
            continue
        what = mount.source or "without a name"
        reason = f"a service keeps no files: {mount.kind} {what} at {mount.target}"
        todo = "build files into the image; keep data in a store, or leave the service outside of the stack"
        if mount.source.endswith("docker.sock"):
            todo = "leave the service outside of the stack: whoever has the socket owns the host"
        plan.left.append(Left(service=unit.name, key="volumes", reason=reason, todo=todo))
    _say_stores(plan, scene, unit, app)


def _say_ports(plan: Plan, unit: Unit, placed: Placed) -> None:
    kept, home = published(unit), placed.tiers[0]
    host = (placed.port or "").partition(":")[0]
    for port in unit.ports:
        told = f"{port.host or 'any'}:{port.container}/{port.protocol}"
        if port is not kept:
            reason, todo = f"a service has one port by TCP, {told} isn't it", "publish it by a proxy of yours"
        elif placed.moved or port.host is None:
            reason = (
                f"host port {port.host} is taken, or outside of the range of the {home} tier"
                if port.host
                else "Docker chose its host port"
            )
            todo = f"it is {host} now: tell who calls it"
        elif home == "backend" and not port.is_loopback:
            reason = f"{told} was open to the outside, and the backend is published on loopback"
            todo = f"put a proxy of yours before 127.0.0.1:{host}"
        else:
            continue
        plan.left.append(Left(service=unit.name, key="ports", reason=reason, todo=todo))


def _say_stores(plan: Plan, scene: Scene, unit: Unit, app: str) -> None:
    for use in scene.uses.of(unit.name):
        store = scene.project.unit(use.store)
        if store is not None and not takes_over(scene.kinds[use.store]):
            what = label(store, scene.kinds[use.store])
            plan.remark(f"It uses {use.store} ({what}), which isn't in this stack.", "data-tier:apps", app)
            todo = f"keep {use.store} where {unit.name} reaches it, and give it its address"
            reason = f"{what} isn't taken over"
            plan.left.append(
                Left(
                    service=unit.name,
                    key=f"environment: {', '.join(use.variables)}" if use.variables else "depends_on",
                    reason=reason,
                    todo=todo,
                )
            )
        elif use.is_guess and scene.has_stores(unit):
            plan.remark(
                f"That it uses {use.store} is known by depends_on or links alone: check.", "data-tier:apps", app
            )
    for name, variable, host in scene.uses.outside:
        if name == unit.name:
            todo = "leave it to the service's own configuration, or move the data into the stack"
            reason = f"{host} is a server outside of the file"
            plan.left.append(Left(service=name, key=f"environment: {variable}", reason=reason, todo=todo))
    unsure = [(*one, "postgres") for one in scene.owners.unsure] + [(*one, "mongo") for one in scene.documents.unsure]
    for name, store_name, section in unsure:
        if name == unit.name:
            reason, todo = (
                f"it depends on {store_name} and names no database",
                f"add `{section}` to the app if it uses one",
            )
            plan.left.append(Left(service=name, key="depends_on", reason=reason, todo=todo))
    for name, (store_name, database) in [*scene.owners.further, *scene.documents.further]:
        if name == unit.name:
            reason = f"an app has one database, and it uses {database} of {store_name} too"
            todo = "give it the URL of that database's app (`./operatew env`) by hand"
            plan.left.append(Left(service=name, key="environment", reason=reason, todo=todo))


def _shared_redis(plan: Plan, scene: Scene, named: Mapping[str, str]) -> None:
    for purpose in scene.purposes.numbers:
        users = [named[unit] for unit in scene.purposes.users(purpose)]
        if len(users) > 1:
            reason = f"{', '.join(users)} shared it; now each sees only keys that begin with its name and a colon"
            todo = "set the key prefix in each; services that exchange data through it must be one app"
            plan.left.append(Left(service="-", key=f"redis {purpose}", reason=reason, todo=todo))
