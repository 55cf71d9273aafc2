"""What the program builds itself passes every rule, in each shape."""

from __future__ import annotations

import pytest

from policies.rule import Level
from tests.policies.graphs import NAMES, faults, own_graph

TOLD = {
    "dev": {"require-image-digest"},  # the stack files name images as people do
    "dev isolated": {"require-image-digest"},
    "prod": {"require-image-digest"},
    "exposed": {"refuse-loopback-data-port"},
}


@pytest.mark.parametrize("name", NAMES)
def test_nothing_is_refused(name):
    assert faults(own_graph(name)) == []


@pytest.mark.parametrize("name", NAMES)
def test_only_what_production_must_have_is_told(name):
    told = {line.split(":")[0] for line in faults(own_graph(name), Level.ADVISORY)}
    assert told - {"require-image-digest"} == TOLD.get(name, set()) - {"require-image-digest"}
    assert TOLD.get(name, set()) <= told


def test_a_production_stack_is_told_of_the_guards_that_it_has_not():
    told = faults(own_graph("prod"), Level.ADVISORY, stack="prod")
    assert sum(line.startswith("require-production-guards") for line in told) == 1, "backup"
