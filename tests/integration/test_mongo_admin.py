"""MongoDB's admins turn in place, copies restore, and an app's own server is on a network of 16 addresses, on Docker.

One stack of its own; the tests go through its life in order, each from where the one before has left it.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Iterator
from ipaddress import IPv4Network
from pathlib import Path
from typing import Any

import docker
import pymongo
import pytest
from pymongo.errors import OperationFailure

from tests.integration import mongo_stack
from tests.integration.life import Life, lived
from tests.integration.project import Project

pytestmark = pytest.mark.integration
PREFIX = f"documents-{os.getpid()}"
OWN = f"{PREFIX}-wiki-mongo"


def settings(client: docker.DockerClient) -> dict[str, Any]:
    service = {"tier": "backend", "memory": "64Mi"}
    own = {"resources": {"reservation": "320Mi"}}
    return {
        **mongo_stack.settings(client),
        "data-tier:prefix": PREFIX,
        "data-tier:mongo": {"image": "mongo:7", "resources": {"memory": "512Mi", "reservation": "256Mi", "cpu": 1}},
        "data-tier:apps": {
            "shop": {"mongo": {"database": "shop"}},
            "wiki": {"mongo": {"database": "wiki", "server": own}, "dedicated": True, "service": service},
        },
    }


@pytest.fixture(scope="module")
def life(daemon: docker.DockerClient, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Life]:
    """An app on the shared server, and one with its own, up; purged at the end."""
    with lived(daemon, Project(tmp_path_factory.mktemp("documents"), settings(daemon)), Life) as found:
        yield found


def entered(life: Life, key: str, password: str) -> pymongo.MongoClient[dict[str, Any]]:
    """A client that is the admin of a server."""
    return pymongo.MongoClient(
        life.servers()[key][0],
        username="admin",
        password=password,
        tls=True,
        tlsCAFile=str(life.project.root / "ca.crt"),
        directConnection=True,
        serverSelectionTimeoutMS=5000,
    )


def admins(life: Life) -> dict[str, str]:
    """The present password of each server's admin."""
    life.__dict__.pop("told", None)
    found: dict[str, str] = life.told["secrets"]["admin_passwords"]
    return found


def test_an_own_server_has_the_last_address_and_docker_hands_out_the_first_ones(life: Life) -> None:
    network = life.host.client.networks.get(f"{PREFIX}-wiki-data")
    [pool] = network.attrs["IPAM"]["Config"]
    subnet = IPv4Network(pool["Subnet"])
    assert (subnet.prefixlen, pool["IPRange"]) == (28, f"{subnet[8]}/29")
    there = {its["Name"]: its["IPv4Address"].partition("/")[0] for its in network.attrs["Containers"].values()}
    assert there == {OWN: str(subnet[-2]), f"{PREFIX}-wiki": str(subnet[8])}
    others = [_waiting(life, f"{PREFIX}-other-{number}") for number in range(3)]
    try:
        network.reload()
        taken = sorted(its["IPv4Address"].partition("/")[0] for its in network.attrs["Containers"].values())
        assert taken == sorted([*there.values(), *(str(subnet[number]) for number in (9, 10, 11))])
        life.host.client.containers.get(OWN).restart()
        _until_healthy(life)
        life.up()
        assert life.servers()["mongo-wiki"][0] == str(subnet[-2])
    finally:
        for other in others:
            other.remove(force=True)


def _waiting(life: Life, name: str) -> Any:
    """A further container on the app's own network, whose address Docker chooses."""
    network = f"{PREFIX}-wiki-data"
    return life.host.client.containers.run(
        "data-tier/probe:1", ["sleep", "600"], name=name, network=network, detach=True
    )


def test_what_is_reserved_is_what_docker_keeps(life: Life) -> None:
    kept = [its.attrs["HostConfig"]["MemoryReservation"] >> 20 for its in _mongos(life)]
    assert kept == [256, 320]


def _mongos(life: Life) -> list[Any]:
    return [life.host.client.containers.get(name) for name in (f"{PREFIX}-mongo-unified", OWN)]


def test_a_rotation_of_all_admins_is_noticed_by_no_app_and_ends_in_one_password_each(life: Life) -> None:
    before, ids = admins(life), life.host.ids()
    started = [its.attrs["State"]["StartedAt"] for its in _mongos(life)]
    url = life.url("shop", "mongodb_url", "mongo")
    with pymongo.MongoClient(url, serverSelectionTimeoutMS=5000) as stays:
        stays["shop"]["tried"].insert_one({"turn": 1})
        told = json.loads(life.project.operate("rotate", "all", "--admin", "--json").out)["servers"]
        assert stays["shop"]["tried"].count_documents({}) == 1
    assert {its["server"]: its["generation"] for its in told} == {"mongo": 2, "mongo-wiki": 2}
    after = admins(life)
    for key in ("mongo", "mongo-wiki"):
        assert before[key] != after[key]
        with entered(life, key, after[key]) as client:
            assert client.admin.command("usersInfo", 1)["users"]
        with entered(life, key, before[key]) as client, pytest.raises(OperationFailure) as caught:
            client.admin.command("usersInfo", 1)
        assert caught.value.code == 18
    assert (life.host.ids(), [its.attrs["State"]["StartedAt"] for its in _mongos(life)]) == (ids, started)
    done = life.project.pulumi("preview", "--expect-no-changes", ok=False)
    assert done.code == 0, done.text


