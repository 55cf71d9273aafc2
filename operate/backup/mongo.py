"""A copy of a MongoDB database: a tar of the files that `mongodump` writes, `<database>/<collection>.bson` and
`.metadata.json`.

Read collection by collection, not of one moment: what is written meanwhile may be missing. Counts and checksums are of
what was written into the copy.
"""

from __future__ import annotations

import hashlib
import io
import json
import secrets
import tarfile
import tempfile
from collections.abc import Iterator, Mapping
from typing import Any, BinaryIO, Final

from bson import decode_file_iter, json_util
from bson.codec_options import CodecOptions
from bson.errors import BSONError
from bson.raw_bson import RawBSONDocument
from docker.models.containers import Container

from operate import mongo
from operate.backup.manifest import Facts, Table, differences, summed
from operate.errors import OperateError
from operate.mongo_client import Client
from operate.stack import Server

SCRATCH: Final = "data_tier_scratch_"
_SECONDS: Final = 600
_SCRIPTS: Final = "system.js"  # an app's own; the other collections of this kind the server makes itself
_BATCH: Final = 500
_RAW: Final[CodecOptions[Any]] = CodecOptions(document_class=RawBSONDocument)
_MADE_BY_ITSELF: Final = "_id_"
_DATA, _TOLD = ".bson", ".metadata.json"


def take(container: Container, server: Server, database: str, file: BinaryIO) -> Facts:
    """Write a database, and what was written. Raises OperateError."""
    tables = {}
    with mongo.admin(container, server, _SECONDS) as client, tarfile.open(fileobj=file, mode="w") as archive:
        for its in _collections(client, database):
            tables[str(its["name"])] = _collection(client, database, its, archive)
        return Facts(server_version=_version(client), tables=tables)


def read(file: BinaryIO) -> int:
    """How many documents a copy has; all of it is read. Raises OperateError for one that isn't whole."""
    return sum(1 for _, document in _contents(file) if isinstance(document, RawBSONDocument))


def prove(container: Container, server: Server, file: BinaryIO) -> Facts:
    """Restore a copy where no app's user may enter, and what is there then; it is dropped. Raises OperateError."""
    with mongo.admin(container, server, _SECONDS) as client:
        for left in client.list_database_names():
            if left.startswith(SCRATCH):
                client.drop_database(left)
        name = f"{SCRATCH}{secrets.token_hex(4)}"
        return _restored(client, name, file, keep=None)


def restore(container: Container, server: Server, file: BinaryIO, name: str, wanted: Facts) -> Facts:
    """Restore a copy into a new database, and what that holds; it stays where that is as `wanted`. Raises OperateError;
    then there is none.
    """
    with mongo.admin(container, server, _SECONDS) as client:
        if name in client.list_database_names():
            raise OperateError(f"{server.name} has a database {name} already: give another name with --as")
        return _restored(client, name, file, keep=wanted)


def version(container: Container, server: Server) -> str:
    """The server's version. Raises OperateError."""
    with mongo.admin(container, server, _SECONDS) as client:
        return _version(client)


def _restored(client: Client, name: str, file: BinaryIO, *, keep: Facts | None) -> Facts:
    stays = False
    try:
        _load(client, name, file)
        tables = {str(its["name"]): _held(client, name, its) for its in _collections(client, name)}
        found = Facts(server_version=_version(client), tables=tables)
        stays = keep is not None and not differences(keep, found)
    finally:
        if not stays:
            client.drop_database(name)
    return found


def _load(client: Client, name: str, file: BinaryIO) -> None:
    """Options before documents, views last: they need what they are of. Indexes last, as a whole."""
    told = [its for _, its in _contents(file) if not isinstance(its, RawBSONDocument)]
    for its in sorted(told, key=lambda one: one["type"] == "view"):
        client[name].create_collection(its["collectionName"], **its["options"])
    batch: dict[str, list[Any]] = {}
    for collection, document in _contents(file):
        if isinstance(document, RawBSONDocument):
            waiting = batch.setdefault(collection, [])
            waiting.append(document)
            if len(waiting) == _BATCH:
                _insert(client, name, collection, batch.pop(collection))
    for collection, waiting in batch.items():
        _insert(client, name, collection, waiting)
    for its in told:
        indexes = [{key: value for key, value in one.items() if key != "ns"} for one in its["indexes"]]
        indexes = [one for one in indexes if one["name"] != _MADE_BY_ITSELF]
        if indexes:
            client[name].command("createIndexes", its["collectionName"], indexes=indexes)


