"""Pulumi.yaml and Pulumi.<stack>.yaml: what a program gets, edits that keep comments, and what is refused."""

from __future__ import annotations

from pathlib import Path

import pytest

from embedded.errors import EngineError
from embedded.project import Project, StackConfig
from embedded.secrets import PassphraseSecrets

SALT = "v1:nV9Au2zUwRQ=:v1:eYBDrrDw7Px0bqKY:7SVSqVqVBV/WqwtvRPQz+YHryeVvBg=="
RECORDED = f"""encryptionsalt: {SALT}
config:
  reference:step: "1"
  reference:pin:
    secure: v1:VKRMNDSZzvNhNtBQ:KOlcHJoLyRaEa80OD0QnLPwEai0=
"""


def project(folder: Path, text: str = "name: demo\nruntime: python\n") -> Project:
    (folder / "Pulumi.yaml").write_text(text)
    return Project.load(folder)


def settings(folder: Path, text: str) -> StackConfig:
    (folder / "Pulumi.dev.yaml").write_text(text)
    return StackConfig.load(folder / "Pulumi.dev.yaml")


def program(folder: Path, text: str, declared: str = "") -> dict[str, str]:
    own = project(folder, f"name: demo\nruntime: python\n{declared}")
    return settings(folder, text).as_program_config(None, own)[0]


def test_a_project_is_found_from_a_folder_below(tmp_path: Path) -> None:
    text = "name: demo\nruntime: {name: python, options: {toolchain: pip, virtualenv: .venv}}\nmain: src\n"
    project(tmp_path, text)
    (tmp_path / "a/b").mkdir(parents=True)
    found = Project.load(tmp_path / "a/b")
    assert (found.name, found.root, found.program, found.virtualenv) == ("demo", tmp_path, tmp_path / "src", ".venv")


