"""What is wrong with where apps are: the data tier, own subnets, moves, retirement.

Every function yields all the problems of one rule. What the last run has left behind belongs to `ledger`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from ipaddress import IPv4Network
from typing import Final

from components.config import places
from components.config.errors import NOTHING, Problem, twice
from components.config.models import Settings


def _data_tier(settings: Settings) -> Iterator[Problem]:
    data = settings.network.get("data")
    needed = bool(places.apps_in(settings, "unified"))
    lacking = data is None or not data.internal or data.subnet is None
    if (needed and lacking) or (data is not None and data.publish is not None):
        yield Problem(
            key="data-tier:network",
            rule="the data tier is internal, has a subnet (its servers have fixed addresses) and publishes nothing; "
            "only a stack with every app isolated does without it",
            remedy="Write data: {internal: true, subnet: 172.28.10.0/24}",
            needs=f"data-tier:network.data.{'subnet' if data and data.internal else 'internal'}",
        )


def _pool(settings: Settings) -> Iterator[Problem]:
    for tier, its in settings.network.items():
        if its.apps is not None and tier != "data":
            yield Problem(
                key=f"data-tier:network.{tier}.apps",
                value=str(its.apps),
                rule="the subnets of apps belong to the data tier",
                remedy="Move it to data-tier:network.data.apps",
            )


@dataclass(frozen=True)
class _Claim:
    """A subnet that somebody asks for: by the key `owner`, as entry number `position` of all."""

    subnet: IPv4Network
    owner: str
    position: int
    app: str = ""


def _own_subnets(settings: Settings) -> Iterator[Problem]:
    declared = [(tier, its.subnet) for tier, its in settings.network.items() if its.subnet]
    claims = [_Claim(subnet, f"data-tier:network.{tier}.subnet", at) for at, (tier, subnet) in enumerate(declared)]
    for at, app in enumerate(places.apps_in(settings, "isolated"), start=len(claims)):
        claims.append(_Claim(places.own_subnet(settings, app), f"data-tier:apps.{app}", at, app))
    taken = [claim.subnet for claim in claims]
    for claim, other in {pair[0].app: pair for pair in reversed(_overlaps(claims))}.values():
        free = _free(settings, claim.app, taken)
        named = settings.apps[claim.app].subnet
        told = str(claim.subnet) if named else f"{claim.subnet}, which its name leads to,"
        yield Problem(
            key=f"data-tier:apps.{claim.app}.subnet",
            value=str(named) if named else NOTHING,
            rule=f"{told} overlaps {other.subnet} of {other.owner}",
            remedy=f"Write subnet: {free}" if free else "data-tier:network.data.apps is full: choose a larger one",
        )
        taken += [free] if free else []


def _overlaps(claims: Iterable[_Claim]) -> list[tuple[_Claim, _Claim]]:
    """Each app's claim that meets an earlier one, with that one.

    Subnets are apart or one lies in the other: sorted by address, each needs a look at one open neighbour only.
    """
    found: list[tuple[_Claim, _Claim]] = []
    around: _Claim | None = None
    for claim in sorted(
        claims, key=lambda claim: (claim.subnet.network_address, claim.subnet.prefixlen, claim.position)
    ):
        if around and claim.subnet.network_address <= around.subnet.broadcast_address:
            found.append((max(claim, around, key=_order), min(claim, around, key=_order)))
        else:
            around = claim
    return sorted(((one, other) for one, other in found if one.app), key=lambda pair: pair[0].position)


def _order(claim: _Claim) -> int:
    return claim.position


def _free(settings: Settings, app: str, taken: Iterable[IPv4Network]) -> IPv4Network | None:
    others = list(taken)
    for step in range(1, places.slot_count(settings)):
        candidate = places.slot(settings, app, step)
        if not any(candidate.overlaps(other) for other in others):
            return candidate
    return None


def _moves(settings: Settings) -> Iterator[Problem]:
    for app, its in settings.apps.items():
        key, serving = f"data-tier:apps.{app}", places.serving(settings, app)
        if its.has_stores and serving not in places.places(settings, app):
            yield Problem(
                key=f"{key}.serving",
                value=serving,
                rule=f"the app isn't declared in the {serving} place",
                remedy=f"Write keep: [{serving}] beside it during a move",
            )
        yield from _named_twice(f"{key}.keep", its.keep)


def _idle_keys(settings: Settings) -> Iterator[Problem]:
    """Keys about stores of an app that has none of them."""
    for app, its in settings.apps.items():
        idle = [key for key in ("dedicated", "serving", "keep", "subnet") if getattr(its, key) and not its.has_stores]
        for key in idle:
            yield Problem(
                key=f"data-tier:apps.{app}.{key}",
                rule="it says where the app's stores are, and the app has none",
                remedy="Remove it, or give the app a store",
            )
        if its.redis_server.model_fields_set and not its.redis:
            yield Problem(
                key=f"data-tier:apps.{app}.redis_server",
                rule="the app uses no Redis database",
                remedy="Remove it, or name the purposes in redis",
            )


def _retired(settings: Settings) -> Iterator[Problem]:
    for at, app in enumerate(settings.retired):
        if app not in settings.apps:
            yield Problem(
                key=f"data-tier:retired[{at}]",
                value=app,
                rule="there is no such app in data-tier:apps",
                remedy="A retired app keeps its section there until it is purged: put it back",
                needs=f"data-tier:apps.{app}",
            )
    yield from _named_twice("data-tier:retired", settings.retired)


def _purging(settings: Settings) -> Iterator[Problem]:
    for at, app in enumerate(settings.purging):
        if app not in settings.retired:
            yield Problem(
                key=f"data-tier:purging[{at}]",
                value=app,
                rule="only a retired app can be purged",
                remedy="List it in data-tier:retired and bring the stack up first",
                needs="data-tier:retired",
            )
    yield from _named_twice("data-tier:purging", settings.purging)
    if settings.purging and not settings.running:
        yield Problem(
            key="data-tier:purging",
            rule="nothing can be deleted on servers that don't run",
            remedy="Set data-tier:running to true first",
        )


def _named_twice(key: str, names: Iterable[str]) -> Iterator[Problem]:
    entries = ((f"{key}[{at}]", name, name) for at, name in enumerate(names))
    yield from twice(entries, "it is named twice", "Name it once")


RULES: Final[tuple[Callable[[Settings], Iterator[Problem]], ...]] = (
    _data_tier,
    _pool,
    _own_subnets,
    _moves,
    _idle_keys,
    _retired,
    _purging,
)
