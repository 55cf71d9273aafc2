"""What one section of the stack file says about another: clashes, references, budgets.

Every function yields all the problems of one rule. Values of single keys belong to `fields` and `models`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import combinations
from typing import Any

from components import sizing
from components.config.errors import NOTHING, Problem
from components.config.models import Service, Settings
from components.naming import RoleNames, short_name


def check(settings: Settings) -> list[Problem]:
    """Every problem between sections of otherwise valid settings."""
    rules = (_tiers, _subnets, _ranges, _ports, _containers, _databases, _redis, _stores, _capacity)
    return [problem for rule in rules for problem in rule(settings)]


def _services(settings: Settings) -> Iterator[tuple[str, str, Service]]:
    for app, its in settings.apps.items():
        if its.service is not None:
            yield app, f"data-tier:apps.{app}.service", its.service


def _twice(entries: Iterable[tuple[str, Any, Any]], rule: str, remedy: str) -> Iterator[Problem]:
    """One problem for each (key, value, shown) whose value was seen before; `rule` says where."""
    seen: dict[Any, str] = {}
    for key, value, shown in entries:
        if value in seen:
            yield Problem(key=key, value=shown, rule=rule.format(other=seen[value]), remedy=remedy)
        seen.setdefault(value, key)


def _tiers(settings: Settings) -> Iterator[Problem]:
    for _, key, service in _services(settings):
        for tier in service.all_tiers:
            if tier == "data":
                yield Problem(
                    key=f"{key}.tiers",
                    value=tier,
                    rule="the data tier is joined by apps with postgres: or redis:, by nobody else",
                    remedy="Name the tier that the service answers on",
                )
            elif tier not in settings.network:
                yield Problem(
                    key=f"{key}.tiers",
                    value=tier,
                    rule="there is no such tier in data-tier:network",
                    remedy=f"Declare it there, or choose one of {', '.join(settings.network)}",
                    needs=f"data-tier:network.{tier}",
                )


def _subnets(settings: Settings) -> Iterator[Problem]:
    declared = [(tier, its.subnet) for tier, its in settings.network.items() if its.subnet is not None]
    for (first, one), (second, other) in combinations(declared, 2):
        if one.overlaps(other):
            yield Problem(
                key=f"data-tier:network.{second}.subnet",
                value=str(other),
                rule=f"it overlaps {one}, the subnet of {first}",
                remedy="Choose a subnet of its own",
            )


def _ranges(settings: Settings) -> Iterator[Problem]:
    declared = [(tier, its.ports) for tier, its in settings.network.items() if its.ports is not None]
    for (first, one), (second, other) in combinations(declared, 2):
        if one.first <= other.last and other.first <= one.last:
            yield Problem(
                key=f"data-tier:network.{second}.ports",
                value=str(other),
                rule=f"it overlaps {one}, the ports of {first}",
                remedy="Give each tier its own range",
            )


def _ports(settings: Settings) -> Iterator[Problem]:
    published = [(f"{key}.port", service) for _, key, service in _services(settings) if service.port]
    for key, service in published:
        tier = settings.network.get(service.home)
        if tier is None or service.port is None or service.home == "data":
            continue
        if tier.ports is None:
            yield Problem(
                key=key,
                value=str(service.port),
                rule=f"the {service.home} tier publishes nothing",
                remedy=f"Give data-tier:network.{service.home} publish and ports, or remove the port",
                needs=f"data-tier:network.{service.home}",
            )
        elif service.port.host not in tier.ports:
            yield Problem(
                key=key,
                value=str(service.port),
                rule=f"host port {service.port.host} is outside {tier.ports}, the ports of the {service.home} tier",
                remedy=f"Choose a port in {tier.ports}",
            )
    yield from _twice(
        ((key, its.port.host, str(its.port)) for key, its in published if its.port),
        "the host port is taken by {other}",
        "Choose another one",
    )


def _containers(settings: Settings) -> Iterator[Problem]:
    names = [("data-tier:postgres.name", settings.postgres_name), ("data-tier:redis.name", settings.redis_name)]
    for app, key, _ in _services(settings):
        names.append((f"{key}.name", settings.service_name(app)))
    yield from _twice(
        ((key, name, name) for key, name in names),
        "a container of this name is declared by {other}",
        "Give one of them another name",
    )
    yield from _hosts(settings, names)
    for app, key, service in _services(settings):
        if service.name is None and len(settings.service_name(app)) > 63:  # noqa: PLR2004 - a DNS label, RFC 1035
            yield Problem(key=key, rule="prefix and app make a name over 63 characters", remedy="Give it a name")


def _hosts(settings: Settings, containers: list[tuple[str, str]]) -> Iterator[Problem]:
    """Names that a network answers to: two owners would be asked in turn, with each other's logins."""
    owners = {name: key for key, name in reversed(containers)}
    for key, name in containers[:2]:  # the servers answer to their short names as well
        owners.setdefault(short_name(settings.prefix, name), key)
    for app, key, service in _services(settings):
        own = f"{key}.name"
        answers_to = [(f"data-tier:apps.{app}", app)]
        answers_to += [(f"{key}.aliases[{at}]", alias) for at, alias in enumerate(service.aliases)]
        for place, name in answers_to:
            if owners.setdefault(name, own) != own:
                yield Problem(
                    key=place,
                    value=name,
                    rule=f"{owners[name]} answers to this name on the network",
                    remedy="Give one of them another name",
                )


