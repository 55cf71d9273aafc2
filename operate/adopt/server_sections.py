"""The stack file's `postgres`, `redis` and `images`, and what apps' own servers say in the isolated shape."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, Final

from components.config import parse, places
from components.naming import RoleNames
from components.sizing import MIGRATION_CONNECTIONS, RESERVED_CONNECTIONS, default_connections
from operate.adopt import server_images
from operate.adopt.names import is_host, is_role
from operate.adopt.unit import Left, Unit

if TYPE_CHECKING:
    from operate.adopt.plan import Plan
    from operate.adopt.scene import Scene

_POSTGRES_MEMORY, _REDIS_MEMORY = 1024, 256  # MiB, where nothing says
_SMALLEST_POSTGRES, _SMALLEST_REDIS = 128, 32
_LOADED: Final = {"pg_stat_statements": ("statements", True), "pgaudit": ("audit", ["ddl", "write"])}
_CONNECTIONS: Final = 20 + MIGRATION_CONNECTIONS  # of an app that says nothing
_MOST_CONNECTIONS: Final = 5000
_ADMINS: Final = ("admin", "postgres", "data_admin", "stack_admin")


def write(plan: Plan, scene: Scene) -> None:
    """Add the sections of servers."""
    _postgres(plan, scene)
    _redis(plan, scene)
    images = _images(scene)
    if images:
        plan.config["data-tier:images"] = images


def own_postgres(plan: Plan, scene: Scene, store: str) -> dict[str, Any]:
    """What an app's own server has that the stack's default hasn't."""
    server, shared = scene.postgres[store], plan.config["data-tier:postgres"]["resources"]
    own: dict[str, Any] = {}
    everybody = [*scene.owners.databases.values(), *scene.owners.spare]
    if [one for one, _ in everybody].count(store) == 1:
        own |= container_name(scene, server.unit)
    given = {"memory": size(max(server.unit.memory, _SMALLEST_POSTGRES)) if server.unit.memory else None}
    limits = {**given, "cpu": server.unit.cpu}
    differing = {key: value for key, value in limits.items() if value and value != shared[key]}
    return {**own, **({"resources": differing} if differing else {})}


def own_redis(plan: Plan, scene: Scene, store: str) -> dict[str, Any]:
    """What an app's own Redis has that the stack's default hasn't."""
    memory = scene.redis[store].memory
    if memory is None or size(max(memory, _SMALLEST_REDIS)) == plan.config["data-tier:redis"]["memory"]:
        return {}
    return {"memory": size(max(memory, _SMALLEST_REDIS))}


def own_subnets(plan: Plan) -> None:
    """Give an app a subnet of its own where its name leads to one that another has."""
    bare = {key.removeprefix("data-tier:"): value for key, value in plan.config.items()}
    settings, taken = parse({**bare, "apps": {}}), []
    for app, section in plan.apps.items():
        if not {"postgres", "redis", "mongo"} & section.keys():
            continue
        steps = range(places.slot_count(settings))
        step = next(one for one in steps if places.slot(settings, app, one) not in taken)
        taken.append(places.slot(settings, app, step))
        if step:
            section["subnet"] = str(taken[-1])


def size(mebibytes: int) -> str:
    """MiB as the stack file has them."""
    return f"{mebibytes // 1024}Gi" if mebibytes % 1024 == 0 else f"{mebibytes}Mi"


