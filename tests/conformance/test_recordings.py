"""Every step of the recorded programs, played on the embedded engine, leads to what the Pulumi CLI's led to.

Needs a Docker daemon and the image data-tier/postgres:17.
"""

from __future__ import annotations

from concurrent.futures import Future

import pytest

from tests.conformance import compare
from tests.conformance.compare import Difference
from tests.conformance.known import KNOWN
from tests.conformance.normal import Json
from tests.conformance.scripts import SCRIPTS

pytestmark = pytest.mark.integration
STEPS = [(script.name, step.name) for script in SCRIPTS.values() for step in script.steps]
Played = dict[str, Future[Json]]
Recorded = dict[str, Json]


def of(program: str, step: str, recorded: Recorded, played: Played) -> list[Difference]:
    """The differences of a step."""
    expected, found = recorded[program][step], played[program].result()[step]
    if "state" not in expected:  # the recording kept the exit code only
        found = {"exit": found["exit"]}
    return compare.differences(expected, found)


@pytest.mark.parametrize(("program", "step"), STEPS)
def test_a_step_leads_to_what_was_recorded(program: str, step: str, recorded: Recorded, played: Played) -> None:
    place = f"{program}/{step}"
    unknown = [
        item for item in of(program, step, recorded, played) if not any(known.covers(place, item) for known in KNOWN)
    ]
    assert not unknown, f"{place} differs from the recording in {len(unknown)} places:\n" + "\n".join(map(str, unknown))


def test_every_known_difference_still_shows(recorded: Recorded, played: Played) -> None:
    found = [(f"{program}/{step}", item) for program, step in STEPS for item in of(program, step, recorded, played)]
    gone = [known.what for known in KNOWN if not any(known.covers(place, item) for place, item in found)]
    text = "\n".join(gone)
    assert not gone, f"no longer there: take them out of known.py, and write the table again:\n{text}"


@pytest.mark.parametrize("program", SCRIPTS)
def test_a_destroyed_stack_leaves_nothing_on_the_host(program: str, played: Played) -> None:
    assert played[program].result()["left"] == [], "the last step of every program is its destruction"
