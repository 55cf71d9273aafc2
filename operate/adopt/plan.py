"""From what was read to the stack file's keys: who is an app, which servers there are, what stays behind.

Owns the order of decisions and the file's top. Single decisions are in modules of their names; nothing is written here.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from ipaddress import IPv4Network
from typing import Any, Literal

from components.config import Problem, SettingsError, parse
from operate.adopt import (
    app_sections,
    inventory,
    mongo_sections,
    owners,
    purposes,
    recognise,
    server_sections,
    servers,
    tiers,
    uses,
)
from operate.adopt.names import app as slug
from operate.adopt.recognise import Kind
from operate.adopt.scene import Scene
from operate.adopt.unit import Left, Project, Unit, Volume, unresolved
from operate.errors import OperateError

Topology = Literal["unified", "isolated"]


@dataclass
class Plan:
    """The stack file's `config`, and all that a person must know about it.

    `remarks` are comments by the path of the key that they stand above; `beside` are sections of apps that a person
    decides about, as (app, section, why); `problems` are what the program would refuse: a person fills that in.
    """

    topology: Topology
    config: dict[str, Any]
    remarks: dict[tuple[str, ...], list[str]] = field(default_factory=dict)
    beside: list[tuple[str, dict[str, Any], str]] = field(default_factory=list)
    left: list[Left] = field(default_factory=list)
    volumes: list[Volume] = field(default_factory=list)
    passwords: list[tuple[str, str]] = field(default_factory=list)
    connecting: dict[str, list[str]] = field(default_factory=dict)
    problems: tuple[Problem, ...] = ()

    @property
    def apps(self) -> dict[str, Any]:
        """The sections of apps."""
        found: dict[str, Any] = self.config["data-tier:apps"]
        return found

    def remark(self, text: str, *path: str) -> None:
        """Add a comment above the key at a path."""
        self.remarks.setdefault(path, []).append(text)


def make(project: Project, topology: Topology) -> Plan:
    """What the stack file will say. Raises OperateError where nothing can be taken over or a value is missing."""
    units = list(project.units)
    kinds = {unit.name: recognise.kind(unit) for unit in units}
    found = uses.find(units, kinds)
    postgres = {unit.name: servers.postgres(unit) for unit in units if kinds[unit.name] is Kind.POSTGRES}
    redis = {unit.name: servers.redis(unit) for unit in units if kinds[unit.name] is Kind.REDIS}
    mongo = {unit.name: servers.mongo(unit) for unit in units if kinds[unit.name] is Kind.MONGO}
    _require_known(found, postgres, mongo)
    apps = [unit for unit in units if kinds[unit.name] is Kind.APP]
    owned = owners.assign(apps, postgres, found)
    documents = owners.assign_documents(apps, mongo, found, owned)
    kept = [unit for unit in apps if unit.name not in {**owned.beside, **documents.beside}]
    numbered = purposes.assign(
        [use for use in found.found if kinds[use.store] is Kind.REDIS and use.unit in _names(kept)]
    )
    if not kept and not owned.spare and not documents.spare:
        raise OperateError(_nothing(project, kinds))
    scene = Scene(
        project=project,
        kinds=kinds,
        uses=found,
        owners=owned,
        documents=documents,
        purposes=numbered,
        postgres=postgres,
        redis=redis,
        mongo=mongo,
    )
    plan = Plan(topology=topology, config={"data-tier:prefix": _prefix(project)})
    homes = {unit.name: tiers.home(unit, uses_data=scene.uses_data(unit)) for unit in apps}
    placed, ranges = tiers.place(kept, {unit.name: homes[unit.name] for unit in kept}, kinds)
    _networks(plan, project, kept, homes, placed, ranges)
    server_sections.write(plan, scene)
    mongo_sections.write(plan, scene)
    app_sections.write(plan, scene, placed)
    if topology == "isolated":
        server_sections.own_subnets(plan)
    inventory.write(plan, scene)
    order = {unit.name: at for at, unit in enumerate(units)}
    plan.left.sort(key=lambda one: order.get(one.service, len(order)))
    plan.problems = _problems(plan.config)
    return plan


def _names(units: Sequence[Unit]) -> set[str]:
    return {unit.name for unit in units}


def _require_known(
    found: uses.Uses, postgres: Mapping[str, servers.Postgres], mongo: Mapping[str, servers.Mongo]
) -> None:
    missing = dict(found.missing)
    declared = [(server.unit, server.main, "POSTGRES_DB") for server in postgres.values()]
    declared += [(server.unit, server.main, "MONGO_INITDB_DATABASE") for server in mongo.values()]
    for unit, main, variable in declared:
        for name in unresolved(main):
            missing.setdefault(name, f"{unit.key}.environment.{variable}")
    if missing:
        told = ", ".join(f"{name} ({where})" for name, where in missing.items())
        raise OperateError(
            f"no value for what names a database or its host: {told}; put it into .env beside the file, "
            "or into the environment"
        )


def _nothing(project: Project, kinds: Mapping[str, Kind]) -> str:
    told = ", ".join(f"{name} ({found.value})" for name, found in kinds.items())
    return f"{project.source}: nothing here becomes part of a stack: {told}; see docs/adopt.md"


def _prefix(project: Project) -> str:
    """The project's name; on a host that has containers of such names already, with an ending."""
    plain = slug(project.name)
    return f"{plain}-new" if any(name.startswith(f"{plain}-") for name in project.taken_names) else plain


def _networks(
    plan: Plan,
    project: Project,
    units: Sequence[Unit],
    homes: Mapping[str, str],
    placed: Mapping[str, tiers.Placed],
    ranges: Mapping[str, tuple[int, int]],
) -> None:
    plan.config["data-tier:topology"] = plan.topology
    networks: dict[str, Any] = {"data": {"internal": True, "subnet": str(_data_subnet(plan, project))}}
    wanted = [tier for unit in units for tier in placed[unit.name].tiers]
    for tier in ("backend", "frontend", "admin"):
        if tier in wanted:
            networks[tier] = tiers.network(units, homes, tier, ranges.get(tier), project.internal)
    plan.config["data-tier:network"] = networks
    plan.remark(
        "`internal: true` closes a tier to the outside; give it where no service needs a way out.", "data-tier:network"
    )


def _data_subnet(plan: Plan, project: Project) -> IPv4Network:
    """A subnet by the prefix, so that two stacks on one host rarely meet; none that the host has, or that Docker gives
    to networks by itself.
    """
    start = hashlib.sha256(str(plan.config["data-tier:prefix"]).encode()).digest()[0]
    subnets = [IPv4Network(f"10.200.{(start + step) % 256}.0/24") for step in range(256)]
    return next((one for one in subnets if not any(one.overlaps(other) for other in project.taken_subnets)), subnets[0])


def _problems(config: Mapping[str, Any]) -> tuple[Problem, ...]:
    try:
        parse({key.removeprefix("data-tier:"): value for key, value in config.items()})
    except SettingsError as error:
        return error.problems
    return ()
