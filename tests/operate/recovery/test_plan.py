"""What is read from a kit's state, and what of the state is kept on a host that has nothing."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

import pytest

from embedded.values import SECRET_SIGNATURE, SIGNATURE
from operate.errors import OperateError
from operate.recovery import copies, plan

BASE = "urn:pulumi:dev::data-tier::"
ROOT = f"{BASE}pulumi:pulumi:Stack::data-tier-dev"
SERVER = f"{BASE}data-tier:postgres:PostgresServer::unified"
OWN = f"{BASE}data-tier:postgres:PostgresServer::own"
OUTSIDE = f"{BASE}data-tier:postgres:ExternalServer::outside"
CONTAINER = "docker:index/container:Container"
VOLUME = "docker:index/volume:Volume"
ROLE = "postgresql:index/role:Role"
DATABASE = "postgresql:index/database:Database"
GRANT = "postgresql:index/grant:Grant"


def secret(value: Any) -> dict[str, Any]:
    return {SIGNATURE: SECRET_SIGNATURE, "plaintext": json.dumps(value)}


def custom(kind: str, name: str, inputs: dict[str, Any], **more: Any) -> dict[str, Any]:
    urn = f"{BASE}{kind}::{name}"
    return {"urn": urn, "type": kind, "custom": True, "id": name, "inputs": inputs, **more}


def component(urn: str) -> dict[str, Any]:
    return {"urn": urn, "type": urn.split("::")[2], "custom": False, "parent": ROOT}


def provider(name: str, parent: str) -> dict[str, Any]:
    return custom("pulumi:providers:postgresql", name, {}, parent=parent)


def inside(kind: str, name: str, server: str, *, needs: tuple[str, ...] = (), **inputs: Any) -> dict[str, Any]:
    where = f"{BASE}pulumi:providers:postgresql::{server}-provider::{server}-provider"
    return custom(kind, name, {"name": name, **inputs}, provider=where, dependencies=list(needs), parent=ROOT)


def volume(name: str, parent: str) -> dict[str, Any]:
    labels = [{"label": "data-tier.stack", "value": "shop"}, {"label": "data-tier.tier", "value": "data"}]
    return custom(VOLUME, name, {"name": name, "labels": labels}, parent=parent)


def state() -> dict[str, Any]:
    image = custom("docker:index/remoteImage:RemoteImage", "image", {"name": "data-tier/backup:17"})
    servers = {
        "postgres": {"name": "pg", "kind": "postgres", "volume": "pg-data", "admin": "admin", "backup": "pg-backup"},
        "own": {"name": "own", "kind": "postgres", "volume": "own-data", "admin": "admin", "backup": None},
        "redis": {"name": "redis", "kind": "redis", "volume": "redis-data", "admin": "admin", "backup": None},
    }
    secrets = secret({"admin_passwords": {"postgres": "of-the-admin", "own": "another"}})
    outputs = {"prefix": "shop", "running": True, "servers": servers, "secrets": secrets}
    backup = custom(
        CONTAINER,
        "pg-backup",
        {
            "name": "pg-backup",
            "volumes": [{"containerPath": "/var/lib/data-tier", "volumeName": "pg-backup-data"}],
            "uploads": [
                {"file": "/etc/data-tier/backup.json", "content": "{}"},
                {"file": "/opt/data-tier/images/backup/serve.py", "content": "of another version"},
            ],
        },
        dependencies=[image["urn"]],
        propertyDependencies={"image": [image["urn"]]},
    )
    fill = custom(
        CONTAINER,
        "pg-backup-secrets-fill",
        {"name": "pg-backup-secrets-fill", "uploads": secret([{"file": "/in/backup_cipher", "content": "the-key"}])},
    )
    role = inside(ROLE, "shop_a", "unified", needs=(backup["urn"],), password=secret("SCRAM-SHA-256$of-shop"))
    role["deletedWith"] = backup["urn"]
    resources = [
        {"urn": ROOT, "type": "pulumi:pulumi:Stack", "custom": False, "outputs": outputs},
        *(component(urn) for urn in (SERVER, OWN, OUTSIDE)),
        *(provider(f"{name}-provider", urn) for name, urn in (("unified", SERVER), ("own", OWN), ("outside", OUTSIDE))),
        custom("random:index/randomPassword:RandomPassword", "word", {}),
        image,
        volume("pg-data", SERVER),
        volume("pg-backup-data", SERVER),
        volume("own-data", OWN),
        backup,
        fill,
        role,
        inside(ROLE, "late_a", "unified"),
        inside(DATABASE, "shop", "unified", needs=(f"{BASE}{ROLE}::shop_a",)),
        inside(GRANT, "shop-grant", "unified", needs=(f"{BASE}{DATABASE}::shop",)),
        inside(DATABASE, "late", "unified", needs=(f"{BASE}{ROLE}::late_a",)),
        inside(GRANT, "late-grant", "unified", needs=(f"{BASE}{DATABASE}::late",)),
        inside(ROLE, "own_a", "own"),
        inside(ROLE, "far_a", "outside"),
        custom("command:local:Command", "grants", {"create": "grant"}, dependencies=[f"{BASE}{ROLE}::shop_a"]),
    ]
    return {"manifest": {}, "resources": resources, "pending_operations": []}


def kept(deployment: dict[str, Any], roles: list[str], databases: list[str]) -> dict[str, dict[str, Any]]:
    there = {"postgres": {"roles": roles, "databases": databases}}
    left = plan.surviving(deployment, plan.restored(deployment), there)
    return {item["urn"].rpartition("::")[2]: item for item in left["resources"]}


def test_a_repository_at_a_service_is_known_and_no_rebuild_begins_from_it(tmp_path: Path) -> None:
    deployment = state()
    (backup,) = (one for one in deployment["resources"] if one.get("inputs", {}).get("name") == "pg-backup")
    text = "[global]\nrepo1-type=s3\nrepo1-path=/data-tier\n"
    backup["inputs"]["uploads"].append({"file": "/etc/data-tier/pgbackrest.conf", "content": text})

    (found,) = plan.restored(deployment)

    assert found.elsewhere
    assert not plan.restored(state())[0].elsewhere
    with pytest.raises(OperateError, match="of pg is at an S3 service, and a rebuild takes copies of volumes only"):
        copies.find([found], tmp_path)


def test_a_server_with_backups_is_read_with_its_key_and_its_verifiers() -> None:
    (found,) = plan.restored(state())

    assert (found.key, found.name, found.image, found.cipher) == ("postgres", "pg", "data-tier/backup:17", "the-key")
    assert (found.data.name, found.repository.name) == ("pg-data", "pg-backup-data")
    assert found.data.labels == {"data-tier.stack": "shop", "data-tier.tier": "data"}
    assert found.files == {"/etc/data-tier/backup.json": "{}"}, "the program is this checkout's, not the kit's"
    assert found.verifiers["shop_a"] == "SCRAM-SHA-256$of-shop"
    assert found.verifiers["admin"].startswith("SCRAM-SHA-256$4096:")
    assert "of-the-admin" not in repr(found)


def test_a_state_of_a_stack_that_is_down_is_refused() -> None:
    deployment = state()
    deployment["resources"] = [item for item in deployment["resources"] if item["type"] != CONTAINER]

    with pytest.raises(OperateError, match="while the stack runs"):
        plan.restored(deployment)


def test_passwords_roles_databases_and_filled_volumes_are_kept_and_the_rest_is_not() -> None:
    found = kept(state(), ["shop_a", "late_a"], ["shop", "late"])

    assert {"word", "shop_a", "shop", "shop-grant", "late", "pg-data", "pg-backup-data", "far_a"} <= found.keys()
    assert not {"image", "pg-backup", "pg-backup-secrets-fill", "grants", "own-data", "own_a"} & found.keys()
    assert {"unified-provider", "own-provider", "outside-provider"} <= found.keys()


def test_what_is_kept_needs_nothing_that_is_gone() -> None:
    found = kept(state(), ["shop_a"], ["shop"])
    seen: set[str] = set()

    for item in found.values():
        needed = {*item.get("dependencies", ()), *(item.get("provider", "").rpartition("::")[0],)} - {""}
        assert needed <= seen, item
        assert "deletedWith" not in item
        seen.add(item["urn"])


def test_what_the_restored_server_has_not_is_made_again_with_all_that_is_in_it() -> None:
    found = kept(state(), ["shop_a"], ["shop"])

    assert not {"late_a", "late", "late-grant"} & found.keys()
    assert {"shop", "shop-grant"} <= found.keys()


def test_the_kit_s_state_stays_as_it_was() -> None:
    deployment = state()
    before = copy.deepcopy(deployment)
    kept(deployment, ["shop_a"], ["shop"])
    assert deployment == before


def test_an_only_server_s_copy_may_be_the_folder_itself(tmp_path: Path) -> None:
    (tmp_path / "repository").mkdir()
    servers = plan.restored(state())

    assert copies.find(servers, tmp_path) == {"postgres": tmp_path}


@pytest.mark.parametrize("name", ["pg-backup-data", "pg-backup-data.tar.gz", "pg.tar"])
def test_a_copy_is_found_by_the_name_of_its_volume_or_server(tmp_path: Path, name: str) -> None:
    (tmp_path / name).touch()

    assert copies.find(plan.restored(state()), tmp_path) == {"postgres": tmp_path / name}


def test_a_copy_that_is_missing_is_named(tmp_path: Path) -> None:
    with pytest.raises(OperateError, match=r"has no copy of pg-backup-data \(pg\)"):
        copies.find(plan.restored(state()), tmp_path)
    with pytest.raises(OperateError, match="there is nothing"):
        copies.find(plan.restored(state()), tmp_path / "gone")
