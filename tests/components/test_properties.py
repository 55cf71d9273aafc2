"""What holds for any list of apps: names, ports and addresses are unique, neighbours don't matter, the policy agrees.

The examples are the same in every run; `HYPOTHESIS_EXAMPLES=2000` looks further and at other ones.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from dataclasses import replace
from ipaddress import IPv4Network
from itertools import combinations
from typing import Any

import hypothesis.strategies as st
from hypothesis import HealthCheck, assume, given, settings

from components.config import Problem, SettingsError, parse
from components.config.ledger import Entry, compare, entries
from tests.components.recording import Graph, build_from
from tests.components.samples import small
from tests.policies.graphs import faults

_MORE = os.environ.get("HYPOTHESIS_EXAMPLES")
LIMITED = settings(
    max_examples=int(_MORE or 15),
    derandomize=not _MORE,
    database=None,
    deadline=None,
    suppress_health_check=list(HealthCheck),
)
# Names that meet in what is derived from them: containers, aliases, networks, resources.
NAMES = (
    *("a", "b", "a-b", "a-postgres", "a-redis", "a-data", "b-server", "data", "network", "postgres", "redis"),
    *("backend", "isolated", "unified", "postgres-unified", "redis-unified", "small-a", "shop", "x1"),
)
PLACES = st.sampled_from(["unified", "isolated"])
KEY = re.compile(r"data-tier:[a-z]+([.\[]\S+)?")


def slips(draw: st.DrawFn, mistakes: bool) -> bool:
    """Whether a mistake is made here; rarely, so that some stack files have one and some none."""
    return mistakes and draw(st.integers(0, 9)) == 9


@st.composite
def apps(draw: st.DrawFn, mistakes: bool) -> dict[str, Any]:
    """Apps by name; without mistakes they keep the rules on databases, ports and places by themselves."""
    found: dict[str, Any] = {}
    for at, name in enumerate(draw(st.lists(st.sampled_from(NAMES), unique=True, max_size=6))):
        app: dict[str, Any] = {}
        if draw(st.booleans()):
            database = draw(st.sampled_from(["db0", "db1_a", "admin"])) if slips(draw, mistakes) else f"db{at}"
            app["postgres"] = {"database": database, "connections": 90 if slips(draw, mistakes) else 5}
        if redis := draw(st.lists(st.sampled_from(["cache", "queue"]), unique=not slips(draw, mistakes), max_size=2)):
            app["redis"] = redis
        stores = "postgres" in app or "redis" in app
        if not app or draw(st.booleans()):
            app["service"] = draw(services(mistakes, at, stores))
        if stores or slips(draw, mistakes):
            app |= draw(where(mistakes))
        found[name] = app
    return found


@st.composite
def services(draw: st.DrawFn, mistakes: bool, at: int, stores: bool) -> dict[str, Any]:
    if slips(draw, mistakes):
        port = draw(st.sampled_from(["3000:80", "4000:80", "5432:5432", "4000:5432"]))
        return {"tier": draw(st.sampled_from(["backend", "frontend", "admin"])), "port": port}
    tier = "backend" if stores else draw(st.sampled_from(["backend", "frontend"]))
    return {"tier": tier, "port": f"{4000 + at if tier == 'backend' else 3000 + at}:8000"}


@st.composite
def where(draw: st.DrawFn, mistakes: bool) -> dict[str, Any]:
    found: dict[str, Any] = {}
    if draw(st.booleans()):
        found["dedicated"] = draw(st.booleans())
    if draw(st.booleans()):
        found["keep"] = draw(st.lists(PLACES, unique=not slips(draw, mistakes), max_size=2))
    if slips(draw, mistakes):
        found["serving"] = draw(PLACES)
    if slips(draw, mistakes):
        found["subnet"] = draw(st.sampled_from(["172.26.20.0/28", "172.26.64.0/27", "172.26.64.16/28", "8.8.8.0/28"]))
    return found


@st.composite
def stack_files(draw: st.DrawFn, mistakes: bool = False) -> dict[str, Any]:
    raw = small(draw(PLACES))
    raw["apps"] = draw(apps(mistakes))
    known = [*raw["apps"], *(["nobody"] if slips(draw, mistakes) else [])]
    raw["retired"] = draw(st.lists(st.sampled_from(known), unique=True, max_size=3)) if known else []
    if raw["retired"]:
        purged = known if slips(draw, mistakes) else raw["retired"]
        raw["purging"] = draw(st.lists(st.sampled_from(purged), unique=not slips(draw, mistakes), max_size=2))
    return raw


def named(graph: Graph, kind: str) -> list[str]:
    return [one.inputs["name"] for one in graph.of(kind).values()]


def subnets(graph: Graph) -> list[IPv4Network]:
    configs = [ipam for one in graph.of("Network").values() for ipam in one.inputs.get("ipamConfigs", [])]
    return [IPv4Network(ipam["subnet"]) for ipam in configs]


def published(graph: Graph) -> list[Any]:
    return [port["external"] for one in graph.of("Container").values() for port in one.inputs.get("ports", [])]


def addresses(graph: Graph) -> list[str]:
    joins = [join for one in graph.of("Container").values() for join in one.inputs.get("networksAdvanced", [])]
    return [join["ipv4Address"] for join in joins if "ipv4Address" in join]


def answered_names(graph: Graph) -> Iterator[tuple[str, str]]:
    """Each network with each name that a container answers to on it."""
    for one in graph.of("Container").values():
        for join in one.inputs.get("networksAdvanced", []):
            for name in {one.inputs["name"], *join.get("aliases", [])}:
                yield join["name"], name


def assert_sound(graph: Graph, *, purging: bool) -> None:
    assert len(graph.by_urn()) == len(graph.registered), "two resources share a name"
    for what in (
        *(named(graph, kind) for kind in ("Container", "Network", "Volume")),
        *(published(graph), addresses(graph), list(answered_names(graph))),
    ):
        assert len(set(what)) == len(what), f"twice: {sorted(one for one in what if what.count(one) > 1)}"
    assert not [pair for pair in combinations(subnets(graph), 2) if pair[0].overlaps(pair[1])]
    leaving = "require-protected-data" if purging else "nothing"  # what goes is unprotected, as the stack's outputs say
    assert [fault for fault in faults(graph) if not fault.startswith(leaving)] == []


def refusal(raw: dict[str, Any]) -> tuple[Problem, ...]:
    """The problems of a stack file, none of a good one."""
    try:
        parse(raw)
    except SettingsError as error:
        return error.problems
    return ()


@LIMITED
@given(stack_files(mistakes=True))
def test_any_stack_file_is_refused_by_dotted_keys_or_builds_a_sound_plan(raw):
    problems = refusal(raw)
    assert not [problem for problem in problems if not KEY.fullmatch(problem.key)]
    if not problems:
        assert_sound(build_from(raw), purging=bool(raw.get("purging")))


@LIMITED
@given(stack_files())
def test_a_stack_file_without_mistakes_is_refused_for_a_name_or_subnet_or_builds_a_sound_plan(raw):
    problems = refusal(raw)
    reasons = ("answers to this name on the network", "a container of this name", "which its name leads to")
    assert not [problem for problem in problems if not any(reason in problem.rule for reason in reasons)]
    if not problems:
        assert_sound(build_from(raw), purging=bool(raw.get("purging")))


@LIMITED
@given(stack_files(), apps(mistakes=False))
def test_one_app_more_changes_no_registration_of_anything_else(raw, more):
    [(name, app)] = list(more.items())[-1:] or [("wiki", {"postgres": {"database": "wiki"}})]
    if "postgres" in app:
        app["postgres"]["database"] = "wiki"
    if "service" in app:
        app["service"] = {"tier": "backend", "port": "4999:8000"}
    larger = {**raw, "apps": {**raw["apps"], name: app}}
    assume(name not in raw["apps"] and not refusal(raw) and not refusal(larger))
    assume(not raw.get("purging"))  # a shared server that goes with its last app stays for one more
    before, after = build_from(raw).by_urn(), build_from(larger).by_urn()
    new_tier = {"docker:index/network:Network::network-data"} - before.keys()  # comes with the first unified app
    for urn, one in before.items():
        kept = tuple(other for other in after[urn].dependencies if other not in new_tier)
        assert replace(after[urn], dependencies=kept) == one, urn


@LIMITED
@given(stack_files(), PLACES, apps(mistakes=False))
def test_the_ledger_lets_nothing_go_unseen(raw, topology, later):
    """Whatever one stack file recorded and the next no longer declares, an app that wasn't purged is named."""
    other = {**small(topology), "apps": later}
    assume(not refusal(raw) and not refusal(other))
    before, after = parse(raw), parse(other)
    recorded = {app: entry.model_dump(mode="json") for app, entry in entries(before).items()}
    said = " ".join(str(problem) for problem in compare({"topology": before.topology, "apps": recorded}, after))
    for app, was in entries(before).items():
        if is_lost(was, entries(after).get(app)) and not was.purging:
            assert re.search(rf"[. ]{app}[.,:]", said), f"{app} lost data and isn't named: {said}"


def is_lost(was: Entry, now: Entry | None) -> bool:
    return (
        now is None
        or was.database not in {None, now.database}
        or not set(was.redis) <= set(now.redis)
        or not set(was.places) <= set(now.places)
    )
