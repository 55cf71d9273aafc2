"""scripts/ensure-python and ensure-docker on machines that these tests make up from fake commands."""

from __future__ import annotations

import os
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

import pytest

SCRIPTS = Path(__file__).parents[2] / "scripts"
TOOLS = (
    "sh",
    "sha256sum",
    "cut",
    "cat",
    "date",
    "dirname",
    "env",
    "mktemp",
    "rm",
    "sleep",
    "tail",
    "touch",
    "wc",
    "grep",
)
# a Python that can make .venv, of itself
VENV_ONLY = 'echo "python $*" >>"$LOG"; case $* in *venv\\ .venv) mkdir -p .venv/bin; cp "$0" .venv/bin/python ;; esac'


@dataclass
class Run:
    """What came out, and which fake commands were called."""

    code: int
    out: str
    err: str
    called: list[str]


class Machine:
    """A copy of the scripts, and a PATH with only the tools that every Debian has."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.bin, self.log = root / "bin", root / "called"
        self.bin.mkdir()
        shutil.copytree(SCRIPTS, root / "repo/scripts")
        (root / "repo/requirements.lock").write_text("one==1\n")
        for tool in (*TOOLS, "mkdir", "cp", "setsid", "nohup"):
            (self.bin / tool).symlink_to(shutil.which(tool) or f"/bin/{tool}")
        self.user(0)

    def user(self, uid: int) -> None:
        self.command("id", f"echo {uid}")

    def command(self, name: str, body: str, folder: Path | None = None) -> None:
        path = (folder or self.bin) / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"#!/bin/sh\n{body}\n")
        path.chmod(0o755)

    def noted(self, name: str, after: str = ":") -> None:
        """A command that notes its call and does `after`."""
        self.command(name, f'echo "{name} $*" >>"$LOG"; {after}')

    def daemon_answers(self, when: str) -> None:
        """`when` is the shell's condition for a daemon that answers."""
        self.command("python", f"echo probe >/dev/null; {when}", self.root / "repo/.venv/bin")

    def run(self, script: str, **env: str) -> Run:
        self.log.unlink(missing_ok=True)
        done = subprocess.run(
            [self.root / "repo/scripts" / script],
            env={
                "PATH": str(self.bin),
                "LOG": str(self.log),
                "HERE": str(self.root),
                "DOCKERD_LOG": str(self.root / "log"),
                "DOCKERD_PIDFILE": str(self.root / "pid"),
                **env,
            },
            capture_output=True,
            text=True,
            check=False,
            timeout=20,
        )
        called = self.log.read_text().splitlines() if self.log.exists() else []
        return Run(done.returncode, done.stdout, done.stderr, called)


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    return Machine(tmp_path)


def test_a_daemon_that_answers_is_left_alone(machine: Machine):
    machine.daemon_answers("true")
    for name in ("apt-get", "dockerd"):
        machine.noted(name)
    run = machine.run("ensure-docker")
    assert (run.code, run.out, run.called) == (0, "", [])


def test_docker_is_installed_started_and_waited_for(machine: Machine):
    machine.daemon_answers('[ -e "$HERE/up" ]')
    body = 'echo "dockerd $*" >>"$LOG"; touch "$HERE/up"; exec sleep 2'
    machine.command("later", body)
    machine.noted(
        "apt-get", '[ "$1" != install ] || for name in dockerd iptables; do cp "${0%/*}/later" "${0%/*}/$name"; done'
    )
    run = machine.run("ensure-docker")
    assert run.code == 0, run.err
    assert run.called == [
        "apt-get update -qq",
        "apt-get install -y -qq --no-install-recommends docker.io iptables",
        "dockerd --host unix:///var/run/docker.sock",
    ]
    assert run.out.splitlines()[-1].startswith("docker: daemon answers (")


def test_a_dockerd_that_is_there_is_started_without_apt(machine: Machine):
    machine.daemon_answers('[ -e "$HERE/up" ]')
    machine.noted("dockerd", 'touch "$HERE/up"; exec sleep 2')
    machine.noted("iptables")
    machine.noted("apt-get")
    run = machine.run("ensure-docker", DOCKER_HOST="unix:///run/own.sock")
    assert (run.code, run.called) == (0, ["dockerd --host unix:///run/own.sock"])


def test_without_nf_tables_it_is_started_again_with_the_older_ones(machine: Machine):
    machine.daemon_answers('[ -e "$HERE/up" ]')
    machine.noted("iptables")
    machine.noted("update-alternatives", 'touch "$HERE/legacy"')
    machine.noted(
        "dockerd",
        '[ -e "$HERE/legacy" ] || { echo "iptables: no nf_tables" >&2; exit 1; }; touch "$HERE/up"; sleep 2',
    )
    run = machine.run("ensure-docker")
    assert run.code == 0, run.err
    assert [call.split()[0] for call in run.called] == ["dockerd", "update-alternatives", "dockerd"]


