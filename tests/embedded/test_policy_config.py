"""--policy-pack-config: levels and settings of a file over the pack's own, and what is refused before anything runs."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from embedded.engine.policy_config import Declared, LocalPack, RuleConfig, load, local_packs, reconciled
from embedded.errors import EngineError
from tests.embedded.conftest import Result, Workspace

Make = Callable[[str], Workspace]
PROGRAM = """random.RandomId("id", byte_length=4)"""
PACK = """
from pulumi_policy import PolicyConfigSchema, Severity

def at_least(args, report):
    if args.resource_type.startswith("random:") and args.props["byteLength"] < args.get_config()["bytes"]:
        report(f"fewer than {args.get_config()['bytes']:.0f} bytes")

def never(args, report):
    if args.resource_type.startswith("random:"):
        report("an id")

PolicyPack("demo-pack", initial_config=INITIAL, policies=[
    ResourceValidationPolicy("at-least", "Ids are long.", at_least, enforcement_level=EnforcementLevel.MANDATORY,
        severity=Severity.HIGH,
        config_schema=PolicyConfigSchema({"bytes": {"type": "integer", "minimum": 1, "default": 2}})),
    ResourceValidationPolicy("never", "No ids.", never, enforcement_level=EnforcementLevel.ADVISORY),
    StackValidationPolicy("stack", "Nothing at all.", lambda args, report: report("a stack"),
        enforcement_level=EnforcementLevel.ADVISORY, severity=Severity.CRITICAL),
])
"""


class Judged:
    """A workspace with a pack, previewed under a config."""

    def __init__(self, make: Make, initial: str = "None") -> None:
        self.stack = make(PROGRAM)
        self.pack = str(self.stack.pack(PACK.replace("INITIAL", initial)))

    def preview(self, config: Any, *more: str) -> Result:
        (self.stack.root / "config.json").write_text(config if isinstance(config, str) else json.dumps(config))
        arguments = ("--policy-pack", self.pack, "--policy-pack-config", "config.json", *more)
        return self.stack.pulumi("preview", *arguments, ok=False)

    def found(self, config: Any) -> list[str]:
        """The lines about findings."""
        return [line.strip() for line in self.preview(config).out.splitlines() if line.strip().startswith("- [")]


@pytest.fixture
def judged(workspace: Make) -> Judged:
    return Judged(workspace)


def test_an_empty_file_leaves_the_pack_as_it_is(judged: Judged) -> None:
    assert judged.found("") == judged.found({})
    assert judged.found({}) == [
        "- [advisory] [severity: critical]  stack",
        "- [advisory]  never  (random:index:RandomId: id)",
    ]


def test_a_level_can_be_given_alone_or_with_settings(judged: Judged) -> None:
    assert judged.found(
        {"never": "mandatory", "at-least": {"bytes": 8}, "stack": {"enforcementLevel": "disabled"}}
    ) == [
        "- [mandatory] [severity: high]  at-least  (random:index:RandomId: id)",
        "- [mandatory]  never  (random:index:RandomId: id)",
    ]


def test_all_is_the_level_of_every_rule_that_has_none_of_its_own(judged: Judged) -> None:
    assert judged.found({"all": "disabled", "never": "mandatory"}) == [
        "- [mandatory]  never  (random:index:RandomId: id)"
    ]


def test_a_level_from_the_file_decides_whether_a_run_goes_on(judged: Judged) -> None:
    assert judged.preview({}).code == 0
    assert judged.preview({"never": "mandatory"}).code == 1
    assert judged.preview({"at-least": {"bytes": 8}}).code == 1
    assert judged.preview({"at-least": {"bytes": 8, "enforcementLevel": "advisory"}}).code == 0


def test_the_file_stands_over_the_pack_s_own_initial_config(workspace: Make) -> None:
    judged = Judged(workspace, '{"all": EnforcementLevel.DISABLED, "at-least": {"bytes": 8}}')
    assert judged.found({}) == ["- [advisory] [severity: high]  at-least  (random:index:RandomId: id)"]
    assert judged.found({"at-least": {"bytes": 3}}) == []


@pytest.mark.parametrize(
    ("config", "words"),
    [
        ("{", ("config.json", "no JSON")),
        ("[1]", ("config.json", "must be an object of rules")),
        ('{"nevr": "mandatory"}', ('no rule "nevr"', "at-least, never, stack")),
        ('{"never": "strict"}', ('"never" has the level "strict"', "advisory, mandatory, remediate, disabled")),
        ('{"never": {"enforcementLevel": 3}}', ('"never" has the level 3',)),
        ('{"never": true}', ('"never" must be a level',)),
        ('{"all": {"bytes": 3}}', ('"all" takes a level only',)),
        ('{"at-least": {"byts": 3}}', ('"at-least" has no setting "byts"', "it has bytes")),
        ('{"at-least": {"bytes": "many"}}', ('"at-least", bytes', "'many' is not of type 'integer'")),
        ('{"at-least": {"bytes": 0}}', ('"at-least", bytes', "minimum")),
    ],
)
def test_a_wrong_config_is_one_clear_error_and_nothing_runs(
    judged: Judged, config: str, words: tuple[str, ...]
) -> None:
    (judged.stack.root / "config.json").write_text(config)
    arguments = ("--policy-pack", judged.pack, "--policy-pack-config", "config.json")
    result = judged.stack.up(*arguments, ok=False)
    assert result.code == 1
    assert result.err.startswith("error: policy pack config ")
    assert len(result.err.strip().splitlines()) == 1
    for word in words:
        assert word in result.err
    assert judged.stack.resources() == {}


def test_several_mistakes_are_told_at_once(judged: Judged) -> None:
    err = judged.preview({"nevr": "mandatory", "at-least": {"bytes": 0, "byts": 1}}).err
    assert "3 mistakes" in err
    assert all(word in err for word in ('"nevr"', '"byts"', "minimum"))


def test_a_file_that_cannot_be_read_is_named(judged: Judged) -> None:
    result = judged.preview({}, "--policy-pack", judged.pack, "--policy-pack-config", "nowhere.json")
    assert result.code == 1
    assert "nowhere.json: can't be read: No such file or directory" in result.err


def test_files_and_packs_must_be_as_many(judged: Judged) -> None:
    result = judged.preview({}, "--policy-pack-config", "config.json")
    assert result.code == 1
    assert "2 --policy-pack-config for 1 --policy-pack" in result.err
    alone = judged.stack.pulumi("preview", "--policy-pack-config", "config.json", ok=False)
    assert "1 --policy-pack-config for 0 --policy-pack" in alone.err


def test_each_pack_gets_the_file_in_its_place(tmp_path: Path) -> None:
    for name, level in (("a", "advisory"), ("b", "disabled")):
        (tmp_path / name).write_text(json.dumps({"all": level}))
    packs = local_packs([Path("one"), Path("two")], [tmp_path / "a", tmp_path / "b"])
    assert [(pack.directory.name, pack.rules) for pack in packs] == [
        ("one", {"all": RuleConfig(level="advisory")}),
        ("two", {"all": RuleConfig(level="disabled")}),
    ]


def test_a_device_without_content_counts_as_an_empty_file() -> None:
    assert load(Path("/dev/null")) == {}


def test_a_setting_that_is_required_and_missing_is_refused_without_a_file_too() -> None:
    declared = {"rule": Declared(level="advisory", schema={"limit": {"type": "number"}}, required=["limit"])}
    with pytest.raises(EngineError, match="'limit' is a required property"):
        reconciled(LocalPack(directory=Path("pack")), declared, {})
    assert reconciled(LocalPack(directory=Path("pack")), declared, {"rule": RuleConfig(settings={"limit": 1})})


def test_a_rule_that_declares_no_schema_takes_any_setting() -> None:
    pack = LocalPack(directory=Path("pack"), rules={"rule": RuleConfig(settings={"anything": 1})})
    found = reconciled(pack, {"rule": Declared(level="mandatory")}, {})
    assert found == {"rule": RuleConfig(level="mandatory", settings={"anything": 1})}


def test_a_setting_of_null_is_a_value_and_not_the_default() -> None:
    declared = {"rule": Declared(level="advisory", schema={"limit": {"type": "number", "default": 1}})}
    pack = LocalPack(directory=Path("pack"), rules={"rule": RuleConfig(settings={"limit": None})})
    with pytest.raises(EngineError, match="None is not of type 'number'"):
        reconciled(pack, declared, {})


def test_a_regular_expression_that_does_not_compile_is_refused() -> None:
    schema = {"allow": {"type": "array", "items": {"type": "string", "format": "regex"}, "default": []}}
    told = {"one": RuleConfig(settings={"allow": ["("]})}
    pack = LocalPack(directory=Path("pack"), file=Path("config.json"), rules=told)
    with pytest.raises(EngineError, match=r'"one", allow\[0\]: .*regex'):
        reconciled(pack, {"one": Declared(level="mandatory", schema=schema)}, {})
