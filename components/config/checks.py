"""What one section of the stack file says about another: clashes, references, budgets.

Every function yields all the problems of one rule. Values of single keys belong to `fields` and `models`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import combinations

from components.budget import Budget
from components.config import (
    backup_checks,
    extension_checks,
    external_checks,
    mongo_checks,
    mongo_places,
    monitoring_checks,
    place_checks,
    places,
    pooler_checks,
    pools,
    postgres_servers,
    reader_checks,
    redis_checks,
    redis_servers,
    reservation_checks,
    standby_checks,
    tuning_checks,
    uses_checks,
    volume_checks,
    watchdog_checks,
)
from components.config.errors import NOTHING, Problem, twice
from components.config.models import Service, Settings
from components.naming import BACKUP_ROLE, EXPORTER_LOGINS, READERS, WATCHDOG_ROLE, ReaderNames, RoleNames, short_name

_LONGEST_HOST = 63  # a DNS label, RFC 1035


def check(settings: Settings) -> list[Problem]:
    """Every problem between sections of otherwise valid settings."""
    rules = (
        *(_tiers, _subnets, _ranges, _ports, _containers, _databases, _stores, _capacity),
        *place_checks.RULES,
        *mongo_checks.RULES,
        *tuning_checks.RULES,
        *pooler_checks.RULES,
        *reader_checks.RULES,
        *watchdog_checks.RULES,
        *monitoring_checks.RULES,
        *redis_checks.RULES,
        *extension_checks.RULES,
        *external_checks.RULES,
        *uses_checks.RULES,
        *volume_checks.RULES,
        *backup_checks.RULES,
        *standby_checks.RULES,
        reservation_checks.reservations,
    )
    return [problem for rule in rules for problem in rule(settings)]


def _services(settings: Settings) -> Iterator[tuple[str, str, Service]]:
    for app, service in places.services(settings):
        yield app, f"data-tier:apps.{app}.service", service


def _servers(settings: Settings) -> list[tuple[str, str]]:
    """Where each server's name is declared, and the name; the shared ones first."""
    postgres = [(f"{its.path}.name", its.name) for its in postgres_servers.declared(settings)]
    found = [*postgres, ("data-tier:redis.name", settings.redis_name)]
    found += pooler_checks.names(settings)
    found += standby_checks.names(settings)
    purposes = [redis_servers.of_purpose(settings, purpose) for purpose in settings.redis.servers]
    found += [(f"data-tier:{its.path}.name", its.name) for its in purposes]
    found += [(f"{its.key}.name", its.name) for its in mongo_places.declared(settings)]
    for app, its in places.apps_in(settings, "isolated").items():
        if its.redis:
            found.append((f"data-tier:apps.{app}.redis_server.name", redis_servers.own(settings, app).name))
    return found + external_checks.names(settings)


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
    taken = [(key, its.port.host, str(its.port)) for key, its in published if its.port]
    yield from twice(
        [*taken, *((key, port, str(port)) for key, port in _exposed(settings))],
        "the host port is taken by {other}",
        "Choose another one",
    )


def _exposed(settings: Settings) -> Iterator[tuple[str, int]]:
    """The loopback ports that lead to servers, by their keys."""
    shared = places.apps_in(settings, "unified").values()
    if settings.postgres.expose and any(its.postgres for its in shared):
        yield "data-tier:postgres.expose", settings.postgres.expose
    for server in redis_servers.declared(settings).values():
        if server.expose:
            yield f"data-tier:{server.path}.expose", server.expose
    for app, its in places.apps_in(settings, "isolated").items():
        if its.postgres and its.postgres.server.expose:
            yield f"data-tier:apps.{app}.postgres.server.expose", its.postgres.server.expose
    for mongo in mongo_places.declared(settings):
        if mongo.server.expose:
            yield f"{mongo.key}.expose", mongo.server.expose
    if settings.monitoring and settings.monitoring.expose:
        yield "data-tier:monitoring.expose", settings.monitoring.expose


