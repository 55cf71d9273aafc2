"""Names that MongoDB takes, as types. Pure; the types of other keys belong to `fields`."""

from __future__ import annotations

import re
from typing import Annotated, Final

from pydantic import AfterValidator

from components.config.fields import rule_error

_DATABASE: Final = re.compile(r"[A-Za-z0-9_-]+")
_USER: Final = re.compile(r"[a-z_][a-z0-9_]*")
_BYTES: Final = 63
MONGOS_OWN: Final = frozenset({"admin", "local", "config"})


def _database(value: str) -> str:
    if not _DATABASE.fullmatch(value) or len(value) > _BYTES:
        raise rule_error(
            f"a MongoDB database here has letters, digits, hyphens and underscores, {_BYTES} at most",
            "Rename the database",
        )
    if value.lower() in MONGOS_OWN:
        raise rule_error("MongoDB keeps this name for itself", "Choose another name")
    return value


def _user(value: str) -> str:
    if not _USER.fullmatch(value) or len(value) > _BYTES:
        raise rule_error("a MongoDB admin here has a-z, 0-9 and underscores, no digit first, 63 at most", "Rename it")
    return value


MongoDatabaseName = Annotated[str, AfterValidator(_database)]
MongoUserName = Annotated[str, AfterValidator(_user)]
