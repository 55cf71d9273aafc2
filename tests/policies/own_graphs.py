"""What the program itself builds, as the pack's rules see it."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any

from pulumi_policy.proxy import unknown_checking_proxy

from policies.rule import Subject
from tests.components.recording import SECRET, SIGNATURE, Graph, build_from, short, stack_file
from tests.components.samples import mixed, small

NAMES = ("dev", "prod", "isolated", "mixed", "exposed")


@cache
def _graph(name: str) -> Graph:
    """The recorded graph of a stack file that comes along, or of a small one in another shape."""
    if name in ("dev", "prod"):
        return build_from(stack_file(name))
    made = {"isolated": small("isolated"), "mixed": mixed(), "exposed": _exposed()}
    return build_from(made[name])


def own_graph(name: str, stack: str = "dev") -> list[Subject]:
    """Fresh subjects of a graph, under the name of a stack."""
    graph = _graph(name)
    urns = {short(one.urn): one.urn.replace(":test::", f":{stack}::") for one in graph.registered}
    return [
        Subject(
            one.type,
            one.name,
            urns[short(one.urn)],
            unknown_checking_proxy(_revealed(one.inputs)),
            one.protect,
            one.custom,
            urns.get(one.provider, ""),
        )
        for one in graph.registered
    ]


def _exposed() -> dict[str, Any]:
    """Reached from the host by loopback ports, through forwarders."""
    raw = small()
    raw["postgres"]["expose"], raw["redis"]["expose"] = 15432, 16379
    return raw


def _revealed(value: Any) -> Any:
    """Values without the protocol's mark of a secret: rules see them in plaintext."""
    if isinstance(value, Mapping):
        if value.get(SIGNATURE) == SECRET:
            return _revealed(value["value"])
        return {key: _revealed(one) for key, one in value.items()}
    return [_revealed(one) for one in value] if isinstance(value, list) else value
