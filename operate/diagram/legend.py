"""What stands below the picture: what its signs mean, and every network by name."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from operate.declared import Inventory, Network
from operate.declared.inventory import DATA
from operate.diagram.layout import MARGIN
from operate.drawing import Canvas, fit

_LINE: Final = 17
_SIGN: Final = 22  # room for a sign before its words
_SIGNS: Final = {
    "dot": "on this network: two containers with a dot in the same column can talk to each other, others can't",
    "fence": "the fence: an internal network; nothing behind it has a published port, unless a relay is drawn there",
    "arrow": "logs in to: an app's own database, user and numbers; the same server refuses it everything else",
    "ring": "published by way of a publish network, whose containers can't talk to each other",
}


def draw(canvas: Canvas, inventories: Sequence[Inventory], tiers: Sequence[Network], top: float) -> float:
    """Signs and networks from `top` on; the height at which they end."""
    room = canvas.width - 2 * MARGIN
    canvas.path([(MARGIN, top), (MARGIN + room, top)], "rule", stroke=1)
    y = top + 20
    for sign, text in _SIGNS.items():
        _sign(canvas, sign, MARGIN + 6, y - 4)
        canvas.text(MARGIN + _SIGN, y, fit(text, room - _SIGN, 10.5), "muted", size=10.5)
        y += _LINE
    y += 5
    for text in [*_networks(inventories, tiers), *_uses(inventories[-1])]:
        canvas.text(MARGIN, y, fit(text, room, 10.5), "muted", size=10.5)
        y += _LINE
    return y - _LINE + 4


def _sign(canvas: Canvas, sign: str, x: float, y: float) -> None:
    if sign == "dot":
        canvas.dot(x, y, "dot-1", radius=5)
    elif sign == "fence":
        canvas.rect(x - 7, y - 5, 14, 10, "fenced fence", radius=3, stroke=2)
    elif sign == "arrow":
        canvas.arrow([(x - 8, y), (x + 9, y)])
    else:
        canvas.ring(x, y, "dot-1")


def _networks(inventories: Sequence[Inventory], tiers: Sequence[Network]) -> list[str]:
    publishing = {network.name: network for one in inventories for network in one.networks if network.publish_only}
    by_tier = {network.tier: network.name for network in publishing.values() if network.tier != DATA}
    relays = [network.name for network in publishing.values() if network.tier == DATA]
    lines = [_network(network, by_tier.get(network.tier)) for network in tiers]
    return lines + ([f"relays to servers are published through {', '.join(relays)}"] if relays else [])


def _uses(inventory: Inventory) -> list[str]:
    """Which apps are given another one's database, beside stores of their own."""
    users: dict[str, list[str]] = {}
    for app, service in inventory.stack.services.items():
        for owner in dict.fromkeys(service.uses.values()):
            users.setdefault(owner, []).append(app)
    return [f"the database of {owner} is used by {', '.join(apps)} too" for owner, apps in users.items()]


def _network(network: Network, publish: str | None) -> str:
    parts = [
        network.subnet or "a subnet of Docker's choice",
        "internal" if network.internal else "with a route outside",
    ]
    return f"{network.name}: {', '.join([*parts, *([f'published through {publish}'] if publish else [])])}"
