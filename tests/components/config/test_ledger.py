"""What the last run has recorded as holding data, against changed stack files: what is refused, and what may go."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

import pytest

from components.config import Settings, parse
from components.config.ledger import compare, entries
from tests.components.samples import small

Change = Callable[[dict[str, Any]], object]


def recorded(raw: dict[str, Any]) -> dict[str, Any]:
    """The outputs that a run of `raw` leaves, as far as the ledger reads them."""
    settings = parse(raw)
    apps = {app: entry.model_dump(mode="json") for app, entry in entries(settings).items()}
    numbers = {
        app: {"purposes": {it: settings.redis.databases[it] for it in its.redis}} for app, its in settings.apps.items()
    }
    told = {"prefix": settings.prefix, "topology": settings.topology, "apps": apps, "redis_users": numbers}
    return {**told, "servers": {"postgres": _server(settings)} if settings.topology == "unified" else {}}


def _server(settings: Settings) -> dict[str, Any]:
    return {
        "kind": "postgres",
        "name": settings.postgres_name,
        "admin": settings.postgres.admin,
        "major": settings.postgres_major,
    }


def refused(before: dict[str, Any], change: Change) -> list[str]:
    after = copy.deepcopy(before)
    change(after)
    return [str(problem) for problem in compare(recorded(before), parse(after))]


@pytest.mark.parametrize("topology", ["unified", "isolated"])
def test_an_unchanged_stack_file_has_no_problem(topology):
    assert refused(small(topology), lambda raw: None) == []


def test_a_new_stack_has_nothing_to_lose():
    assert compare({}, parse(small())) == []


def test_the_outputs_of_an_earlier_version_have_no_ledger():
    assert compare({"prefix": "small", "servers": {}, "secrets": {"x": "y"}}, parse(small())) == []


def test_keys_of_a_later_version_are_passed_over():
    outputs = recorded(small())
    outputs["apps"]["shop"]["shard"] = 3
    assert compare(outputs, parse(small())) == []


def test_nulls_that_the_engine_leaves_out_are_as_good_as_nulls():
    outputs = recorded(small())
    outputs["apps"]["feed"] = {key: value for key, value in outputs["apps"]["feed"].items() if value}
    assert compare(outputs, parse(small())) == []


@pytest.mark.parametrize("spoilt", [{"apps": 1}, {"apps": {"shop": {"places": ["moon"], "serving": "unified"}}}])
def test_a_ledger_that_cannot_be_read_is_no_empty_one(spoilt):
    [problem] = compare(spoilt, parse(small()))
    assert "can't be read" in str(problem)


@pytest.mark.parametrize("retired", [False, True])
def test_an_app_that_disappears_is_refused_with_both_ways_out(retired):
    before = small()
    before["retired"] = ["shop"] if retired else []

    def drop(raw: dict[str, Any]) -> None:
        del raw["apps"]["shop"]
        raw["retired"] = []

    [said] = refused(before, drop)
    assert said.startswith("data-tier:apps.shop: it holds data and is no longer declared. Add it back")
    assert "data-tier:retired" in said
    assert "`./operatew purge shop` deletes it after a backup" in said


def test_an_app_without_stores_comes_and_goes():
    assert refused(small(), lambda raw: raw["apps"].pop("site")) == []


def test_an_app_that_comes_is_welcome():
    assert refused(small(), lambda raw: raw["apps"].update(wiki={"postgres": {"database": "wiki"}})) == []


def test_retiring_and_purging_are_no_losses():
    assert refused(small(), lambda raw: raw.update(retired=["shop"])) == []
    assert refused({**small(), "retired": ["shop"]}, lambda raw: raw.update(purging=["shop"])) == []


def test_what_was_recorded_as_purging_may_go():
    def drop(raw: dict[str, Any]) -> None:
        del raw["apps"]["shop"]
        raw["retired"] = raw["purging"] = []

    assert refused({**small(), "retired": ["shop"], "purging": ["shop"]}, drop) == []


def test_purging_in_the_same_run_as_the_removal_is_too_late():
    def drop(raw: dict[str, Any]) -> None:
        raw["retired"] = raw["purging"] = []
        del raw["apps"]["shop"]

    assert len(refused({**small(), "retired": ["shop"]}, drop)) == 1


@pytest.mark.parametrize(
    ("before", "after", "apps"),
    [("unified", "isolated", "blog, feed, shop"), ("isolated", "unified", "blog, feed, shop")],
)
def test_a_bare_change_of_the_topology_is_one_problem_that_names_the_apps(before, after, apps):
    [said] = refused(small(before), lambda raw: raw.update(topology=after))
    assert said.startswith(f"data-tier:topology = '{after}': {apps}: data in the {before} place")
    assert f"keep: [{before}] and serving: {before}" in said
    assert "./operatew migrate" in said


def test_the_topology_may_change_while_every_app_keeps_its_place():
    stay = {"keep": ["unified"], "serving": "unified"}

    def move(raw: dict[str, Any]) -> None:
        raw["topology"] = "isolated"
        for app in ("shop", "blog", "feed"):
            raw["apps"][app].update(stay)

    assert refused(small(), move) == []


def test_a_dedicated_app_is_not_touched_by_the_topology():
    raw = small(blog={"dedicated": True})
    raw["apps"] = {"blog": raw["apps"]["blog"]}
    assert refused(raw, lambda raw: raw.update(topology="isolated")) == []


def test_a_bare_dedicated_is_refused_by_its_key():
    [said] = refused(small(), lambda raw: raw["apps"]["shop"].update(dedicated=True))
    assert said.startswith("data-tier:apps.shop.dedicated = True: the app has data in the unified place")
    assert "keep: [unified] and serving: unified" in said


def test_a_dedicated_that_is_taken_back_is_refused_by_its_key():
    [said] = refused(small(shop={"dedicated": True}), lambda raw: raw["apps"]["shop"].pop("dedicated"))
    assert said.startswith("data-tier:apps.shop.dedicated = False: the app has data in the isolated place")


def test_a_kept_place_that_is_dropped_is_refused_by_its_key():
    [said] = refused(small(shop={"keep": ["isolated"]}), lambda raw: raw["apps"]["shop"].pop("keep"))
    assert said.startswith("data-tier:apps.shop.keep: the app has data in the isolated place")


def test_serving_moves_to_a_place_that_a_run_has_made_and_to_no_other():
    moved = {"keep": ["isolated"], "serving": "isolated"}
    [said] = refused(small(), lambda raw: raw["apps"]["shop"].update(moved))
    assert said.startswith("data-tier:apps.shop.serving = 'isolated': nothing of the app is in the isolated place yet")
    assert "Write serving: unified" in said
    assert refused(small(shop={"keep": ["isolated"]}), lambda raw: raw["apps"]["shop"].update(moved)) == []


def test_a_renamed_database_is_refused_with_the_name_that_holds_the_data():
    [said] = refused(small(), lambda raw: raw["apps"]["shop"]["postgres"].update(database="shop2"))
    assert said.startswith("data-tier:apps.shop.postgres.database = 'shop2': the app's data is in shop")
    assert said.endswith("Write shop.")


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda app: app.pop("postgres"), "data-tier:apps.shop.postgres: shop holds data"),
        (lambda app: app.update(redis=["cache"]), "data-tier:apps.shop.redis: queue holds keys"),
    ],
)
def test_a_store_that_an_app_gives_up_is_refused(change, said):
    [problem] = refused(small(), lambda raw: change(raw["apps"]["shop"]))
    assert problem.startswith(said)
    assert "./operatew purge shop" in problem


def test_an_app_that_gives_up_all_its_stores_is_told_so_store_by_store():
    def strip(raw: dict[str, Any]) -> None:
        del raw["apps"]["shop"]["postgres"], raw["apps"]["shop"]["redis"]

    assert [said.partition(":")[2].partition(":")[0] for said in refused(small(), strip)] == [
        *("apps.shop.postgres", "apps.shop.redis", "apps.shop.redis")
    ]


def test_a_purpose_with_another_number_is_refused_with_the_one_that_holds_the_keys():
    [said] = refused(small(), lambda raw: raw["redis"]["databases"].update(queue=5))
    assert said.startswith("data-tier:redis.databases.queue = 5: feed, shop: keys under number 1")
    assert said.endswith("Write 1.")


def test_the_number_of_a_purpose_that_nobody_uses_may_change():
    before = small()
    before["redis"]["databases"]["spare"] = 7
    assert refused(before, lambda raw: raw["redis"]["databases"].update(spare=8)) == []


def test_a_store_more_is_no_problem():
    assert refused(small(), lambda raw: raw["apps"]["blog"].update(redis=["cache"])) == []


def test_all_problems_are_told_at_once():
    def spoil(raw: dict[str, Any]) -> None:
        del raw["apps"]["feed"]
        raw["apps"]["shop"]["redis"] = ["cache"]
        raw["apps"]["blog"]["dedicated"] = True

    assert len(refused(small(), spoil)) == 3


@pytest.mark.parametrize(
    ("change", "key"),
    [
        (lambda raw: raw["postgres"].update(admin="root2"), "data-tier:postgres.admin"),
        (lambda raw: raw["postgres"].update(name="other"), "data-tier:postgres.name"),
        (lambda raw: raw.update(prefix="other"), "data-tier:postgres.name"),
        (lambda raw: raw["images"].update(postgres=16), "data-tier:images.postgres"),
    ],
)
def test_what_a_volume_was_made_with_can_not_be_changed(change, key):
    (problem,) = refused(small(), change)
    assert problem.startswith(key)
    assert "Write " in problem, "the way back is said"


def test_an_app_that_is_used_again_after_its_purge_was_undone_is_held_like_any_other():
    before = small()
    before["retired"], before["purging"] = ["blog"], ["blog"]

    def undo(raw: dict[str, Any]) -> None:
        raw["retired"], raw["purging"] = [], []
        raw["apps"]["blog"]["postgres"]["database"] = "other"

    (problem,) = refused(before, undo)
    assert problem.startswith("data-tier:apps.blog.postgres.database")
