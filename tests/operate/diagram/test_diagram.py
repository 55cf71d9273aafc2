"""The picture of a stack: everything that is declared is on it, once, and nothing lies on anything else."""

from __future__ import annotations

from typing import Any

import pytest

from operate import declared
from operate.declared import Inventory
from operate.diagram import draw
from tests.components.recording import stack_file as written
from tests.components.samples import mixed, small
from tests.operate.shapes import both, stack_file
from tests.operate.svg import Picture


def many() -> dict[str, Any]:
    """Twenty apps with names that are long, on a server that can hold them."""
    raw = small()
    raw["postgres"] |= {"resources": {"memory": "8Gi", "cpu": 4}, "connections": 800}
    raw["apps"] = {f"application-number-{number:02}-of-a-large-team": _app(number) for number in range(1, 21)}
    return raw


def _app(number: int) -> dict[str, Any]:
    if number % 5 == 0:
        return {"service": {"tiers": ["frontend", "backend"], "port": f"{3000 + number}:3000"}}
    stores = {"postgres": {"database": f"the_production_database_of_application_{number:02}"}} if number % 4 else {}
    return {
        **stores,
        "redis": ["cache", "queue"] if number % 3 or not stores else [],
        "service": {"tier": "backend", "port": f"{4000 + number}:8000"},
    }


def exposed() -> dict[str, Any]:
    raw = small(blog={"dedicated": True}, feed={"redis_server": {"expose": 16399}})
    raw["postgres"]["expose"], raw["redis"]["expose"] = 15432, 16379
    return raw


def documents() -> dict[str, Any]:
    """MongoDB beside the other stores, and alone."""
    raw = small(shop={"mongo": {"database": "shop_docs"}}, wiki={"mongo": {"database": "wiki"}})
    return {**raw, "mongo": {"image": "mongo:7", "storage": "3Gi", "resources": {"memory": "1Gi", "cpu": 1}}}


def outside() -> dict[str, Any]:
    """An app whose server is outside of the stack, and two that use its database, one beside stores of its own."""
    external = {"host": "shop.example.com", "admin": "boss", "password": {"env": "X"}, "sslmode": "require"}
    raw = small(report={"uses": {"SHOP_URL": "shop"}, "service": {"tier": "backend"}})
    raw["apps"]["shop"]["postgres"]["server"] = {"external": external}
    raw["apps"]["blog"]["uses"] = {"SHOP_URL": "shop", "OTHER_URL": "shop"}
    return raw


def one_app() -> dict[str, Any]:
    raw = small()
    raw["apps"] = {"shop": raw["apps"]["shop"]}
    return raw


STACKS = {
    "small": small(),
    "dev": written("dev"),
    "one": one_app(),
    "many": many(),
    "exposed": exposed(),
    "mongo": documents(),
    "outside": outside(),
}


@pytest.fixture(scope="module", params=STACKS)
def shapes(request: pytest.FixtureRequest) -> dict[str, Inventory]:
    return both(STACKS[request.param])


@pytest.fixture(params=["isolated", "unified", "both"])
def drawn(request: pytest.FixtureRequest, shapes: dict[str, Inventory]) -> tuple[list[Inventory], Picture]:
    """Inventories, and the picture of them."""
    its = [shapes[shape] for shape in declared.SHAPES if request.param in (shape, "both")]
    return its, Picture(draw(its))


def test_no_two_labels_lie_on_each_other_and_all_is_on_the_page(drawn: tuple[list[Inventory], Picture]) -> None:
    _, picture = drawn
    assert picture.overlapping() == []
    assert picture.outside() == []


def test_every_container_is_drawn_once_and_nothing_else_is(drawn: tuple[list[Inventory], Picture]) -> None:
    inventories, picture = drawn
    expected: list[str] = []
    for number, inventory in enumerate(inventories):
        data = {network.name for network in inventory.networks if network.tier == "data"}
        inside = [one for one in inventory.containers if one.kind != "service" and data.intersection(one.networks)]
        others = [one.name for one in inventory.containers if one not in inside]
        expected += [one.name for one in inside] + (others if number == 0 else [])  # the same ones serve in both shapes
    assert sorted(picture.data("container")) == sorted(expected)


def test_every_network_is_drawn_or_named(drawn: tuple[list[Inventory], Picture]) -> None:
    inventories, picture = drawn
    boxes, words = picture.data("network"), " ".join(label.text + label.told for label in picture.labels)
    for inventory in inventories:
        for network in inventory.networks:
            assert network.name in (words if network.publish_only else boxes), network.name


def test_every_published_port_is_written_once_for_its_row(drawn: tuple[list[Inventory], Picture]) -> None:
    inventories, picture = drawn
    ports = {f"{port.address}:{port.host}" for one in inventories for its in one.containers for port in its.published}
    labels = [label.text for label in picture.labels]
    assert {port: labels.count(port) for port in ports} == dict.fromkeys(ports, 1)


def test_every_database_and_purpose_of_an_app_is_written_or_told(drawn: tuple[list[Inventory], Picture]) -> None:
    inventories, picture = drawn
    told = [label.told for label in picture.labels]
    for inventory in inventories:
        for database in (*inventory.stack.databases.values(), *inventory.stack.mongo_users.values()):
            assert sum(text.startswith(f"{database.database} on ") for text in told) >= len(inventories)


def test_every_colour_has_a_light_and_a_dark_form(drawn: tuple[list[Inventory], Picture]) -> None:
    _, picture = drawn
    assert picture.classes_without_colour() == set()


def test_it_is_as_wide_as_a_page_of_documents() -> None:
    assert Picture(draw([both(small())["unified"]])).width <= 930


def test_a_server_outside_is_named_and_so_is_who_uses_a_database_of_another_app() -> None:
    picture = Picture(draw([both(outside())["unified"]]))
    told = [f"{label.text} {label.told}" for label in picture.labels]
    assert any("shop on shop.example.com:5432" in one for one in told)
    assert any("uses shop: SHOP_URL" in one for one in told)
    assert any("the database of shop is used by blog, report too" in one for one in told)


def test_a_dot_says_on_which_networks_a_service_is() -> None:
    inventory = both(small())["unified"]
    told = {title.text for title in Picture(draw([inventory])).root.iter("{http://www.w3.org/2000/svg}title")}
    services = [one for one in inventory.containers if one.kind == "service"]
    dots = {f"{one.name} on {network}" for one in services for network in one.networks if "publish" not in network}
    assert dots <= told
    assert not any(text and text.startswith("small-site on small-data-tier") for text in told)


def test_an_app_that_is_being_moved_stands_in_both_places_and_is_served_from_one() -> None:
    inventory = declared.declare("test", stack_file(mixed()).settings())
    picture = Picture(draw([inventory]))
    assert picture.data("container").count("small-shop") == 1
    assert [label.text for label in picture.labels].count("kept, not served from here") == 1
    assert picture.overlapping() == []


def test_names_are_escaped() -> None:
    raw = small(site={"service": {"tiers": ["frontend"], "port": "3001:3000", "image": "a/b:1"}})
    assert "&" not in draw([both(raw)["unified"]]).replace("&amp;", "").replace("&lt;", "")
