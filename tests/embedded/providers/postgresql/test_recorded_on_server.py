"""Resources made on a real server have the outputs that the official plugin recorded for the same inputs.

The creations, changes and reads of each recorded program run in their recorded order, on names of the test's own.
"""

from __future__ import annotations

import json
from typing import Any

import pytest

from embedded.values import Properties, Secret, reveal
from tests.embedded.providers.postgresql.conftest import Bench
from tests.embedded.providers.recorded import FIXTURES, values

pytestmark = pytest.mark.integration
PROGRAMS = {"two-apps": ("shop", "blog"), "verifiers": ("ow", "g", "l", "m", "d")}
WORDS = ("shop_owner", "shop_migrate", "shop_a", "shop", "blog_owner", "blog_a", "blog")


def of_program(program: str, prefix: str) -> list[Any]:
    """The calls of a program that reached the server, in their order, on roles and databases with a prefix."""
    rows = json.loads((FIXTURES / "postgresql_calls.json").read_text())
    names = PROGRAMS[program]
    mine = [row for row in rows if row["method"] in ("Create", "Update", "Read") and not row["preview"]]
    mine = [row for row in mine if row["name"] in names or row["name"].startswith(tuple(f"{name}-" for name in names))]
    text = json.dumps(mine)
    for word in WORDS:
        text = text.replace(json.dumps(word), json.dumps(f"{prefix}_{word}"))
        text = text.replace(f'"{word}.', f'"{prefix}_{word}.')  # ids of schemas and extensions begin with the database
    return list(json.loads(text))


def plain(properties: Any) -> Properties:
    return dict(reveal(values(properties)))


def comparable(outputs: Properties, prefix: str) -> dict[str, tuple[Any, bool]]:
    """Outputs without the prefix, and whether each is secret."""
    shown = without(prefix, reveal(outputs))
    if "createCascade" in shown:
        shown["version"] = bool(shown["version"])  # each server has its own package of the extension
    return {key: (value, isinstance(outputs[key], Secret)) for key, value in shown.items()}


def without(prefix: str, value: Any) -> Any:
    return json.loads(json.dumps(value).replace(f"{prefix}_", ""))


@pytest.mark.parametrize("program", PROGRAMS)
def test_every_call_answers_as_the_official_plugin_did(bench: Bench, program: str) -> None:
    rows = of_program(program, bench.prefix)
    assert {row["method"] for row in rows} == {"Create", "Update", "Read"}
    for call in rows:
        request, answer, type = call["request"], call["response"], call["type"]
        if call["method"] == "Create":
            id, outputs = bench.provider.create(
                type, call["name"], plain(request["properties"]), preview=False, timeout=None
            )
            assert without(bench.prefix, id) == without(bench.prefix, answer["id"]), call["name"]
        elif call["method"] == "Update":
            old = [plain(request[key]) for key in ("oldInputs", "olds", "news")]
            outputs = bench.provider.update(type, request["id"], *old, preview=False, timeout=None)
        else:
            by_hand(bench, request, answer)
            found = bench.provider.read(type, request["id"], plain(request["inputs"]), plain(request["properties"]))
            assert found is not None
            assert without(bench.prefix, found.id) == without(bench.prefix, answer["id"]), call["name"]
            assert sets(found.inputs) == sets(plain(answer["inputs"])), call["name"]
            outputs = found.outputs
        expected = comparable(values(answer["properties"]), bench.prefix)
        assert comparable(outputs, bench.prefix) == expected, (call["method"], call["name"])


def by_hand(bench: Bench, request: Any, answer: Any) -> None:
    """The change that somebody made to a role before the recorded refresh saw it."""
    limit = answer["properties"].get("connectionLimit")
    if limit != request["properties"].get("connectionLimit"):
        bench.server.sql(f'ALTER ROLE "{request["id"]}" CONNECTION LIMIT {limit}')


def sets(inputs: Properties) -> Properties:
    """Inputs with `privileges`, a set, in one order: the official plugin takes the order that the read found."""
    inputs = dict(reveal(inputs))
    return {key: sorted(value) if key == "privileges" and value else value for key, value in inputs.items()}