def _postgres(plan: Plan, scene: Scene) -> None:
    used = list(scene.postgres.values())
    count = len(scene.owners.databases) + len(scene.owners.spare)
    section: dict[str, Any] = {}
    if len(used) == 1 and plan.topology == "unified":
        section |= container_name(scene, used[0].unit)
    section["image"] = image_of(plan, [server.unit for server in used], "postgres")
    admin = _admin(plan, scene)
    if admin != "admin":
        section["admin"] = admin
    memory = int(share((server.unit.memory for server in used), _POSTGRES_MEMORY, plan.topology == "unified"))
    declared = max([server.connections or 0 for server in used], default=0)
    apps = count if plan.topology == "unified" else min(count, 1)
    needed = apps * _CONNECTIONS + RESERVED_CONNECTIONS
    if max(declared, needed) > default_connections(memory) or declared:
        section["connections"] = min(_MOST_CONNECTIONS, max(declared, -(-needed // 10) * 10))
    cpu = share((server.unit.cpu for server in used), 1, plan.topology == "unified")
    section["resources"] = {"memory": size(max(memory, _SMALLEST_POSTGRES)), "cpu": cpu}
    extensions = {name for server in used for names in server.databases.values() for name in names}
    section |= {key: value for name, (key, value) in _LOADED.items() if name in extensions}
    plan.config["data-tier:postgres"] = section
    if not used:
        plan.remark("There was no PostgreSQL: nothing is built of this until an app asks for it.", "data-tier:postgres")
    elif not any(server.unit.memory for server in used):
        plan.remark("No limit was given: say what the server may use.", "data-tier:postgres", "resources")
    if len(used) > 1 and plan.topology == "unified":
        names = ", ".join(server.unit.name for server in used)
        plan.remark(f"One server in place of {len(used)}: {names}.", "data-tier:postgres")


def _redis(plan: Plan, scene: Scene) -> None:
    used = list(scene.redis.values())
    section: dict[str, Any] = {}
    if len(used) == 1 and plan.topology == "unified":
        section |= container_name(scene, used[0].unit)
    section["image"] = image_of(plan, [server.unit for server in used], "redis")
    memory = int(share((server.memory for server in used), _REDIS_MEMORY, plan.topology == "unified"))
    section["memory"] = size(max(memory, _SMALLEST_REDIS))
    section["databases"] = dict(scene.purposes.numbers)
    plan.config["data-tier:redis"] = section
    if not used:
        plan.remark("There was no Redis: nothing is built of this until an app asks for it.", "data-tier:redis")
    elif any(name.startswith("db") for name in scene.purposes.numbers):
        plan.remark("Name them by what they are for; apps name them too.", "data-tier:redis", "databases")
    for store, number in scene.purposes.too_many:
        reason, todo = "a server has 16 numbered databases", "give the app a server of its own (`dedicated: true`)"
        plan.left.append(Left(service=store, key=f"database {number}", reason=reason, todo=todo))


def image_of(plan: Plan, units: list[Unit], kind: str) -> str:
    """The image of the newest server; what others lose by that is said."""
    chosen = {unit.name: server_images.choose(unit, kind) for unit in units}
    for unit in units:
        image, why = chosen[unit.name]
        if why:
            todo = f"{image} is written: look whether it has what the databases need"
            plan.left.append(Left(service=unit.name, key="image", reason=why, todo=todo))
    if not chosen:
        return server_images.DEFAULTS[kind]
    best = max((image for image, _ in chosen.values()), key=lambda image: (server_images.major(image), "/" in image))
    for name, (image, _) in chosen.items():
        if image != best:
            reason, todo = f"{image} and {best} become one version", f"try the data on {best}; a dump fits newer majors"
            plan.left.append(Left(service=name, key="image", reason=reason, todo=todo))
    return best


def _images(scene: Scene) -> dict[str, Any]:
    """Where images come from, told only where it is known: the stack's own stand-ins run already."""
    units = [server.unit for servers in (scene.postgres, scene.redis, scene.mongo) for server in servers.values()]
    if not units or not any((unit.image or "").startswith("data-tier/") for unit in units):
        return {}
    majors = {
        kind: max((server_images.major(unit.image or "") for unit in of), default=0)
        for kind, of in (
            ("postgres", [server.unit for server in scene.postgres.values()]),
            ("redis", [server.unit for server in scene.redis.values()]),
        )
    }
    newest = {kind: found or server_images.major(server_images.DEFAULTS[kind]) for kind, found in majors.items()}
    return {"source": "debian", **newest}


def _admin(plan: Plan, scene: Scene) -> str:
    """The superuser that was there, unless an app's roles have its name."""
    roles = {role for name in scene.database_names(plan.topology).values() for role in RoleNames(name).all}
    wished = [server.user for server in scene.postgres.values()]
    found = next(one for one in (*wished[:1], *_ADMINS) if is_role(one) and one not in roles)
    for server in scene.postgres.values():
        if server.user != found:
            reason = f"the servers' superuser is {found}; apps log in as roles of their own, never as {server.user}"
            todo = "name other roles in dumps with --no-owner"
            plan.left.append(Left(service=server.unit.name, key="user", reason=reason, todo=todo))
    return found


def container_name(scene: Scene, unit: Unit) -> dict[str, Any]:
    """The container's name, where a compose file gives one: on a host the old container has it still."""
    if scene.project.live or not unit.container or not is_host(unit.container):
        return {}
    return {"name": unit.container}


def share(given: Iterable[float | None], default: float, unified: bool) -> float:
    """What one server gets in place of several: the sum, in which one without a limit counts as the largest."""
    limits = list(given)
    largest = max((one for one in limits if one), default=None)
    if largest is None:
        return default
    return sum(one or largest for one in limits) if unified else largest
