"""MongoDB in both shapes on real Docker: fences, rotation, retirement and purge, as clients see them.

What runs here stands in for MongoDB (docs/security.md): who is refused what is its answer, and how the stack is built,
rotated and purged is ours. One stack of its own; the tests go through its life in order, each from where the one before
has left it.
"""

from __future__ import annotations

import json
import os
import ssl
import tarfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import docker
import pymongo
import pytest
from bson import decode_all
from docker.errors import ImageNotFound
from pymongo.errors import OperationFailure, PyMongoError

from tests.integration import stackfile
from tests.integration.life import Life, lived
from tests.integration.mongo_stack import (
    CAUGHT,
    FROM_FILE,
    IMAGE,
    OWN,
    PREFIX,
    SHARED,
    entered,
    in_container,
    refused,
    settings,
    url,
)
from tests.integration.project import Project

pytestmark = pytest.mark.integration


@pytest.fixture(scope="module")
def life(daemon: docker.DockerClient, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Life]:
    """Two apps on the shared server and one with its own, up; purged at the end."""
    try:
        daemon.images.get(IMAGE)
    except ImageNotFound:
        pytest.fail(f"there is no image {IMAGE}: `python -m images build --mongo mongo:7` builds it", pytrace=False)
    with lived(daemon, Project(tmp_path_factory.mktemp("mongo"), settings(daemon)), Life) as found:
        yield found


def test_an_app_works_in_its_own_database_with_its_secret_file(life: Life) -> None:
    for app in ("shop", "blog", "wiki"):
        with entered(life, app) as client:
            its = client.get_default_database()
            its["tried"].insert_one({"app": app})
            its["tried"].create_index("app")
            assert its["tried"].find_one({}, {"_id": 0}) == {"app": app}
    assert in_container(life, "shop", f"{PREFIX}-data-tier", FROM_FILE) == "1"


def test_an_app_is_refused_everything_that_is_not_its_own(life: Life) -> None:
    with entered(life, "shop") as client:
        refused(client, "blog_data", "find", "tried")
        refused(client, "blog_data", {"insert": "tried", "documents": [{"app": "shop"}]})
        refused(client, "blog_data", "dropDatabase")
        refused(client, "blog_data", "listCollections")
        refused(
            client,
            "shop",
            {"aggregate": "tried", "pipeline": [{"$out": {"db": "blog_data", "coll": "taken"}}], "cursor": {}},
        )
        for command in ("listDatabases", "serverStatus", "getCmdLineOpts", "currentOp", "fsync"):
            refused(client, "admin", command)
        refused(client, "admin", "find", "system.users")
        refused(client, "local", "find", "oplog.rs")
        admin = [{"role": "root", "db": "admin"}]
        refused(client, "shop", {"createUser": "other", "pwd": "x", "roles": admin})
        refused(client, "shop", {"grantRolesToUser": "shop_a", "roles": admin})
        refused(client, "shop", {"updateUser": "shop_a", "pwd": "other"})


def test_nobody_enters_without_the_right_password_or_without_tls(life: Life) -> None:
    right = url(life, "shop")
    password = right.partition("shop_a:")[2].partition("@")[0]
    elsewhere = right.replace("/shop?authSource=shop", "/blog_data?authSource=blog_data")
    for wrong in (right.replace(password, "wrong"), right.replace("shop_a", "shop_b"), elsewhere):
        with entered(life, "shop", wrong) as client, pytest.raises(OperationFailure) as caught:
            client.get_default_database()["tried"].find_one()
        assert caught.value.code == 18
    with entered(life, "shop", right.replace(f"shop_a:{password}@", "")) as client:
        refused(client, "shop", "find", "tried")
    clear = right.partition("&tls=")[0]
    with pymongo.MongoClient(clear, serverSelectionTimeoutMS=1500) as client, pytest.raises(PyMongoError):
        client["shop"]["tried"].find_one()


def test_a_client_refuses_a_server_of_another_name(life: Life) -> None:
    network, hosts = f"{PREFIX}-data-tier", {"other": life.servers()["mongo"][0]}
    renamed = FROM_FILE.replace(".read()", f".read().replace('{SHARED}', 'other')")
    said = in_container(life, "shop", network, CAUGHT.format(code=renamed), hosts)
    assert "CERTIFICATE_VERIFY_FAILED" in said, said
    assert "Hostname mismatch" in said, said