def _databases(settings: Settings) -> Iterator[Problem]:
    entries = [("data-tier:postgres.admin", settings.postgres.admin, settings.postgres.admin)]
    for app, its in settings.apps.items():
        if its.postgres:
            key, database = f"data-tier:apps.{app}.postgres.database", its.postgres.database
            entries += [(key, role, database) for role in RoleNames(database).all]
    found: dict[str, Problem] = {}
    for problem in _twice(entries, "the database or one of its roles is declared by {other}", "Rename one of them"):
        found.setdefault(problem.key, problem)
    yield from found.values()


def _redis(settings: Settings) -> Iterator[Problem]:
    known = settings.redis.databases
    yield from _twice(
        ((f"data-tier:redis.databases.{name}", number, number) for name, number in known.items()),
        "the number is taken by {other}",
        "Give each purpose its own number",
    )
    for app, its in settings.apps.items():
        for position, name in enumerate(its.redis):
            if name not in known:
                yield Problem(
                    key=f"data-tier:apps.{app}.redis[{position}]",
                    value=name,
                    rule="there is no such database in data-tier:redis.databases",
                    remedy=f"Declare it there, or choose one of {', '.join(known) or 'none yet'}",
                    needs=f"data-tier:redis.databases.{name}",
                )
        yield from _twice(
            ((f"data-tier:apps.{app}.redis[{at}]", name, name) for at, name in enumerate(its.redis)),
            "it is named twice",
            "Name it once",
        )


def _stores(settings: Settings) -> Iterator[Problem]:
    for app, key, service in _services(settings):
        if settings.apps[app].has_stores and service.home in {"frontend", "admin"}:
            yield Problem(
                key=f"{key}.tier",
                value=service.home,
                rule="services of the frontend and admin tiers have API URLs and never a data URL",
                remedy="Remove postgres and redis of this app, or put the service on the backend tier",
            )
    for app, its in settings.apps.items():
        if not its.has_stores and its.service is None:
            yield Problem(
                key=f"data-tier:apps.{app}", rule="the app asks for nothing", remedy="Give it a store or service"
            )


def _capacity(settings: Settings) -> Iterator[Problem]:
    postgres = settings.postgres
    capacity = postgres.connections or sizing.default_connections(postgres.resources.memory)
    wanted = sum(
        its.postgres.connections + sizing.MIGRATION_CONNECTIONS for its in settings.apps.values() if its.postgres
    )
    own = sizing.RESERVED_CONNECTIONS
    if wanted + own > capacity:
        yield Problem(
            key="data-tier:postgres.connections",
            value=postgres.connections or NOTHING,
            rule=f"the apps ask for {wanted} connections and the server has {capacity - own} for them",
            remedy=f"Declare at least {wanted + own}, or lower connections of the apps",
        )