def test_a_server_that_starts_again_has_the_new_password_and_a_new_app_gets_in(life: Life) -> None:
    for container in _mongos(life):
        container.restart()
    _until_healthy(life)
    life.up()
    life.change(apps={**life.apps, "feed": {"mongo": {"database": "feed"}}})
    life.up()
    with pymongo.MongoClient(life.url("feed", "mongodb_url", "mongo"), serverSelectionTimeoutMS=5000) as client:
        client["feed"]["tried"].insert_one({"app": "feed"})


def _until_healthy(life: Life) -> None:
    over = time.monotonic() + 60
    while any(its.attrs["State"]["Health"]["Status"] != "healthy" for its in _mongos(life)):
        assert time.monotonic() < over, "a server that has started again doesn't become healthy"
        time.sleep(0.5)


def test_status_tells_until_when_certificates_are_valid_and_the_doctor_misses_a_user(life: Life) -> None:
    told = json.loads(life.project.operate("status", "--json").out)
    assert set(told["certificates"]) == {OWN, f"{PREFIX}-mongo-unified"}
    with entered(life, "mongo", admins(life)["mongo"]) as client:
        client["shop"].command("dropUser", "shop_a")
    said = life.project.operate("doctor", "--json", ok=False).out
    missing = [one for one in json.loads(said)["findings"] if one["check"] == "mongo users"]
    assert [one["found"] for one in missing] == [f"shop_a is missing on {PREFIX}-mongo-unified"]
    life.project.operate("rotate", "shop")
    life.__dict__.pop("told", None)
    with pymongo.MongoClient(life.url("shop", "mongodb_url", "mongo"), serverSelectionTimeoutMS=5000) as client:
        assert client["shop"]["tried"].count_documents({}) == 1


@pytest.mark.parametrize(("app", "key"), [("shop", "mongo"), ("wiki", "mongo-wiki")])
def test_a_copy_restores_to_what_was_copied_into_another_database(life: Life, app: str, key: str) -> None:
    password, url = admins(life)[key], life.url(app, "mongodb_url", key)  # which writes the authority down
    with entered(life, key, password) as client:
        client[app]["books"].insert_many([{"_id": number, "name": f"b{number}"} for number in range(1200)])
        client[app]["books"].create_index("name", unique=True)
        client[app]["empty"].create_index("a")
        told = json.loads(life.project.operate("backup", app, "--check", "restore", "--json").out)
        [file] = [one["file"] for one in told["backups"]]
        [read, restored] = told["backups"][0]["checks"]
        assert (read["by"], restored["by"], restored["equal"]) == ("read", "restore", True)
        wrong = life.project.operate("restore", app, "--from", file, "--swap", "--yes", ok=False)
        assert "MongoDB can't rename a database" in wrong.err
        life.project.operate("restore", app, "--from", file)
        again = life.project.operate("restore", app, "--from", file, ok=False)
        assert f"has a database {app}_restored already" in again.err
        its = client[f"{app}_restored"]
        assert [*its["books"].find({}, sort=[("_id", 1)])] == [*client[app]["books"].find({}, sort=[("_id", 1)])]
        assert its["books"].index_information()["name_1"]["unique"] is True
        assert "a_1" in its["empty"].index_information()
        assert not [name for name in client.list_database_names() if "scratch" in name]
        client.drop_database(f"{app}_restored")
        manifest = Path(f"{file}.json")
        manifest.write_text(manifest.read_text().replace('"rows": 1200', '"rows": 1201'))
        differs = life.project.operate("restore", app, "--from", file, ok=False)
        assert "books has 1200 rows instead of 1201" in differs.err
        assert f"{app}_restored" not in client.list_database_names()
    with pymongo.MongoClient(url, serverSelectionTimeoutMS=5000) as client, pytest.raises(OperationFailure):
        client["data_tier_scratch_x"]["books"].find_one()


def test_no_password_of_an_admin_is_in_logs_or_command_lines(life: Life) -> None:
    passwords = list(admins(life).values())
    said = [container.logs().decode() for container in life.host.containers(ended=True).values()]
    said += [json.dumps(container.attrs) for container in life.host.containers(ended=True).values()]
    for text in [*said, *life.project.seen]:
        assert not any(password in text for password in passwords)
