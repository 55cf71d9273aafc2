"""What of a MongoDB server is asked from this host, by its own driver: use of a database, and a copy of it.

Not inside the container as with other servers: the image has no client that is light enough for a look every few
seconds, and what stands in for MongoDB has none at all. The admin's password is read from the file inside.
"""

from __future__ import annotations

import io
import json
import tarfile
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, BinaryIO, Final

from bson import decode_file_iter, json_util
from bson.codec_options import CodecOptions
from bson.errors import BSONError
from bson.raw_bson import RawBSONDocument
from docker.models.containers import Container
from pymongo.errors import PyMongoError

from operate import inside, mongo_client
from operate.errors import OperateError
from operate.mongo_client import Client
from operate.mongo_users import said
from operate.stack import MongoUser, Server

_SECONDS: Final = 10
_COPY_SECONDS: Final = 600
_SCRIPTS: Final = "system.js"  # an app's own; the other collections of this kind the server makes itself
_LOOPBACK: Final = "127.0.0.1"


@dataclass(frozen=True, kw_only=True)
class Used:
    """How many connections are logged in to a database, and how large its data is, in bytes."""

    connections: int
    bytes: int


def use(container: Container, server: Server, its: MongoUser) -> Used:
    """An app's use of its database. Raises OperateError where the server doesn't answer."""
    with _admin(container, server, _SECONDS) as client:
        size = client[its.database].command("dbStats")
        users = dict.fromkeys(its.users, its.database)
        return Used(connections=len(mongo_client.sessions(client, users)), bytes=int(size["totalSize"]))


def users(container: Container, server: Server, its: MongoUser) -> set[str]:
    """The users that a server has for an app's database. Raises OperateError where the server doesn't answer."""
    with _admin(container, server, _SECONDS) as client:
        return {str(one["user"]) for one in client[its.database].command("usersInfo", 1)["users"]}


def copy(container: Container, server: Server, database: str, file: BinaryIO) -> int:
    """Write a database as `mongodump` does, in a tar: `<database>/<collection>.bson` and `.metadata.json`.

    How many documents. Not of one moment: what is written meanwhile may be missing. Raises OperateError.
    """
    count = 0
    with _admin(container, server, _COPY_SECONDS) as client, tarfile.open(fileobj=file, mode="w") as archive:
        for its in sorted(client[database].list_collections(), key=lambda one: str(one["name"])):
            if not its["name"].startswith("system.") or its["name"] == _SCRIPTS:
                count += _collection(client, database, its, archive)
    return count


def read(file: BinaryIO) -> int:
    """How many documents a copy has; all of it is read. Raises OperateError for one that isn't whole."""
    count = 0
    try:
        with tarfile.open(fileobj=file, mode="r") as archive:
            for member in archive:
                content = archive.extractfile(member)
                if content is None:
                    continue
                if member.name.endswith(".bson"):
                    count += sum(1 for _ in decode_file_iter(content))
                else:
                    json.load(content)
    except (tarfile.TarError, ValueError, EOFError, BSONError) as error:
        raise OperateError(f"the copy can't be read again: {type(error).__name__}") from None
    return count


def _collection(client: Client, database: str, its: Mapping[str, Any], archive: tarfile.TarFile) -> int:
    """A collection, a view, which has no documents, or a time series, whose documents are in buckets."""
    name, kind = str(its["name"]), its.get("type", "collection")
    count = 0
    if kind != "view":
        stored = f"system.buckets.{name}" if kind == "timeseries" else name
        count = _documents(client, database, stored, archive)
    indexes = [] if kind == "view" else list(client[database][name].list_indexes())
    told = {"options": its.get("options", {}), "indexes": indexes, "collectionName": name, "type": kind}
    text = json_util.dumps(told, json_options=json_util.CANONICAL_JSON_OPTIONS)
    _add(archive, f"{_path(database, name)}.metadata.json", text)
    return count


def _path(database: str, name: str) -> str:
    return f"{database}/{name.replace('%', '%25').replace('/', '%2F')}"


def _documents(client: Client, database: str, name: str, archive: tarfile.TarFile) -> int:
    """A file of its own in between: a tar says a member's size before its content."""
    count = 0
    raw: Any = client[database].get_collection(name, codec_options=CodecOptions(document_class=RawBSONDocument))
    with tempfile.TemporaryFile() as content:
        for document in raw.find({}, sort=[("_id", 1)]):
            content.write(document.raw)
            count += 1
        info = tarfile.TarInfo(f"{_path(database, name)}.bson")
        info.size, info.mode = content.tell(), 0o600
        content.seek(0)
        archive.addfile(info, content)
    return count


def _add(archive: tarfile.TarFile, path: str, text: str) -> None:
    content = text.encode()
    info = tarfile.TarInfo(path)
    info.size, info.mode = len(content), 0o600
    archive.addfile(info, io.BytesIO(content))


@contextmanager
def _admin(container: Container, server: Server, seconds: float) -> Iterator[Client]:
    way = mongo_client.Way(
        host=_LOOPBACK if server.expose else server.address,
        port=server.expose or server.port,
        user=server.admin,
        password=_file(container, "mongo_admin"),
        ca=_file(container, "ca.crt") if server.tls else None,
    )
    try:
        with mongo_client.connected(way, seconds=seconds) as client:
            yield client
    except PyMongoError as error:
        raise OperateError(f"{server.name}: {said(error)}") from None


def _file(container: Container, name: str) -> str:
    done = inside.capture(container, ["cat", f"/run/secrets/{name}"], seconds=_SECONDS)
    if done.code:
        raise OperateError(f"{container.name}: {done.reason}")
    return done.out.decode().strip()
