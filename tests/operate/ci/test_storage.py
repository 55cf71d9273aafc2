"""Storage that a stack file declares: shared and own PostgreSQL servers, and what can't be known."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from operate.ci import storage

REPOSITORY = Path(__file__).parents[3]
GIBIBYTE = 1024


def changed(folder: Path, **apps: Any) -> Path:
    """The development stack file with other apps, or other keys of them."""
    content = yaml.safe_load((REPOSITORY / "Pulumi.dev.yaml").read_text())
    content["config"]["data-tier:apps"].update(apps)
    file = folder / "Pulumi.dev.yaml"
    file.write_text(yaml.safe_dump(content))
    return file


def test_a_shared_server_counts_once() -> None:
    assert storage.declared(REPOSITORY / "Pulumi.dev.yaml") == 20 * GIBIBYTE


def test_a_server_of_its_own_counts_with_its_own_size(tmp_path: Path) -> None:
    own = {"database": "shop", "server": {"storage": "5Gi"}}
    assert storage.declared(changed(tmp_path, shop={"dedicated": True, "postgres": own})) == 25 * GIBIBYTE


@pytest.mark.parametrize("text", ["", "config:", "config: [1]", "config: {'data-tier:prefix': 3}", "["])
def test_what_is_no_stack_file_has_no_known_size(tmp_path: Path, text: str) -> None:
    file = tmp_path / "Pulumi.dev.yaml"
    file.write_text(text)
    assert storage.declared(file) is None


def test_a_missing_file_has_no_known_size(tmp_path: Path) -> None:
    assert storage.declared(tmp_path / "none.yaml") is None


def test_redis_counts_where_the_file_says_how_much(tmp_path: Path) -> None:
    file = changed(tmp_path)
    content = yaml.safe_load(file.read_text())
    content["config"]["data-tier:redis"]["storage"] = "1Gi"
    file.write_text(yaml.safe_dump(content))
    assert storage.declared(file) == 21 * GIBIBYTE


def test_servers_of_mongodb_count_too(tmp_path: Path) -> None:
    file = changed(tmp_path, wiki={"mongo": {"database": "wiki"}})
    content = yaml.safe_load(file.read_text())
    server = {"image": "mongo:7", "storage": "3Gi", "resources": {"memory": "1Gi", "cpu": 1}}
    content["config"]["data-tier:mongo"] = server
    file.write_text(yaml.safe_dump(content))
    assert storage.declared(file) == 23 * GIBIBYTE


def test_a_stack_that_was_taken_down_has_its_size_all_the_same(tmp_path: Path) -> None:
    file = changed(tmp_path)
    content = yaml.safe_load(file.read_text())
    content["config"]["data-tier:running"] = "false"  # as `config set` writes it
    file.write_text(yaml.safe_dump(content))
    assert storage.declared(file) == 20 * GIBIBYTE
