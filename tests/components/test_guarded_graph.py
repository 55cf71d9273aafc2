"""A server with everything for its bad days, as it is registered: standby, backups, pooler and monitoring together."""

from __future__ import annotations

import pytest

from tests.components.recording import Graph, build_from, export_all, golden
from tests.components.samples import monitored
from tests.policies.graphs import faults


@pytest.fixture(scope="module")
def graph() -> Graph:
    raw = monitored()
    raw["postgres"] |= {"standbys": 1, "backup": {}, "pooler": {}}
    return build_from(raw, export_all)


def test_the_graph_is_the_golden_one(graph: Graph) -> None:
    assert graph.described() == golden("guarded", graph), "explain every replacement before the file is written anew"


def test_no_policy_refuses_it(graph: Graph) -> None:
    assert faults(graph) == []
