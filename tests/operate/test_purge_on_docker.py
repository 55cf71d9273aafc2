"""A whole purge on real Docker, cut short in between; what it has backed up makes the data again."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from docker.models.containers import Container

from operate import connections, inside
from operate.backup import postgres, postgres_facts, redis
from operate.errors import OperateError
from operate.postgres_tools import Tools
from operate.stack import Server, parse
from tests.integration.project import STACK
from tests.operate.conftest import PREFIX, Running

pytestmark = pytest.mark.integration


def test_a_backup_makes_every_key_again_with_its_time_to_live(running: Running, tmp_path: Path) -> None:
    kinds = 'set shop:k 1\nsetex shop:ttl 900 x\nrpush shop:list a b\nset shop:bytes "\\x00\\r\\n\\xff"\n'
    many = "".join(f"set shop:many:{number} {number}\n" for number in range(1000))
    running.operate("redis", "shop", given=f"{kinds}select 1\n{many}")
    server = running.host.client.containers.get(f"{PREFIX}-redis-unified")
    with (tmp_path / "shop.redis").open("wb") as file:
        facts = redis.take(server, "shop", [0, 1], file)
    before = {number: _keys(server, number) for number in ("0", "1")}
    assert {number: table.rows for number, table in facts.tables.items()} == {
        number: len(found) for number, found in before.items()
    }
    _redis(server, "flushall")
    with (tmp_path / "shop.redis").open("rb") as file:
        done = inside.capture(server, connections.redis_as_admin("--pipe"), given=file)
    assert b"errors: 0" in done.out
    assert {number: _keys(server, number) for number in ("0", "1")} == before
    assert 0 < int(_redis(server, "ttl", "shop:ttl")) <= 900
    assert _redis(server, "strlen", "shop:bytes") == "4\n"


def test_a_dump_that_cannot_be_read_to_its_end_is_refused(running: Running) -> None:
    server = running.host.client.containers.get(f"{PREFIX}-postgres-unified")
    running.operate(
        "psql", "shop", "--admin", "--", "-c", "create table t as select md5(n::text) from generate_series(1, 9999) n"
    )
    tools = Tools(container=server, where=f"{PREFIX}-postgres-unified", admin=_server(running).admin)
    whole = io.BytesIO()
    postgres_facts.dump(tools, "shop_db", whole)
    with pytest.raises(OperateError, match="can't read the dump of shop_db"):
        postgres.read(tools, io.BytesIO(whole.getvalue()[:-5000]), "shop_db")
    with pytest.raises(OperateError, match=r'dump nix: .*database "nix" does not exist'):
        postgres_facts.dump(tools, "nix", io.BytesIO())


def test_a_retired_app_is_purged_after_a_backup_also_by_a_second_try(running: Running) -> None:
    running.operate("psql", "wiki", "--admin", "--", "-c", "create table pages as select 1 as page")
    assert "wiki is in use" in running.operate("purge", "wiki", "--yes", ok=False).err
    content = running.project.edit()
    content["config"]["data-tier:retired"] = ["wiki"]
    running.project.write(content)
    running.project.pulumi("up", "--yes", "--skip-preview")
    assert "wiki is retired" in running.operate("psql", "wiki", "--", "-c", "select 1", ok=False).err
    assert "add --yes" in running.operate("purge", "wiki", ok=False).err
    before, earlier = running.host.ids(), set(_backups(running))

    with _locked(running):
        cut = running.operate("purge", "wiki", "--yes", ok=False)
    assert (cut.code, "currently locked" in cut.text) == (1, True), "cut short after the backup"
    saved = sorted(path.name for path in {*_backups(running)} - earlier)
    assert [name.partition("-2")[0] for name in saved] == ["wiki-isolated", "wiki-isolated"], "database and keys"
    assert all(path.with_name(f"{path.name}.json").exists() for path in _backups(running)), "each with its manifest"
    assert {path.stat().st_mode & 0o777 for path in _backups(running)} == {0o600}

    done = running.operate("purge", "wiki", "--yes", "--json")
    told = json.loads(done.out)
    fresh = [Path(backup["file"]).name for backup in told["backups"]]
    assert [name.partition("-2")[0] for name in sorted(fresh)] == ["wiki-isolated", "wiki-isolated"]
    assert not set(fresh) & set(saved), "what is deleted now is backed up now, whatever other backups there are"
    assert "wiki" not in running.project.edit()["config"]["data-tier:apps"]
    left = [*running.host.containers(ended=True), *running.host.volumes(), *running.host.networks()]
    assert not [name for name in left if "wiki" in name], "its servers, volumes and network are gone"
    assert running.host.ids() == {name: id for name, id in before.items() if "wiki" not in name}, "others untouched"
    assert "nothing to purge" in running.operate("purge", "wiki", "--yes", ok=False).err


@contextmanager
def _locked(running: Running) -> Iterator[None]:
    """The stack as another run holds it: what changes it fails, what reads it doesn't."""
    folder = running.project.state / ".pulumi" / "locks" / "organization" / "data-tier" / STACK
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "other.json").write_text('{"pid": 1, "username": "ann", "hostname": "elsewhere", "timestamp": "2026"}')
    yield
    (folder / "other.json").unlink()


def _backups(running: Running) -> list[Path]:
    found = (running.project.root / "backups" / STACK).glob("wiki-*")
    return [path for path in found if path.suffix != ".json"]


def _server(running: Running) -> Server:
    return parse(STACK, running.project.outputs()).servers["postgres"]


def _redis(server: Container, *arguments: str) -> str:
    return inside.capture(server, connections.redis_as_admin(*arguments)).out.decode()


def _keys(server: Container, number: str) -> set[str]:
    return set(_redis(server, "-n", number, "keys", "shop:*").splitlines())
