"""The commands on a running stack with real Docker, PostgreSQL and Redis."""

from __future__ import annotations

import json
import os
import pty
import select
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path

import pytest
from docker.errors import NotFound
from docker.models.containers import Container

from tests.integration.daemon import ran
from tests.integration.project import STACK
from tests.operate.conftest import PREFIX, PYTHON, Running

pytestmark = pytest.mark.integration
SHARED, OWN = f"{PREFIX}-postgres-unified", f"{PREFIX}-wiki-postgres"


def test_status_names_every_container_connection_and_volume(running: Running) -> None:
    told = running.told("status")
    assert told["problems"] == []
    containers = {one["name"]: one for one in told["containers"]}
    assert set(containers) == set(running.host.containers()), "nothing forgotten, nothing made up"
    assert containers[OWN]["app"] == "wiki"
    assert all(0 < one["memory"] <= one["memory_limit"] for one in containers.values())
    stores = {(use["app"], use["store"]): use for use in told["connections"]}
    assert set(stores) == {("shop", "shop_db"), ("wiki", "wiki_db"), ("shop", "shop"), ("wiki", "wiki")}
    assert stores["shop", "shop_db"]["limit"] == 10, "5 for the app, 5 for migrations"
    assert all(size > 0 for size in told["volumes"].values())


def test_status_names_what_is_stopped_and_what_is_gone_and_fails(running: Running) -> None:
    running.host.client.containers.get(f"{PREFIX}-wiki-redis").stop(timeout=9)
    running.host.client.containers.get(f"{PREFIX}-shop").rename(f"{PREFIX}-shop-away")
    try:
        done = running.operate("status", ok=False)
    finally:
        running.host.client.containers.get(f"{PREFIX}-shop-away").rename(f"{PREFIX}-shop")
    assert done.code == 1
    assert f"{PREFIX}-wiki-redis: stopped by hand; `./operatew start wiki` starts it" in done.out
    assert f"{PREFIX}-shop: missing; `./pulumiw up --refresh` makes it again" in done.out
    running.operate("start", "wiki")
    assert "Everything runs" in running.operate("status").out


def test_up_starts_what_was_stopped_by_hand(running: Running) -> None:
    running.operate("stop", "wiki")
    said = running.operate("up").out
    assert f"{PREFIX}-wiki-redis: started" in said
    assert "was running" not in said, "only what was done"
    assert running.told("status")["problems"] == []


def test_data_that_is_gone_is_told_by_status_and_up(running: Running) -> None:
    server = running.host.client.containers.get(SHARED)
    rename = ["psql", "-U", "admin", "-d", "postgres", "-c"]
    assert server.exec_run([*rename, "ALTER DATABASE shop_db RENAME TO away"], user="postgres").exit_code == 0
    try:
        for command in ("status", "up"):
            done = running.operate(command, ok=False)
            assert done.code == 1
            said = " ".join(done.text.split())
            assert f"{SHARED}: the database shop_db of shop isn't there" in said
            assert "begin anew: `make down PURGE=1`" in said
    finally:
        assert server.exec_run([*rename, "ALTER DATABASE away RENAME TO shop_db"], user="postgres").exit_code == 0
    assert "Everything runs" in running.operate("status").out


def test_an_app_is_stopped_and_started_with_its_own_servers_and_no_other(running: Running) -> None:
    before = running.host.ids()
    stopped = running.told("stop", "wiki")["containers"]
    assert {step["name"] for step in stopped} == {OWN, f"{PREFIX}-wiki-redis"}
    assert running.host.containers()[SHARED].status == "running", "others use it"
    assert "is exited" in running.operate("psql", "wiki", ok=False).err
    running.operate("start", "wiki")
    health = running.host.containers()[OWN].attrs["State"]["Health"]["Status"]
    assert health == "healthy", "start waits for it"
    assert running.host.ids() == before, "nothing was made anew"