def test_an_isolated_server_is_on_its_own_network_only(life: Life) -> None:
    servers = life.servers()
    wiki, shared = servers["mongo-wiki"], servers["mongo"]
    assert life.host.reachable_from(f"{PREFIX}-data-tier", wiki, shared) == [shared]
    assert life.host.reachable_from(f"{PREFIX}-wiki-data", wiki, shared) == [wiki]


def test_a_second_preview_is_empty(life: Life) -> None:
    done = life.project.pulumi("preview", "--expect-no-changes", ok=False)
    assert done.code == 0, done.text
    life.project.pulumi("refresh", "--yes")
    done = life.project.pulumi("preview", "--expect-no-changes", ok=False)
    assert done.code == 0, done.text


def test_another_app_leaves_every_container_as_it_was(life: Life) -> None:
    before = life.host.ids()
    life.change(apps={**life.apps, "feed": {"mongo": {"database": "feed"}}})
    life.up()
    assert life.host.ids() == before
    with entered(life, "feed") as client:
        client["feed"]["tried"].insert_one({"app": "feed"})
        refused(client, "shop", "find", "tried")


def test_a_rotation_changes_the_user_and_refuses_the_former(life: Life) -> None:
    before, ids = url(life, "shop"), life.host.ids()
    with entered(life, "shop", before) as stays:
        stays["shop"]["tried"].find_one()
        life.project.operate("rotate", "shop")
        life.__dict__.pop("told", None)
        with pytest.raises(OperationFailure):
            stays["shop"]["tried"].find_one()
    assert "shop_b:" in url(life, "shop")
    with entered(life, "shop") as client:
        assert client["shop"]["tried"].count_documents({}) == 1
    with entered(life, "shop", before) as client, pytest.raises(OperationFailure) as caught:
        client["shop"]["tried"].find_one()
    assert caught.value.code == 18
    assert in_container(life, "shop", f"{PREFIX}-data-tier", FROM_FILE) == "1"
    assert life.host.ids() == ids
    done = life.project.pulumi("preview", "--expect-no-changes", ok=False)
    assert done.code == 0, done.text


def test_an_app_without_a_service_keeps_its_former_user_until_it_is_finished(life: Life) -> None:
    before = url(life, "wiki")
    life.project.operate("rotate", "wiki")
    life.__dict__.pop("told", None)
    for one in (before, url(life, "wiki")):
        with entered(life, "wiki", one) as client:
            assert client["wiki"]["tried"].count_documents({}) == 1
    life.project.operate("rotate", "wiki", "--finish")
    with entered(life, "wiki", before) as client, pytest.raises(OperationFailure):
        client["wiki"]["tried"].find_one()


def test_a_retired_app_is_locked_out_and_its_data_stays(life: Life) -> None:
    before = url(life, "shop")
    with entered(life, "shop", before) as stays:
        stays["shop"]["tried"].find_one()
        life.change(retired=["shop"])
        life.up()
        with pytest.raises(OperationFailure):
            stays["shop"]["tried"].find_one()
    life.change(retired=None)
    life.up()
    with entered(life, "shop") as client:
        assert client["shop"]["tried"].count_documents({}) == 1


def test_a_database_that_is_renamed_or_gone_is_refused(life: Life) -> None:
    apps = life.apps
    for changed, wanted in (
        (
            {"mongo": {"database": "other"}},
            "data-tier:apps.blog.mongo.database = 'other': the app's data is in blog_data",
        ),
        ({"redis": []}, "data-tier:apps.blog"),
    ):
        life.change(apps={**apps, "blog": changed})
        life.refused(["preview"], wanted=(wanted, "nothing was built"))
    life.change(apps=apps, images={**stackfile.IMAGES, "source": "registry"})
    life.refused(["preview"], wanted=("data-tier:images.source", "a stand-in for MongoDB has written the data"))
    life.change(images=dict(stackfile.IMAGES))


def test_data_survives_down_and_up(life: Life) -> None:
    life.project.operate("down")
    assert life.host.containers() == {}
    life.change(running=None)
    life.up()
    for app in ("shop", "blog", "wiki", "feed"):
        with entered(life, app) as client:
            assert client.get_default_database()["tried"].count_documents({}) == 1, app
    done = life.project.pulumi("preview", "--expect-no-changes", ok=False)
    assert done.code == 0, done.text