def test_a_folder_without_project_is_named(tmp_path: Path) -> None:
    with pytest.raises(EngineError, match=f"no Pulumi.yaml project file found .searching upwards from {tmp_path}"):
        Project.load(tmp_path)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("runtime: python\n", "missing a 'name'"),
        ("name: demo\n", "missing a 'runtime'"),
        ("name: demo\nruntime: nodejs\n", "runtime 'nodejs'"),
        ("- a\n", "Pulumi.yaml:1:1: expected keys"),
        ("name: demo\nname: other\nruntime: python\n", "Pulumi.yaml:2:1: .*'name' is there twice"),
        ("name: demo\nruntime: [\n", "Pulumi.yaml:3:1: not valid YAML"),
        ("name: demo\nruntime: python\nconfig: {x: {type: number}}\n", "config.x: type 'number'"),
        ("name: demo\nruntime: python\nconfig: {x: {typ: string}}\n", "config.x: unknown attribute typ"),
        ("name: demo\nruntime: python\nconfig: {x: {type: array}}\n", "type of its items"),
        ("name: demo\nruntime: python\nconfig: {x: {type: integer, default: a}}\n", "expected type 'integer'"),
        ("name: demo\nruntime: python\nconfig: {x: {default: 1, value: 1}}\n", "both a 'default' and 'value'"),
        ("name: demo\nruntime: python\nconfig: {'aws:x': {type: string}}\n", "not namespaced by the project"),
    ],
)
def test_a_wrong_project_file_is_one_clear_message(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(EngineError, match=message):
        project(tmp_path, text)


def test_the_recorded_stack_file_gives_the_program_what_the_cli_gave_it(tmp_path: Path) -> None:
    own = project(tmp_path, "name: reference\nruntime: python\n")
    given = settings(tmp_path, RECORDED).as_program_config(PassphraseSecrets.open("x", SALT), own)
    assert given == ({"reference:pin": "1234", "reference:step": "1"}, ["reference:pin"])


def test_values_become_text_as_the_cli_makes_it(tmp_path: Path) -> None:
    text = """config:
  short: a
  demo:config:old: b
  aws:region: eu
  demo:yes: yes
  demo:flag: true
  demo:number: 3
  demo:whole: 3.0
  demo:port: 22:22
  demo:date: 2026-01-01
  demo:map: {b: [1, true, null], a: "é"}
"""
    assert program(tmp_path, text) == {
        "demo:short": "a",
        "demo:old": "b",
        "aws:region": "eu",
        "demo:yes": "yes",
        "demo:flag": "true",
        "demo:number": "3",
        "demo:whole": "3",
        "demo:port": "22:22",
        "demo:date": "2026-01-01",
        "demo:map": '{"a":"é","b":[1,true,null]}',
    }


def test_a_secret_inside_a_structure_makes_its_key_secret(tmp_path: Path) -> None:
    secrets = PassphraseSecrets.open("x", SALT)
    text = f"config:\n  demo:db:\n    user: me\n    password:\n      secure: {secrets.encrypt('word')}\n  demo:a: b\n"
    config, secret = settings(tmp_path, text).as_program_config(secrets, project(tmp_path))
    assert config["demo:db"] == '{"password":"word","user":"me"}'
    assert secret == ["demo:db"]


def test_presets_of_the_project_fill_what_the_stack_leaves_out(tmp_path: Path) -> None:
    declared = (
        "config:\n  size: {type: integer, default: 3}\n  list: {type: array, items: {type: string}, default: [a]}\n"
        "  short: word\n  aws:region: {value: eu}\n"
    )
    given = program(tmp_path, "config: {demo:size: 4}\n", declared)
    assert given == {"demo:size": "4", "demo:list": '["a"]', "demo:short": "word", "aws:region": "eu"}


def test_missing_keys_are_told_all_at_once(tmp_path: Path) -> None:
    declared = "config:\n  demo:a: {type: string}\n  b: {type: string}\n"
    with pytest.raises(EngineError, match="Stack 'dev' is missing configuration values 'b' and 'demo:a'"):
        program(tmp_path, "", declared)


@pytest.mark.parametrize(
    ("declared", "value", "right"),
    [
        ("type: integer", "3", True),
        ("type: integer", "'3'", True),
        ("type: integer", "three", False),
        ("type: integer", "3.5", False),
        ("type: boolean", "'true'", True),
        ("type: boolean", "yes", False),
        ("type: string", "3", True),
        ("type: string", "{a: 1}", False),
        ("type: object", "{a: 1}", True),
        ("type: object", "[1]", False),
        ("type: array, items: {type: integer}", "[1, 2]", True),
        ("type: array, items: {type: integer}", "[1, a]", False),
    ],
)
def test_values_are_checked_against_declared_types(tmp_path: Path, declared: str, value: str, right: bool) -> None:
    text, schema = f"config: {{demo:k: {value}}}\n", f"config: {{demo:k: {{{declared}}}}}\n"
    if right:
        assert "demo:k" in program(tmp_path, text, schema)
    else:
        with pytest.raises(EngineError, match="Stack 'dev' with configuration key 'demo:k' must be of type"):
            program(tmp_path, text, schema)


def test_a_declared_secret_must_be_encrypted_and_is_not_shown(tmp_path: Path) -> None:
    with pytest.raises(EngineError, match="must be encrypted as it's secret") as caught:
        program(tmp_path, "config: {demo:k: hunter22}\n", "config: {demo:k: {type: string, secret: true}}\n")
    assert "hunter22" not in str(caught.value)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("config:\n  demo:a: 1\n demo:b: 2\n", r"Pulumi\.dev\.yaml:3:2: not valid YAML"),
        ("config:\n  demo:a: 1\n  demo:a: 2\n", r"Pulumi\.dev\.yaml:3:3: .*'demo:a' is there twice"),
        ("config:\n\tdemo:a: 1\n", r"Pulumi\.dev\.yaml:2:1: not valid YAML"),
        ("config: [a]\n", "config: expected keys"),
        ("secretsprovider: awskms://x\n", "passphrase only"),
        ("environment: [shared]\n", "no Pulumi environments"),
        ("\x00", r"Pulumi\.dev\.yaml: not valid YAML"),
    ],
)
def test_a_wrong_stack_file_is_one_clear_message(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(EngineError, match=message) as caught:
        settings(tmp_path, text)
    assert len(str(caught.value).splitlines()) == 1


@pytest.mark.parametrize("key", ["a:b:c", ":a", "a:", "", "a:b:c:d"])
def test_a_key_of_another_form_is_refused(tmp_path: Path, key: str) -> None:
    with pytest.raises(EngineError, match="invalid configuration key"):
        settings(tmp_path, f"config: {{'{key}': x}}\n").raw(project(tmp_path))


def test_edits_keep_comments_order_quotes_and_mode(tmp_path: Path) -> None:
    made = settings(tmp_path, "# top\nconfig:\n  demo:b: 'x' # why\n  # about a\n  demo:a: {n: [1, 2]}\n")
    made.path.chmod(0o640)
    made.set("b", "z", "demo", seal=None)
    made.set("a.n[2]", "3", "demo", path=True, seal=None)
    made.set("new", "1", "demo", seal=None)
    made.save()
    assert made.path.read_text() == (
        "# top\nconfig:\n  demo:b: 'z' # why\n  # about a\n  demo:a: {n: [1, 2, 3]}\n  demo:new: '1'\n"
    )
    assert made.path.stat().st_mode & 0o777 == 0o640
    assert [item.name for item in tmp_path.iterdir()] == ["Pulumi.dev.yaml"]


def test_paths_reach_into_structures_and_make_what_is_missing(tmp_path: Path) -> None:
    own = project(tmp_path)
    made = settings(tmp_path, "")
    made.set('aws:tags["a.b"].list[0]', "true", "demo", path=True, seal=None)
    made.set("outer.pass", "word", "demo", path=True, seal=lambda text: f"sealed {text}")
    made.set("outer.code", "0123", "demo", path=True, seal=None)
    made.save()
    again = StackConfig.load(made.path)
    assert again.raw(own) == {
        "aws:tags": {"a.b": {"list": [True]}},
        "demo:outer": {"pass": {"secure": "sealed word"}, "code": "0123"},
    }
    assert again.get("outer.code", own, path=True) == "0123"
    again.remove("outer.pass", "demo", path=True)
    again.remove("outer.nothing.here", "demo", path=True)
    again.remove("aws:tags", "demo")
    assert again.raw(own) == {"demo:outer": {"code": "0123"}}


@pytest.mark.parametrize("path", ["a[", "a..b", "[0]", "", 'a["x', "list[5]", "list.x", "map[0]"])
def test_a_path_that_leads_nowhere_is_refused_and_nothing_is_written(tmp_path: Path, path: str) -> None:
    text = "config: {demo:list: [1], demo:map: {x: 1}}\n"
    made = settings(tmp_path, text)
    with pytest.raises(EngineError):
        made.set(path, "x", "demo", path=True, seal=None)
    assert made.path.read_text() == text


def test_a_stack_without_salt_gets_one_at_the_top(tmp_path: Path) -> None:
    made = settings(tmp_path, "# mine\nconfig:\n  demo:a: b\n")
    secrets = made.ensure_secrets(lambda: "x")
    lines = made.path.read_text().splitlines()
    assert lines == ["# mine", f"encryptionsalt: {secrets.salt}", "config:", "  demo:a: b"]
    with pytest.raises(EngineError, match="incorrect passphrase"):
        StackConfig.load(made.path).ensure_secrets(lambda: "y")


def test_a_lost_salt_is_taken_from_the_state(tmp_path: Path) -> None:
    made = settings(tmp_path, "")
    made.ensure_secrets(lambda: "x", SALT)
    assert StackConfig.load(made.path).encryptionsalt == SALT
