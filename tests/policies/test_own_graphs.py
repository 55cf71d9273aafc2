"""What the program builds from the stack files that come along passes every rule, in each shape."""

from __future__ import annotations

import pytest

from policies.rule import Level
from tests.components.recording import build_from, stack_file
from tests.components.samples import mixed, small
from tests.policies.graphs import faults


@pytest.mark.parametrize("stack", ["dev", "prod"])
def test_the_stack_files_that_come_along_pass(stack):
    assert faults(build_from(stack_file(stack))) == []


@pytest.mark.parametrize("topology", ["unified", "isolated"])
def test_both_shapes_pass(topology):
    assert faults(build_from({**stack_file("dev"), "topology": topology})) == []
    assert faults(build_from(small(topology))) == []


def test_dedicated_apps_beside_a_shared_server_pass():
    assert faults(build_from(mixed())) == []


def test_what_only_production_must_have_is_told_in_development():
    told = faults(build_from(stack_file("dev")), Level.ADVISORY)
    assert any(line.startswith("require-image-digest") for line in told)
