"""What a server loads at its start: by its own section, never by the extensions of apps."""

from __future__ import annotations

from typing import Any

import pytest

from components.config import SettingsError, parse
from tests.components.recording import build_from
from tests.components.samples import outside, small

BOTH = {"audit": ["ddl", "write"], "statements": True}


def commands(raw: dict[str, Any]) -> dict[str, list[str]]:
    found = {one.inputs["name"]: one.inputs.get("command") or [] for one in build_from(raw).of("Container").values()}
    return {name: told for name, told in found.items() if told[:1] == ["postgres"]}


def asking(topology: str, extensions: list[str], **server: Any) -> dict[str, Any]:
    raw = small(topology)
    raw["postgres"] |= server
    raw["apps"]["shop"]["postgres"]["extensions"] = extensions
    return raw


@pytest.mark.parametrize("topology", ["unified", "isolated"])
def test_every_server_loads_what_the_stack_file_asks_for(topology):
    found = commands(asking(topology, ["pgaudit", "pg_stat_statements"], **BOTH))
    assert found
    for told in found.values():
        assert "shared_preload_libraries=pgaudit,pg_stat_statements" in told
        assert "pgaudit.log=ddl,write" in told


def test_nothing_is_loaded_where_nothing_is_asked_for():
    [told] = commands(small()).values()
    assert not [part for part in told if "preload" in part or "pgaudit" in part]


@pytest.mark.parametrize(
    ("extension", "server", "remedy"),
    [
        ("pgaudit", {"statements": True}, "Write data-tier:postgres.audit: [ddl, write]"),
        ("pg_stat_statements", {"audit": ["ddl"]}, "Write data-tier:postgres.statements: true"),
    ],
)
def test_an_extension_without_its_library_is_one_error(extension, server, remedy):
    with pytest.raises(SettingsError) as caught:
        parse(asking("unified", [extension], **server))
    [problem] = [str(one) for one in caught.value.problems]
    assert problem.startswith(f"data-tier:apps.shop.postgres.extensions[0] = '{extension}'")
    assert remedy in problem


def test_what_a_server_outside_of_the_stack_loads_is_not_known_here():
    raw = outside()
    raw["apps"]["wiki"]["postgres"]["extensions"] = ["pgaudit"]
    parse(raw)


def test_a_class_that_pgaudit_hasnt_is_refused():
    with pytest.raises(SettingsError, match=r"data-tier:postgres\.audit\[0\]"):
        parse(asking("unified", [], audit=["delete"]))
