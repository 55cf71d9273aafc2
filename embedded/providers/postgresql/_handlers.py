"""Every resource type's handler. Imported with the first call to a server: the client library takes a while to load."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from embedded.providers.postgresql._database import Databases
from embedded.providers.postgresql._default_privileges import DefaultPrivileges
from embedded.providers.postgresql._extension import Extensions
from embedded.providers.postgresql._grant import Grants
from embedded.providers.postgresql._handler import Handler
from embedded.providers.postgresql._role import Roles
from embedded.providers.postgresql._schema import Schemas

HANDLERS: Final[Mapping[str, Handler]] = {
    handler.schema.type: handler
    for handler in (Roles(), Databases(), Schemas(), Extensions(), Grants(), DefaultPrivileges())
}