def test_everything_stops_services_first_and_starts_servers_first(running: Running) -> None:
    down = [step["name"] for step in running.told("stop", "all")["containers"]]
    assert {f"{PREFIX}-shop", f"{PREFIX}-front"} == set(down[:2])
    refused = running.operate("start", "shop", ok=False)
    assert f"shop needs {SHARED}, which doesn't run" in refused.err
    up = [step["name"] for step in running.told("start", "all")["containers"]]
    assert {f"{PREFIX}-shop", f"{PREFIX}-front"} == set(up[-2:])


def test_logs_are_of_one_container_or_of_all_with_their_names(running: Running) -> None:
    one = running.operate("logs", "postgres", "--tail", "3").out.splitlines()
    assert (len(one), any("|" in line.split()[0] for line in one)) == (3, False)
    names = {line.split("|")[0].strip() for line in running.operate("logs", "--tail", "1").out.splitlines()}
    spoken = {name for name, container in running.host.containers().items() if container.logs(tail=1)}
    assert {SHARED, OWN} <= names == spoken, "whoever has said something"
    lines = running.operate("logs", "redis", "--json", "--since", "1h").out.splitlines()
    assert {json.loads(line)["container"] for line in lines} == {f"{PREFIX}-redis-unified"}


def test_psql_is_the_apps_own_login_in_its_own_database(running: Running) -> None:
    query = "select current_user, current_database()"
    assert running.operate("psql", "shop", "--", "-AtF,", "-c", query).out == "shop_db_a,shop_db\n"
    assert running.operate("psql", "wiki", "--", "-AtF,", given=query).out == "wiki_db_a,wiki_db\n", "input is read"
    assert running.operate("psql", "shop", "--admin", "--", "-Atc", "select current_user").out == "admin\n"


def test_psql_hands_on_errors_and_exit_code(running: Running) -> None:
    done = running.operate("psql", "shop", "--", "-v", "ON_ERROR_STOP=1", given="selec;", ok=False)
    assert (done.code, "syntax error" in done.err, done.out) == (3, True, ""), "psql's own code for a script's error"


def test_large_input_and_output_pass_whole(running: Running) -> None:
    lines = "".join(f"{number}\t{'x' * 200}\n" for number in range(5000))
    script = f"create temp table t(n int, x text);\ncopy t from stdin;\n{lines}\\.\ncopy t to stdout;\n"
    assert running.operate("psql", "wiki", "--admin", "--", "-q", given=script).out == lines


def test_redis_is_the_apps_own_user_behind_its_prefix(running: Running) -> None:
    said = running.operate("redis", "shop", given="acl whoami\nset shop:a 1\nget shop:a\nget wiki:a\n").out.splitlines()
    assert said[:3] == ["shop", "OK", "1"], "input is read"
    assert said[3].startswith("NOPERM")
    assert running.operate("redis", "shop", "--admin", "--", "acl", "whoami").out == "admin\n"


def test_an_interactive_psql_has_a_terminal_and_takes_ctrl_c(running: Running) -> None:
    said = _typed(running, ["psql", "shop"], ["\\! tty\r", "select pg_sleep(30);\r", "\x03", "\\q\r"])
    assert "/dev/pts/" in said
    assert "canceling statement due to user request" in said, "Ctrl-C belongs to psql"


def test_env_is_what_the_app_itself_has(running: Running) -> None:
    told = json.loads(running.operate("env", "shop", "--format", "json").out)
    inside = ran(running.host.client.containers.get(f"{PREFIX}-shop"), ["cat", "/run/secrets/database_url"])
    assert told["DATABASE_URL"] == inside[1]
    assert set(told) == {"DATABASE_URL", "REDIS_URL", "REDIS_URL_QUEUE", "MIGRATE_DATABASE_URL"}


def test_env_writes_a_file_and_shows_nothing(running: Running, tmp_path: Path) -> None:
    done = running.operate("env", "wiki", "--output", str(tmp_path / "wiki.env"))
    assert not any(password in done.text for password in running.passwords)
    assert (tmp_path / "wiki.env").stat().st_mode & 0o777 == 0o600


