"""Names that a stack file takes, made from names that it doesn't. Pure."""

from __future__ import annotations

import re
from collections.abc import Collection
from typing import Any, Final

from pydantic import TypeAdapter, ValidationError

from components.config import fields, mongo_fields

_APP: Final[TypeAdapter[str]] = TypeAdapter(fields.AppName)
_HOST: Final[TypeAdapter[str]] = TypeAdapter(fields.HostName)
_DATABASE: Final[TypeAdapter[str]] = TypeAdapter(fields.DatabaseName)
_MONGO_DATABASE: Final[TypeAdapter[str]] = TypeAdapter(mongo_fields.MongoDatabaseName)
_MONGO_USER: Final[TypeAdapter[str]] = TypeAdapter(mongo_fields.MongoUserName)
_ROLE: Final[TypeAdapter[str]] = TypeAdapter(fields.RoleName)
_EXTENSION: Final[TypeAdapter[str]] = TypeAdapter(fields.ExtensionName)
_VARIABLE: Final[TypeAdapter[str]] = TypeAdapter(fields.Variable)
_LONGEST_APP: Final = 40
_LONGEST_DATABASE: Final = 55


def app(name: str, taken: Collection[str] = ()) -> str:
    """An app's name for a service's: `Web_API` becomes `web-api`; a number follows where it is taken."""
    plain = re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")[:_LONGEST_APP].rstrip("-")
    plain = plain if plain[:1].isalpha() else f"app-{plain}".strip("-")[:_LONGEST_APP]
    plain = plain if _takes(_APP, plain) else f"{plain}-app"
    return _free(plain, "-", taken)


def database(name: str, fallback: str, taken: Collection[str] = ()) -> str:
    """A database's name: as it was where that is possible, else in small letters and underscores, else `fallback`'s."""
    for one in (name, re.sub(r"[^a-z0-9_]+", "_", name.lower())[:_LONGEST_DATABASE], _identifier(fallback)):
        if _takes(_DATABASE, one):
            return _free(one, "_", taken)
    return _free(f"{_identifier(fallback)}_db", "_", taken)


def mongo_database(name: str, fallback: str, taken: Collection[str] = ()) -> str:
    """A MongoDB database's name: as it was where that is possible. `taken` are in small letters: case doesn't count."""
    plain = re.sub(r"[^A-Za-z0-9_-]+", "_", name)[:_LONGEST_DATABASE]
    base = next((one for one in (name, plain) if _takes(_MONGO_DATABASE, one)), _identifier(fallback))
    count, found = 1, base
    while found.lower() in taken or not _takes(_MONGO_DATABASE, found):
        count += 1
        found = f"{base}_{count}"
    return found


def is_host(name: str) -> bool:
    """Whether a container can have this name."""
    return _takes(_HOST, name)


def is_role(name: str) -> bool:
    """Whether a server's admin can have this name."""
    return _takes(_ROLE, name)


def is_mongo_user(name: str) -> bool:
    """Whether the admin of MongoDB servers can have this name."""
    return _takes(_MONGO_USER, name)


def is_extension(name: str) -> bool:
    """Whether CREATE EXTENSION takes it."""
    return _takes(_EXTENSION, name)


def is_variable(name: str) -> bool:
    """Whether a service's `env` takes it: no secret by its name, no data URL."""
    return _takes(_VARIABLE, name)


def _identifier(name: str) -> str:
    plain = re.sub(r"[^a-z0-9]+", "_", name.lower()).strip("_")[: _LONGEST_DATABASE - 3]
    return plain if plain[:1].isalpha() else f"db_{plain}"


def _takes(adapter: TypeAdapter[Any], value: str) -> bool:
    try:
        adapter.validate_python(value)
    except ValidationError:
        return False
    return True


def _free(name: str, between: str, taken: Collection[str]) -> str:
    count, found = 1, name
    while found in taken:
        count += 1
        found = f"{name}{between}{count}"
    return found
