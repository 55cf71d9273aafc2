"""./pulumiw: which engine, which state, which passphrase, and the policy pack; in a copy of its own folder."""

from __future__ import annotations

import os
import shutil
import stat
import subprocess
from dataclasses import dataclass
from pathlib import Path

import pytest

WRAPPER = Path(__file__).parents[1] / "pulumiw"
ECHO = """#!/bin/sh
echo "$(basename "$0"): $*"
echo "backend ${PULUMI_BACKEND_URL-unset}"
echo "passphrase ${PULUMI_CONFIG_PASSPHRASE-unset} file ${PULUMI_CONFIG_PASSPHRASE_FILE-unset}"
"""


@dataclass
class Run:
    """What came out."""

    code: int
    lines: list[str]
    err: str


class Repository:
    """A folder with the wrapper, a policy pack and an interpreter that tells how it was called."""

    def __init__(self, root: Path) -> None:
        self.root = root / "repo"
        self.elsewhere = root / "elsewhere"
        (self.root / "policies").mkdir(parents=True)
        self.elsewhere.mkdir()
        (self.root / "Pulumi.yaml").write_text("name: demo\nruntime: python\n")
        shutil.copy(WRAPPER, self.root)
        self.put(self.root / ".venv/bin/python")
        self.env = {"PATH": f"{root}/bin:/usr/bin:/bin", "HOME": str(root / "home")}
        self.bin = root / "bin"

    def put(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(ECHO)
        path.chmod(0o755)

    def run(self, *arguments: str, cwd: Path | None = None, **env: str) -> Run:
        done = subprocess.run(
            [self.root / "pulumiw", *arguments],
            cwd=cwd or self.root,
            env=self.env | env,
            capture_output=True,
            text=True,
            check=False,
        )
        return Run(done.returncode, done.stdout.splitlines(), done.stderr)


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    return Repository(tmp_path)


def test_without_pulumi_the_embedded_engine_runs(repository: Repository) -> None:
    run = repository.run("stack", "ls")
    assert run.code == 0
    assert run.lines[0] == "python: -P -m embedded stack ls"


def test_a_pulumi_on_path_is_used_unless_forced(repository: Repository) -> None:
    repository.put(repository.bin / "pulumi")
    assert repository.run("stack", "ls").lines[0] == "pulumi: stack ls"
    assert repository.run("stack", "ls", PULUMIW_ENGINE="embedded").lines[0].startswith("python: ")
    assert repository.run("stack", "ls", PULUMIW_ENGINE="pulumi").lines[0].startswith("pulumi: ")


def test_a_wrong_or_missing_engine_is_named(repository: Repository) -> None:
    wrong = repository.run("up", PULUMIW_ENGINE="terraform")
    assert (wrong.code, wrong.lines) == (1, [])
    assert "neither embedded nor pulumi" in wrong.err
    assert "no pulumi is on PATH" in repository.run("up", PULUMIW_ENGINE="pulumi").err


def test_without_venv_it_says_make_up(repository: Repository) -> None:
    shutil.rmtree(repository.root / ".venv")
    run = repository.run("up")
    assert run.code == 1
    assert "run `make up`" in run.err


@pytest.mark.parametrize("command", ["up", "update", "preview"])
def test_the_policy_pack_is_added_where_it_is_accepted(repository: Repository, command: str) -> None:
    pack = f"--policy-pack {repository.root}/policies"
    assert repository.run(command, "--yes").lines[0].endswith(f"{command} --yes {pack}")
    assert pack in repository.run("--color", "never", "-C", ".", command).lines[0]


@pytest.mark.parametrize("arguments", [("destroy",), ("refresh",), ("stack", "init", "up"), ("-C", "up", "destroy")])
def test_other_commands_get_no_pack(repository: Repository, arguments: tuple[str, ...]) -> None:
    assert "--policy-pack" not in repository.run(*arguments).lines[0]


@pytest.mark.parametrize("given", [("--policy-pack", "policies"), ("--policy-pack=./policies/",)])
def test_the_pack_is_not_given_twice(repository: Repository, given: tuple[str, ...]) -> None:
    assert repository.run("up", *given).lines[0].count("--policy-pack") == 1
    below = repository.run("up", "-C", str(repository.root), *given, cwd=repository.elsewhere)
    assert below.lines[0].count("--policy-pack") == 1


def test_another_pack_is_kept_beside_it(repository: Repository) -> None:
    (repository.root / "more").mkdir()
    assert repository.run("up", "--policy-pack", "more").lines[0].count("--policy-pack") == 2


class Configured:
    """A repository with a config for `prod`, where `prod` is the selected stack."""

    def __init__(self, repository: Repository) -> None:
        self.repository = repository
        self.config = repository.root / "policies/config/prod.json"
        self.config.parent.mkdir()
        self.config.write_text("{}")
        (repository.root / "more").mkdir()
        answer = f'#!/bin/sh\ncase "$*" in *--show-name*) echo "$SELECTED" ;; *) {ECHO.split(chr(10), 1)[1]} ;; esac\n'
        (repository.root / ".venv/bin/python").write_text(answer)

    def words(self, *arguments: str, selected: str = "prod") -> list[str]:
        """The words with which the engine was called."""
        line = self.repository.run(*arguments, SELECTED=selected).lines[0]
        return line.replace(f"{self.repository.root}/", "").split()


@pytest.fixture
def configured(repository: Repository) -> Configured:
    return Configured(repository)


OURS = ["--policy-pack", "policies", "--policy-pack-config", "policies/config/prod.json"]


@pytest.mark.parametrize(
    "stack",
    [
        (),
        ("-s", "prod"),
        ("-sprod",),
        ("-s=prod",),
        ("--stack", "prod"),
        ("--stack=prod",),
        ("-yfs", "prod"),
        ("--stack", "organization/demo/prod"),
    ],
)
@pytest.mark.parametrize("command", ["up", "preview"])
def test_the_config_of_the_stack_goes_with_the_pack(
    configured: Configured, command: str, stack: tuple[str, ...]
) -> None:
    selected = "dev" if stack else "prod"
    assert configured.words(command, *stack, selected=selected)[-4:] == OURS
    assert configured.words(*stack, command, selected=selected)[-4:] == OURS


@pytest.mark.parametrize(
    "given", [("up", "--stack", "dev"), ("up", "-s", "dev", "-mfixes"), ("up", "--message", "prod")]
)
def test_a_stack_without_a_config_has_none_and_it_is_said(configured: Configured, given: tuple[str, ...]) -> None:
    run = configured.repository.run(*given, SELECTED="dev")
    assert "--policy-pack-config" not in run.lines[0]
    assert "no policies/config/dev.json" in run.err


def test_a_stack_that_nobody_has_selected_has_no_config(configured: Configured) -> None:
    (configured.repository.root / ".venv/bin/python").write_text("#!/bin/sh\n[ $4 != stack ] && echo $*\n")
    run = configured.repository.run("preview")
    assert run.code == 0
    assert "--policy-pack-config" not in run.lines[0]


def test_a_config_of_ones_own_for_the_pack_is_kept(configured: Configured) -> None:
    own = ("--policy-pack", "policies", "--policy-pack-config", "mine.json")
    assert configured.repository.run("up", *own).lines[0].count("--policy-pack-config") == 1


def test_every_pack_has_its_config_in_its_place(configured: Configured) -> None:
    other = ["--policy-pack", "more"]
    empty = ["--policy-pack-config", "/dev/null"]
    pair = [*OURS[2:]]
    up = configured.repository.root
    line = configured.repository.run("up", *other, SELECTED="prod").lines[0].replace(f"{up}/", "")
    assert line.endswith(" ".join(["up", *other, *OURS[:2], *empty, *pair]))
    line = configured.repository.run("up", *OURS[:2], *other, SELECTED="prod").lines[0].replace(f"{up}/", "")
    assert line.endswith(" ".join(["up", *OURS[:2], *other, *pair, *empty]))


@pytest.mark.parametrize(("stack", "config"), [("prod", "policies/config/prod.json"), ("dev", "/dev/null")])
def test_a_config_for_another_pack_leaves_ours_its_own(configured: Configured, stack: str, config: str) -> None:
    given = ["--policy-pack", "more", "--policy-pack-config=more.json", "--stack", stack]
    line = configured.repository.run("up", *given).lines[0].replace(f"{configured.repository.root}/", "")
    assert line.endswith(" ".join([*given, *OURS[:2], "--policy-pack-config", config]))


def test_other_commands_get_no_config(configured: Configured) -> None:
    assert "--policy-pack" not in configured.repository.run("destroy", "--stack", "prod").lines[0]


def test_with_the_cli_the_flags_are_the_same(configured: Configured) -> None:
    configured.repository.put(configured.repository.bin / "pulumi")
    run = configured.repository.run("up", "--stack", "prod", PYTHONPATH="/mine")
    assert run.lines[0].replace(f"{configured.repository.root}/", "").endswith(" ".join(OURS))


def test_state_and_passphrase_are_made_privately_and_said_in_one_line(repository: Repository) -> None:
    run = repository.run("stack", "ls")
    state = repository.root / ".state"
    assert run.lines[1:] == [f"backend file://{state}", f"passphrase unset file {state}/passphrase"]
    assert run.err == f"pulumiw: state in {state}, passphrase in {state}/passphrase\n"
    assert stat.S_IMODE(state.stat().st_mode) == 0o700
    assert stat.S_IMODE((state / "passphrase").stat().st_mode) == 0o600
    word = (state / "passphrase").read_text()
    assert len(word) == 64
    assert word not in run.err + "".join(run.lines)
    assert os.listdir(state) == ["passphrase"]
    repository.run("stack", "ls")
    assert (state / "passphrase").read_text() == word


def test_a_person_s_own_backend_and_passphrase_are_left_alone(repository: Repository) -> None:
    run = repository.run("up", PULUMI_BACKEND_URL="file:///mine", PULUMI_CONFIG_PASSPHRASE="")
    assert run.lines[1:] == ["backend file:///mine", "passphrase  file unset"]
    assert run.err == ""
    assert not (repository.root / ".state").exists()


def test_a_login_is_a_backend_of_ones_own(repository: Repository, tmp_path: Path) -> None:
    (tmp_path / "home/.pulumi").mkdir(parents=True)
    (tmp_path / "home/.pulumi/credentials.json").write_text('{"current": "https://api.example.com"}')
    assert repository.run("up").lines[1] == "backend unset"
    (tmp_path / "home/.pulumi/credentials.json").write_text('{"current": ""}')
    assert repository.run("up").lines[1].startswith("backend file://")


def test_a_passphrase_of_ones_own_goes_with_the_state_here(repository: Repository) -> None:
    run = repository.run("up", PULUMI_CONFIG_PASSPHRASE_FILE="/mine")
    assert run.lines[2] == "passphrase unset file /mine"
    assert not (repository.root / ".state/passphrase").exists()


def test_a_lost_passphrase_is_not_replaced_by_another(repository: Repository) -> None:
    (repository.root / ".state/.pulumi/stacks").mkdir(parents=True)
    run = repository.run("up")
    assert run.code == 1
    assert "passphrase is gone" in run.err
    assert not (repository.root / ".state/passphrase").exists()


def test_from_any_folder_it_works_on_this_project(repository: Repository) -> None:
    assert repository.run("stack", "ls", cwd=repository.elsewhere).lines[0].endswith(f"--cwd {repository.root}")
    (repository.root / "below").mkdir()
    assert "--cwd" not in repository.run("stack", "ls", cwd=repository.root / "below").lines[0]
    assert repository.run("stack", "ls", "-C", "x", cwd=repository.elsewhere).lines[0].count("repo") == 0


def test_through_a_link_it_finds_its_folder(repository: Repository) -> None:
    (repository.elsewhere / "pulumi-here").symlink_to(repository.root / "pulumiw")
    done = subprocess.run(
        [repository.elsewhere / "pulumi-here", "stack", "ls"],
        cwd=repository.elsewhere,
        env=repository.env,
        capture_output=True,
        text=True,
        check=False,
    )
    assert f"--cwd {repository.root}" in done.stdout


def test_the_exit_code_and_odd_arguments_pass_through(repository: Repository) -> None:
    (repository.root / ".venv/bin/python").write_text('#!/bin/sh\nprintf "<%s>" "$@"\nexit 7\n')
    run = repository.run("config", "set", "a b", "$HOME *'\"")
    assert run.code == 7
    assert run.lines[0].endswith("<config><set><a b><$HOME *'\">")


def test_asking_for_the_version_makes_no_state(repository: Repository) -> None:
    assert repository.run("version").code == 0
    assert not (repository.root / ".state").exists()