def _insert(client: Client, name: str, collection: str, documents: list[Any]) -> None:
    client[name].get_collection(collection, codec_options=_RAW).insert_many(documents)


def _contents(file: BinaryIO) -> Iterator[tuple[str, Any]]:
    """Every document of a copy with the name of its collection, and what is told of each collection."""
    file.seek(0)
    try:
        with tarfile.open(fileobj=file, mode="r") as archive:
            for member in archive:
                content = archive.extractfile(member)
                if content is None:
                    continue
                name = member.name.partition("/")[2]
                if name.endswith(_DATA):
                    stored = name.removesuffix(_DATA).replace("%2F", "/").replace("%25", "%")
                    for document in decode_file_iter(content, codec_options=_RAW):
                        yield stored, document
                else:
                    yield name, json_util.loads(content.read().decode())
    except (tarfile.TarError, ValueError, EOFError, BSONError, json.JSONDecodeError) as error:
        raise OperateError(f"the copy can't be read: {type(error).__name__}") from None


def _collections(client: Client, database: str) -> list[Mapping[str, Any]]:
    found = sorted(client[database].list_collections(), key=lambda one: str(one["name"]))
    return [its for its in found if not its["name"].startswith("system.") or its["name"] == _SCRIPTS]


def _collection(client: Client, database: str, its: Mapping[str, Any], archive: tarfile.TarFile) -> Table:
    """A collection, a view, which has no documents, or a time series, whose documents are in buckets."""
    name, kind = str(its["name"]), its.get("type", "collection")
    table = Table(rows=0, checksum=summed([]))
    if kind != "view":
        table = _documents(client, database, _stored(its), archive)
    indexes = [] if kind == "view" else list(client[database][name].list_indexes())
    told = {"options": its.get("options", {}), "indexes": indexes, "collectionName": name, "type": kind}
    text = json_util.dumps(told, json_options=json_util.CANONICAL_JSON_OPTIONS)
    _add(archive, f"{_path(database, name)}{_TOLD}", text)
    return table


def _held(client: Client, database: str, its: Mapping[str, Any]) -> Table:
    if its.get("type") == "view":
        return Table(rows=0, checksum=summed([]))
    found: Any = client[database].get_collection(_stored(its), codec_options=_RAW)
    hashes = [_hash(document.raw) for document in found.find({})]
    return Table(rows=len(hashes), checksum=summed(hashes))


def _stored(its: Mapping[str, Any]) -> str:
    return f"system.buckets.{its['name']}" if its.get("type") == "timeseries" else str(its["name"])


def _path(database: str, name: str) -> str:
    return f"{database}/{name.replace('%', '%25').replace('/', '%2F')}"


def _documents(client: Client, database: str, name: str, archive: tarfile.TarFile) -> Table:
    """A file of its own in between: a tar says a member's size before its content."""
    hashes = []
    raw: Any = client[database].get_collection(name, codec_options=_RAW)
    with tempfile.TemporaryFile() as content:
        for document in raw.find({}, sort=[("_id", 1)]):
            content.write(document.raw)
            hashes.append(_hash(document.raw))
        info = tarfile.TarInfo(f"{_path(database, name)}{_DATA}")
        info.size, info.mode = content.tell(), 0o600
        content.seek(0)
        archive.addfile(info, content)
    return Table(rows=len(hashes), checksum=summed(hashes))


def _hash(raw: bytes) -> int:
    return int.from_bytes(hashlib.sha256(raw).digest()[:12], "big")


def _version(client: Client) -> str:
    return str(client.admin.command("buildInfo").get("version", ""))


def _add(archive: tarfile.TarFile, path: str, text: str) -> None:
    content = text.encode()
    info = tarfile.TarInfo(path)
    info.size, info.mode = len(content), 0o600
    archive.addfile(info, io.BytesIO(content))
