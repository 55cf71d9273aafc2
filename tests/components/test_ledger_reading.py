"""How the program asks for its own last outputs, and that nothing is declared when they speak against it."""

from __future__ import annotations

from typing import Any

import pulumi
import pytest

from components import ledger
from components.config import parse
from components.topology import build
from tests.components import recording
from tests.components.recording import record
from tests.components.samples import small

HELD = {"apps": {"gone": {"database": "gone", "redis": [], "places": ["unified"], "serving": "unified"}}}


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """The engine answers with `HELD`; what it was asked."""
    found: list[Any] = []

    def call(_: Any, args: Any) -> dict[str, Any]:
        found.append((args.token, args.args))
        return {"name": args.args["name"], "outputs": HELD, "secretOutputNames": []}

    monkeypatch.setattr(recording._Answers, "call", call)
    return found


def test_the_stack_asks_for_its_own_outputs_by_its_full_name(asked):
    seen: list[Any] = []
    record(lambda: seen.append(ledger.last_outputs()))
    [(token, arguments)] = asked
    assert token == "pulumi:pulumi:readStackOutputs"
    assert arguments["name"].endswith("/data-tier/test")
    assert arguments["name"].count("/") == 2, "organization, project and stack: the form that every backend reads"
    assert seen == [HELD]


def test_nothing_is_declared_when_data_would_be_lost(asked):
    declared: list[str] = []

    def program() -> None:
        settings = parse(small())
        ledger.require(settings)
        declared.append(settings.prefix)
        build(settings)

    with pytest.raises(pulumi.RunError, match=r"nothing was built:\n  - data-tier:apps\.gone: it holds data"):
        record(program)
    assert declared == []