def test_a_renewed_certificate_ends_no_connection_and_replaces_no_container(life: Life) -> None:
    def shown() -> str:
        return ssl.get_server_certificate(life.servers()["mongo"])

    before, ids = shown(), life.host.ids()
    with entered(life, "shop") as client:
        client["shop"]["tried"].find_one()
        [connection] = {one["id"] for one in client_connections(client)}
        life.change(tls={"days": 300})
        life.up()
        assert shown() != before
        assert client["shop"]["tried"].count_documents({}) == 1
        assert {one["id"] for one in client_connections(client)} == {connection}
    assert life.host.ids() == ids
    with entered(life, "shop") as client:
        assert client["shop"]["tried"].count_documents({}) == 1


def client_connections(client: pymongo.MongoClient[dict[str, Any]]) -> list[dict[str, Any]]:
    """The connection that answers, by the server's own number of it."""
    return [{"id": client.admin.command("hello")["connectionId"]}]


def test_status_and_reach_know_the_servers(life: Life) -> None:
    with entered(life, "shop") as client:
        client["shop"]["tried"].find_one()
        told = json.loads(life.project.operate("status", "--json").out)
    roles = {its["name"]: (its["role"], its["health"]) for its in told["containers"]}
    assert roles[SHARED] == roles[OWN] == ("mongo (stand-in)", "healthy")
    uses = {its["app"]: its for its in told["connections"]}
    assert (uses["shop"]["server"], uses["shop"]["store"]) == (SHARED, "shop")
    assert uses["shop"]["connections"] == 1
    assert uses["wiki"]["bytes"] > 0
    assert told["volumes"][f"{SHARED}-data"] > 0
    found = json.loads(life.project.operate("reach", "--json").out)
    assert found["surprises"] == 0
    assert {its["target"][1] for its in found["pairs"]} >= {27017}
    assert "stands in for MongoDB" in life.project.operate("logs", "mongo").out
    assert life.project.operate("env", "shop").out.startswith("MONGODB_URL='mongodb://shop_")


def test_a_purged_app_leaves_a_copy_that_can_be_read_and_nothing_else(life: Life) -> None:
    with entered(life, "blog") as client:
        client["blog_data"]["tried"].insert_many([{"number": number} for number in range(500)])
    life.change(retired=["blog"])
    life.up()
    told = json.loads(life.project.operate("purge", "blog", "--yes", "--json").out)
    [backup] = told["backups"]
    assert backup["entries"] == 501
    assert os.stat(backup["file"]).st_mode & 0o777 == 0o600
    with tarfile.open(backup["file"]) as archive:
        content, metadata = (archive.extractfile(f"blog_data/tried.{kind}") for kind in ("bson", "metadata.json"))
        assert content is not None
        assert metadata is not None
        assert sum(its.get("number", 0) for its in decode_all(content.read())) == sum(range(500))
        assert {index["name"] for index in json.load(metadata)["indexes"]} == {"_id_", "app_1"}
    Path(backup["file"]).unlink()
    life.__dict__.pop("told", None)
    admin, address = life.told["secrets"]["admin_passwords"]["mongo"], life.servers()["mongo"][0]
    ca = life.project.root / "ca.crt"
    with pymongo.MongoClient(address, username="admin", password=admin, tls=True, tlsCAFile=str(ca)) as client:
        assert set(client.list_database_names()) & {"shop", "blog_data", "feed"} == {"shop", "feed"}
        assert client["blog_data"].command("usersInfo", 1)["users"] == []


def test_no_password_is_in_logs_or_command_lines(life: Life) -> None:
    secrets = life.told["secrets"]
    passwords = [*secrets["admin_passwords"].values()]
    passwords += [its["mongodb_url"].rpartition("@")[0].rpartition(":")[2] for its in secrets["urls"].values()]
    assert len(passwords) == len(set(passwords)) == 5
    containers = life.host.containers(ended=True).values()
    said = [container.logs().decode() for container in containers]
    said += [json.dumps(container.attrs) for container in containers]
    for text in [*said, *life.project.seen]:
        assert not any(password in text for password in passwords)