def test_a_dockerd_that_ends_is_an_error_with_its_last_words_and_not_those_of_an_earlier_start(machine: Machine):
    log = machine.root / "log"
    log.write_text("iptables: of yesterday\n")
    machine.daemon_answers("false")
    machine.noted("iptables")
    machine.noted("update-alternatives")
    machine.noted("dockerd", "echo no space left on device >&2; exit 1")
    run = machine.run("ensure-docker")
    assert run.code == 1
    assert "no space left on device" in run.err
    assert "yesterday" not in run.err
    assert [call.split()[0] for call in run.called] == ["dockerd"]


def test_without_root_the_message_says_what_to_do_and_nothing_is_tried(machine: Machine):
    machine.user(1000)
    machine.daemon_answers("false")
    machine.noted("dockerd")
    run = machine.run("ensure-docker")
    assert (run.code, run.called) == (1, [])
    assert "join the group docker, or run as root" in run.err


def test_a_daemon_elsewhere_is_not_replaced_by_one_here(machine: Machine):
    machine.daemon_answers("false")
    machine.noted("dockerd")
    run = machine.run("ensure-docker", DOCKER_HOST="tcp://192.0.2.1:2375")
    assert (run.code, run.called) == (1, [])
    assert "DOCKER_HOST=tcp://192.0.2.1:2375: start it there, or unset DOCKER_HOST" in run.err


def test_the_environment_is_made_from_the_lock_once(machine: Machine):
    machine.command("python3", VENV_ONLY)
    first = machine.run("ensure-python")
    assert first.code == 0, first.err
    assert any("--require-hashes -r requirements.lock" in call for call in first.called)
    again = machine.run("ensure-python")
    assert (again.code, again.out, again.called) == (0, "", [])


def test_a_changed_lock_makes_the_environment_anew(machine: Machine):
    machine.command("python3", VENV_ONLY)
    machine.run("ensure-python")
    (machine.root / "repo/requirements.lock").write_text("one==2\n")
    assert any("pip install" in call for call in machine.run("ensure-python").called)


def test_packages_that_cannot_be_installed_are_tried_again_next_time(machine: Machine):
    fails = f"{VENV_ONLY}; case $* in *install*) echo no index; exit 1 ;; esac"
    machine.command("python3", fails)
    for _ in range(2):
        run = machine.run("ensure-python")
        assert run.code == 1
        assert "no index" in run.err
        assert "is the package index reachable?" in run.err


def test_the_venv_module_is_installed_where_it_is_missing(machine: Machine):
    machine.command("python3", f"case $* in *ensurepip*) exit 1 ;; esac; {VENV_ONLY}")
    machine.noted("apt-get")
    run = machine.run("ensure-python")
    assert run.code == 0, run.err
    assert "apt-get install -y -qq --no-install-recommends python3-venv" in run.called


def test_without_root_the_missing_package_is_named(machine: Machine):
    machine.user(1000)
    machine.command("python3", f"case $* in *ensurepip*) exit 1 ;; esac; {VENV_ONLY}")
    run = machine.run("ensure-python")
    assert run.code == 1
    assert "apt-get install python3-venv" in run.err


def test_an_old_python_is_refused_with_the_way_to_name_another(machine: Machine):
    machine.command("python3", "exit 1")
    run = machine.run("ensure-python")
    assert run.code == 1
    assert "Python 3.11 or newer is needed" in run.err
    assert not (machine.root / "repo/.venv").exists()


def test_a_dockerd_that_is_starting_is_waited_for_and_not_started_twice(machine: Machine):
    machine.daemon_answers('[ -e "$HERE/asked" ] || { touch "$HERE/asked"; exit 1; }')
    named = machine.root / "other" / "dockerd"
    named.parent.mkdir()
    shutil.copy("/bin/sleep", named)
    machine.noted("dockerd")
    machine.noted("iptables")
    with subprocess.Popen([named, "30"]) as starting:
        (machine.root / "pid").write_text(str(starting.pid))
        run = machine.run("ensure-docker")
        starting.kill()
    assert (run.code, run.called) == (0, [])
    assert "dockerd is starting" in run.out


def test_a_pid_file_whose_number_is_another_programs_by_now_is_not_believed(machine: Machine):
    machine.daemon_answers('[ -e "$HERE/asked" ] || { touch "$HERE/asked"; exit 1; }')
    (machine.root / "pid").write_text(str(os.getpid()))
    machine.noted("dockerd")
    machine.noted("iptables")
    run = machine.run("ensure-docker")
    assert run.code == 0, run.err
    assert "starting dockerd" in run.out
    assert not (machine.root / "pid").exists()
