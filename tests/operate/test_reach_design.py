"""What the design says about who reaches which port; what is really reached is tried on Docker."""

from __future__ import annotations

from dataclasses import replace

from operate import reach
from tests.operate.outputs import stack

OUTSIDE = ("192.0.2.7", "2001:db8::7")


def test_a_data_port_is_open_on_its_servers_own_network_only() -> None:
    pairs = reach.expected_inside(stack())
    assert {(pair.source, pair.to) for pair in pairs if pair.expected} == {
        ("t-data-tier", "t-postgres"),
        ("t-data-tier", "t-redis"),
        ("t-wiki-data", "t-wiki-postgres"),
    }


def test_every_network_is_tried_against_every_data_port() -> None:
    sources = {pair.source for pair in reach.expected_inside(stack())}
    assert sources == {
        "t-data-tier", "t-backend-tier", "t-backend-publish", "t-frontend-tier", "t-wiki-data", "bridge",
    }  # fmt: skip
    assert len(reach.expected_inside(stack())) == len(sources) * 3, "three servers"


def test_outside_only_public_ports_are_open_and_only_by_ipv4() -> None:
    pairs = reach.expected_outside(stack(), OUTSIDE)
    assert {(pair.source, pair.to) for pair in pairs if pair.expected} == {
        ("loopback", "shop"), ("loopback", "front"), ("outside 192.0.2.7", "front"),
    }  # fmt: skip
    tried = {(pair.target, pair.expected) for pair in pairs}
    assert (("192.0.2.7", 5432), False) in tried, "a data port is tried where it would be if it were published"
    assert (("192.0.2.7", 4000), False) in tried, "a loopback port must not answer outside"


def test_a_surprise_is_counted_and_what_was_not_tried_is_none() -> None:
    one = reach.expected_from_host(stack())[0]
    document = reach.as_json([replace(one, found=False), replace(one, found=True), one])
    assert (document["surprises"], document["not_tried"]) == (1, 1)
    assert document["pairs"][0]["surprise"] is True
