"""What a restore refuses before it touches anything, and the names that it gives."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from operate.backup import command, listing, manifest, restore, swap, take
from operate.backup.manifest import Facts, Manifest
from operate.backup.restore import Wanted
from operate.errors import OperateError
from tests.operate.outputs import stack

NAME = "shop-unified-20261121T093000Z.dump"


def copied(folder: Path, **changed: Any) -> Path:
    """A file of three bytes with its manifest."""
    told: dict[str, Any] = {
        "name": NAME, "stack": "dev", "app": "shop", "kind": "postgres", "store": "t-postgres/shop_db",
        "database": "shop_db", "started": "2026-11-21T09:30:00Z", "seconds": 1, "bytes": 3, "entries": 1,
        "facts": Facts(server_version="17.1"), **changed,
    }  # fmt: skip
    file = folder / told["name"]
    file.write_bytes(b"abc")
    file.with_name(f"{file.name}.json").write_text(Manifest(**told, sha256=manifest.digest(file)).text())
    return file


@pytest.mark.parametrize(("changed", "wanted", "error"), [
    ({"app": "wiki"}, Wanted(app="shop"), "is a copy of wiki, not of shop"),
    ({"stack": "prod"}, Wanted(app="shop"), "is of stack prod, not of dev"),
    ({"bytes": 4}, Wanted(app="shop"), "3 bytes instead of 4; nothing was changed"),
    ({"kind": "mongo"}, Wanted(app="shop"), "shop has no database in MongoDB"),
    ({"kind": "redis"}, Wanted(app="shop", name="other"), "--as and --swap are for databases"),
    ({}, Wanted(app="shop", replace=True), "--replace is for keys"),
    ({}, Wanted(app="nix"), "stack dev has no app nix"),
    ({}, Wanted(app="shop", name="Shop"), "no digit first"),
])  # fmt: skip
def test_what_cannot_be_restored_is_refused(
    tmp_path: Path, changed: dict[str, Any], wanted: Wanted, error: str
) -> None:
    with pytest.raises(OperateError, match=error):
        restore.look(stack(), wanted, copied(tmp_path, **changed))


def test_a_stack_that_is_down_is_refused(tmp_path: Path) -> None:
    with pytest.raises(OperateError, match="nothing can be restored: `make up STACK=dev` first"):
        restore.look(stack(running=False), Wanted(app="shop"), copied(tmp_path))
    with pytest.raises(OperateError, match="nothing can be copied"):
        command._apps(stack(running=False), "all")


def test_a_newer_version_is_refused_and_an_older_one_is_not(tmp_path: Path) -> None:
    copy = restore.look(stack(), Wanted(app="shop"), copied(tmp_path))
    assert copy is not None
    restore._require_version(copy, "17.0", "t-postgres")
    restore._require_version(copy, "18.1", "t-postgres")
    with pytest.raises(OperateError, match=r"is of version 17\.1, and t-postgres is 16\.4"):
        restore._require_version(copy, "16.4", "t-postgres")


@pytest.mark.parametrize("database", ["shop", "a" * 55])
def test_names_beside_a_database_fit_into_what_postgresql_keeps(database: str) -> None:
    for name in (swap.restored_name(database), swap.former_name(database, "20261121093000")):
        assert len(name) <= 63
        assert name.startswith(database[:30])


def test_a_swap_is_tried_again_only_where_somebody_was_connected(monkeypatch: pytest.MonkeyPatch) -> None:
    errors = ['database "a" is being accessed by other users'] * 2
    tried: list[str] = []

    def attempt(*names: Any) -> None:
        tried.append(names[1])
        if errors:
            raise OperateError(errors.pop())

    monkeypatch.setattr(swap, "_try", attempt)
    assert swap.exchange(None, "a", "b", "c", clock=lambda: 1.0).former == "c"  # type: ignore[arg-type]
    assert len(tried) == 3
    errors.append("permission denied")
    with pytest.raises(OperateError, match="permission denied"):
        swap.exchange(None, "a", "b", "c")  # type: ignore[arg-type]
    assert len(tried) == 4


def test_copies_are_listed_with_what_is_wrong_with_them(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(take.pulumi, "REPOSITORY", tmp_path)
    assert listing.look("dev", None) == []
    folder = tmp_path / "backups" / "dev"
    folder.mkdir(parents=True)
    copied(folder)
    copied(folder, name="shop-2-isolated-20261121T093000Z.cache.redis", app="shop-2").unlink()
    (folder / "wiki-isolated-20251121T093000Z.dump").touch()
    (folder / ".shop-unified-20261121T093000Z.dump.x1").touch()
    found = {(entry.app, entry.problem) for entry in listing.look("dev", None)}
    assert found == {("shop", None), ("shop-2", "missing"), ("wiki", "without a manifest: from before there were any")}
    assert [entry.app for entry in listing.look("dev", "shop")] == ["shop"]