def test_reach_finds_what_the_design_says(running: Running) -> None:
    told = running.told("reach")
    assert told["surprises"] == 0
    opened = {(pair["source"], pair["to"]) for pair in told["pairs"] if pair["found"]}
    assert (f"{PREFIX}-wiki-data", OWN) in opened
    assert (f"{PREFIX}-data-tier", OWN) not in opened, "an isolated server isn't on the shared network"
    assert ("loopback", "shop") in opened
    assert not running.host.client.containers.list(all=True, filters={"label": "data-tier.component=reach"})


def test_reach_fails_where_a_server_has_left_its_network(running: Running) -> None:
    network, server = running.host.client.networks.get(f"{PREFIX}-wiki-data"), running.host.client.containers.get(OWN)
    address = running.project.outputs()["servers"]["postgres-wiki"]["address"]
    network.disconnect(server)
    try:
        done = running.operate("reach", "--json", ok=False)
    finally:
        network.connect(server, ipv4_address=address)
    surprises = {(pair["source"], pair["to"]) for pair in json.loads(done.out)["pairs"] if pair["surprise"]}
    assert (done.code, surprises) == (1, {(network.name, OWN), ("this host", OWN)})


def test_doctor_finds_this_machine_well_enough(running: Running) -> None:
    done = running.operate("doctor", "--json", ok=False)
    findings = {one["check"]: one for one in json.loads(done.out)["findings"]}
    assert [one for one in findings.values() if one["level"] == "fail"] == []
    assert findings["docker kind"]["found"].startswith("local")
    assert "opens the stack file's salt" in findings["passphrase"]["found"]
    assert findings["ports"]["found"] == "2 of the stack file free or its own", "its own containers have them"


def test_no_command_line_has_a_password(running: Running) -> None:
    with running.watched() as seen:
        running.operate("psql", "shop", "--", "-c", "select pg_sleep(0.5)")
        running.operate("redis", "wiki", "--", "blpop", "wiki:nothing", "0.5")
    for part in ("pg_sleep", "blpop wiki:nothing"):
        assert [line for line in seen if part in line and "operate" not in line], "the client inside has been seen"
    assert not [line for line in seen if any(password in line for password in running.passwords)]


def test_docker_tells_no_password_of_a_command_that_runs(running: Running) -> None:
    server, told = running.host.client.containers.get(SHARED), ""
    with ThreadPoolExecutor() as pool:
        run = pool.submit(running.operate, "psql", "shop", "--", "-c", "select pg_sleep(2)")
        while "pg_sleep" not in told and not run.done():
            told = _commands_in(server)
    assert "pg_sleep" in told, "else nothing was looked at"
    assert not any(password in told for password in running.passwords)


def _commands_in(container: Container) -> str:
    """Everything that Docker tells of the commands that run in a container beside its own."""
    container.reload()
    told = []
    for one in container.attrs["ExecIDs"] or []:
        with suppress(NotFound):  # it has just ended
            told.append(container.client.api.exec_inspect(one))
    return json.dumps(told)


def _typed(running: Running, command: list[str], keys: list[str]) -> str:
    """What a terminal shows when `keys` are typed, each after the prompt or a second."""
    pid, terminal = pty.fork()
    if pid == 0:
        os.chdir(running.project.root)
        run = [PYTHON, "-m", "operate", command[0], "--stack", STACK, *command[1:]]
        os.execve(PYTHON, run, running.project.env)  # noqa: S606  the terminal has to be this process's own
    said = _shown(terminal, until="=>", seconds=15)
    for key in keys:
        os.write(terminal, key.encode())
        said += _shown(terminal, until="=> ", seconds=1)
    os.waitpid(pid, 0)
    return said


def _shown(terminal: int, until: str, seconds: float) -> str:
    said, deadline = "", time.monotonic() + seconds
    while until not in said and (left := deadline - time.monotonic()) > 0:
        ready, _, _ = select.select([terminal], [], [], left)
        try:
            said += os.read(terminal, 65536).decode(errors="replace") if ready else ""
        except OSError:  # the other end is closed
            break
    return said
