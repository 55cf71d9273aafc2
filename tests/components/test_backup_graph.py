"""Backups beside a server: what there is with them, what the container is given and what not, and bad input."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from components.config import SettingsError, parse
from tests.components.recording import Graph, build_from, export_all
from tests.components.samples import small
from tests.policies.graphs import faults

CONTAINER = "postgres-backup-container"


def raw(topology: str = "unified", backup: Any = None, **apps: Any) -> dict[str, Any]:
    made = small(topology, **apps)
    made["postgres"]["backup"] = {} if backup is None else backup
    return made


def graph(*given: Any, **apps: Any) -> Graph:
    return build_from(raw(*given, **apps), export_all)


def names(of: Graph) -> list[str]:
    return sorted(one.inputs["name"] for one in of.of("Container").values() if one.inputs["name"].endswith("-backup"))


def test_each_server_has_its_own_container_and_none_without_being_asked():
    assert names(graph()) == ["small-postgres-unified-backup"]
    assert names(graph("isolated")) == ["small-blog-postgres-backup", "small-shop-postgres-backup"]
    assert names(build_from(small())) == []
    assert names(graph("unified", {"enabled": False})) == []


def test_an_app_says_for_its_own_server_that_it_has_none():
    own = {"postgres": {"database": "blog", "server": {"backup": {"enabled": False}}}}
    assert names(graph("isolated", blog=own)) == ["small-shop-postgres-backup"]


def test_one_more_app_leaves_server_and_backups_as_they_are():
    more = graph(wiki={"postgres": {"database": "wiki"}}).by_urn()
    for name in ("postgres-server-container", CONTAINER):
        urn = f"docker:index/container:Container::{name}"
        assert graph().by_urn()[urn] == more[urn]


def test_the_server_archives_and_has_no_passphrase():
    its = graph().of("Container")["postgres-server-container"].inputs
    command = " ".join(its["command"])
    assert "archive_mode=on" in command
    assert "archive_timeout=60" in command
    assert "cipher" not in json.dumps([command, its["uploads"]])


def test_the_container_has_no_password_in_sight_and_reads_the_data_only():
    its = graph().of("Container")[CONTAINER].inputs
    assert "Plain-" not in json.dumps([its["envs"], its["command"], its["uploads"], its["labels"]])
    mounts = {one["containerPath"]: one.get("readOnly", False) for one in its["volumes"]}
    assert mounts["/var/lib/postgresql/data"] is True
    assert mounts["/var/run/postgresql"] is True
    assert "ports" not in its


def test_the_repository_and_its_passphrase_are_kept_like_data():
    made = graph()
    for kind, name in (("Volume", "postgres-backup-repository"), ("RandomPassword", "postgres-backup-passphrase")):
        found = made.of(kind)[name]
        assert (found.protect, found.retain_on_delete) == (True, True), name


@pytest.fixture
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """A repository at an S3 service, whose authorities' file is there."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "s3.pem").write_text("an authority")
    keys = {"access_key": {"env": "S3_KEY"}, "secret_key": {"config": "s3-secret"}}
    return {"repository": {"s3": {"endpoint": "s3.example.com", "bucket": "kept", "ca": "s3.pem", **keys}}}


def test_a_repository_elsewhere_is_reached_by_one_relay_from_internal_networks(elsewhere: dict[str, Any]):
    made = graph("unified", elsewhere)
    networks = {one.inputs["name"]: one.inputs.get("internal", False) for one in made.of("Network").values()}
    backup, relay = made.of("Container")[CONTAINER].inputs, made.of("Container")["postgres-backup-s3-relay"].inputs
    assert all(networks[one["name"]] for one in backup["networksAdvanced"])
    assert ["s3.example.com"] in [one.get("aliases") for one in relay["networksAdvanced"]]
    config = next(one["content"] for one in backup["uploads"] if one["file"].endswith("pgbackrest.conf"))
    assert "repo1-type=s3" in config
    assert "repo1-path=/data-tier/small-postgres-unified-backup" in config
    assert "s3-key" not in config
    assert faults(made) == []


@pytest.mark.parametrize(
    "changed", [{"endpoint": "https://s3.example.com"}, {"bucket": "No"}, {"folder": "kept"}, {"ca": None}, {"odd": 1}]
)
def test_a_repository_elsewhere_that_can_not_be_is_refused(elsewhere: dict[str, Any], changed: dict[str, Any]):
    its = {**elsewhere["repository"]["s3"], **changed}
    with pytest.raises(SettingsError):
        parse(raw("unified", {"repository": {"s3": its}}))


def test_a_name_that_is_too_long_with_the_way_to_the_repository_is_refused(elsewhere: dict[str, Any]):
    made = raw("unified", elsewhere)
    made["postgres"]["name"] = "a-server-with-a-name-of-exactly-forty-on"
    parse({**made, "postgres": {**made["postgres"], "backup": {}}})
    with pytest.raises(SettingsError, match="with -backup-s3-outside behind it, as the way to its repository"):
        parse({**made, "postgres": {**made["postgres"], "name": made["postgres"]["name"] + "-and-more"}})


@pytest.mark.parametrize("topology", ["unified", "isolated"])
def test_the_policies_let_it_through(topology: str):
    assert faults(graph(topology)) == []


@pytest.mark.parametrize(
    ("backup", "key"),
    [
        ({"full": "61 2 * * *"}, "backup.full"),
        ({"full": "daily"}, "backup.full"),
        ({"schedule": "0 2 * * *"}, "backup.schedule"),
        ({"keep": {"full": 0}}, "backup.keep.full"),
        ({"archive_timeout": "100ms"}, "backup.archive_timeout"),
        ({"memory": "16Mi"}, "backup.memory"),
        ({"enabled": False, "full": "0 2 * * *"}, "backup"),
    ],
)
def test_bad_input_is_one_clear_error(backup: dict[str, Any], key: str):
    with pytest.raises(SettingsError) as caught:
        parse(raw("unified", backup))
    assert [problem.key for problem in caught.value.problems] == [f"data-tier:postgres.{key}"]


def test_without_tls_and_with_parameters_of_their_own_they_are_refused():
    made = raw()
    made["tls"] = {"enabled": False}
    made["postgres"]["parameters"] = {"archive_mode": "off"}
    with pytest.raises(SettingsError) as caught:
        parse(made)
    assert {problem.key for problem in caught.value.problems} >= {
        "data-tier:postgres.backup",
        "data-tier:postgres.parameters.archive_mode",
    }
