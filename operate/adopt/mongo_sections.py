"""The stack file's `mongo`, there only where something was a MongoDB server, and what an app says of its database."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from operate.adopt import names
from operate.adopt.owners import Database
from operate.adopt.server_sections import container_name, image_of, share, size
from operate.adopt.unit import Left

if TYPE_CHECKING:
    from operate.adopt.plan import Plan
    from operate.adopt.scene import Scene

_MEMORY, _SMALLEST = 1024, 512  # MiB, where nothing says, and what a server needs


def write(plan: Plan, scene: Scene) -> None:
    """Add the section of the shared server, from which apps' own ones take what they don't say."""
    used, unified = [server.unit for server in scene.mongo.values()], plan.topology == "unified"
    if not used:
        return
    section: dict[str, Any] = container_name(scene, used[0]) if len(used) == 1 and unified else {}
    section["image"] = image_of(plan, used, "mongo")
    admin = _admin(plan, scene)
    if admin != "admin":
        section["admin"] = admin
    memory = int(share((unit.memory for unit in used), _MEMORY, unified))
    section["resources"] = {
        "memory": size(max(memory, _SMALLEST)),
        "cpu": share((unit.cpu for unit in used), 1, unified),
    }
    plan.config["data-tier:mongo"] = section
    if not any(unit.memory for unit in used):
        plan.remark("No limit was given: say what the server may use.", "data-tier:mongo", "resources")
    if len(used) > 1 and unified:
        told = ", ".join(unit.name for unit in used)
        plan.remark(f"One server in place of {len(used)}: {told}.", "data-tier:mongo")


def database(plan: Plan, scene: Scene, one: Database, name: str) -> dict[str, Any]:
    """An app's `mongo` section for a database that is called `name` in the stack."""
    store, was = one
    section: dict[str, Any] = {"database": name}
    if plan.topology == "isolated" and (own := _own(plan, scene, store)):
        section["server"] = own
    if name != was:
        reason = f"the database {was} is {name} in the stack: its name is taken, or MongoDB's own"
        todo = f"restore its dump into {name} (`--nsFrom`, `--nsTo`)"
        plan.left.append(Left(service=store, key="database", reason=reason, todo=todo))
    named = {*scene.mongo[store].databases, *(use.database for use in scene.uses.found if use.store == store)}
    if was not in named:
        reason, todo = (
            f"nothing names a database, and {was} is what drivers take",
            "look which one the app's code names",
        )
        plan.left.append(Left(service=store, key="database", reason=reason, todo=todo))
    return section


def _own(plan: Plan, scene: Scene, store: str) -> dict[str, Any]:
    """What an app's own server has that the stack's default hasn't."""
    unit, shared = scene.mongo[store].unit, plan.config["data-tier:mongo"]["resources"]
    everybody = [*scene.documents.databases.values(), *scene.documents.spare]
    own = container_name(scene, unit) if [its for its, _ in everybody].count(store) == 1 else {}
    limits = {"memory": size(max(unit.memory, _SMALLEST)) if unit.memory else None, "cpu": unit.cpu}
    differing = {key: value for key, value in limits.items() if value and value != shared[key]}
    return {**own, **({"resources": differing} if differing else {})}


def _admin(plan: Plan, scene: Scene) -> str:
    """The admin that was there, where servers can have it."""
    wished = [server.user for server in scene.mongo.values() if server.user]
    found = next((one for one in wished[:1] if names.is_mongo_user(one)), "admin")
    for server in scene.mongo.values():
        if server.user and server.user != found:
            reason = f"the servers' admin is {found}; apps log in as users of their own, never as {server.user}"
            plan.left.append(Left(service=server.unit.name, key="user", reason=reason, todo="nothing to do"))
        elif not server.user:
            reason, todo = "it asked nobody for a password, and the stack's servers do", "nothing to do"
            plan.left.append(Left(service=server.unit.name, key="user", reason=reason, todo=todo))
    return found