def _containers(settings: Settings) -> Iterator[Problem]:
    servers = _servers(settings)
    services = [(f"{key}.name", settings.service_name(app)) for app, key, _ in _services(settings)]
    yield from twice(
        ((key, name, name) for key, name in servers + services),
        "a container of this name is declared by {other}",
        "Give one of them another name",
    )
    yield from _hosts(settings, servers, services)
    for key, name in servers + services:
        if len(name) > _LONGEST_HOST:
            yield Problem(
                key=key.removesuffix(".name"),
                rule="prefix and app make a name over 63 characters",
                remedy="Give it a name",
            )


def _hosts(settings: Settings, servers: list[tuple[str, str]], services: list[tuple[str, str]]) -> Iterator[Problem]:
    """Names that a network answers to: two owners would be asked in turn, with each other's logins."""
    owners = {name: key for key, name in reversed(servers + services)}
    for key, name in servers:  # they answer to their short names as well
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
    """Names on one server: those of the shared one's databases, and of each database on its own one."""
    found: dict[str, Problem] = {}
    for apps in (list(places.apps_in(settings, "unified")), *([app] for app in places.apps_in(settings, "isolated"))):
        rule, remedy = "the database or one of its roles is declared by {other}", "Rename one of them"
        for problem in twice(_roles(settings, apps), rule, remedy):
            found.setdefault(problem.key, problem)
    yield from found.values()


def _roles(settings: Settings, apps: Sequence[str]) -> Iterator[tuple[str, str, str]]:
    yield "data-tier:readers", READERS, READERS
    yield "data-tier:postgres.watchdog", WATCHDOG_ROLE, WATCHDOG_ROLE
    if settings.monitoring:
        yield from (("data-tier:monitoring", login, login) for login in EXPORTER_LOGINS.values())
    yield "data-tier:postgres.backup", BACKUP_ROLE, BACKUP_ROLE
    yield "data-tier:postgres.admin", settings.postgres.admin, settings.postgres.admin
    for app in apps:
        its = settings.apps[app].postgres
        for role in RoleNames(its.database).all if its else ():
            yield f"data-tier:apps.{app}.postgres.database", role, its.database if its else ""
    for reader in places.readers(settings, apps):
        for role in ReaderNames(reader).all:
            yield f"data-tier:readers.{reader}", role, reader


def _stores(settings: Settings) -> Iterator[Problem]:
    for app, key, service in _services(settings):
        if settings.apps[app].has_stores and service.home in {"frontend", "admin"}:
            yield Problem(
                key=f"{key}.tier",
                value=service.home,
                rule="services of the frontend and admin tiers have API URLs and never a data URL",
                remedy="Remove the stores of this app, or put the service on the backend tier",
            )
    for app, its in settings.apps.items():
        if not its.has_stores and its.service is None:
            yield Problem(
                key=f"data-tier:apps.{app}", rule="the app asks for nothing", remedy="Give it a store or service"
            )


def _capacity(settings: Settings) -> Iterator[Problem]:
    for app, its in places.apps_in(settings, "unified").items():
        if its.postgres:  # the first stands for all: their server is one
            budget = pools.budget(settings, "unified", app)
            yield from _budget(budget, settings.postgres.connections, "data-tier:postgres.connections")
            break
    for own in postgres_servers.declared(settings):
        if own.app:
            budget = pools.budget(settings, "isolated", own.app)
            yield from _budget(budget, own.server.connections, f"{own.path}.connections")


def _budget(budget: Budget, declared: int | None, key: str) -> Iterator[Problem]:
    if budget.left < 0:
        yield Problem(
            key=key,
            value=declared or NOTHING,
            rule=f"the apps ask for {budget.wanted} connections and the server has {budget.capacity - budget.own} "
            f"for them: it takes {budget.capacity}, and {budget.own} are {_reserved_for(budget)}",
            remedy=f"Declare at least {budget.wanted + budget.own}, or lower connections of the apps",
        )


def _reserved_for(budget: Budget) -> str:
    return "for administration and the pooler" if budget.processes else "for administration"
