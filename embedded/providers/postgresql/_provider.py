"""The postgresql provider: tokens to handlers, the bridge's answers around them."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from typing import TYPE_CHECKING, Final

from embedded.providers import bridge
from embedded.providers.base import CheckFailure, CheckResult, Diff, ProviderError, ReadResult, Settled, UncertainError
from embedded.providers.postgresql._rules import problems
from embedded.providers.postgresql._schemas import DATABASE, DEFAULT_PRIVILEGES, EXTENSION, GRANT, ROLE, SCHEMA
from embedded.providers.postgresql._settings import Settings
from embedded.values import UNKNOWN, Properties, Secret, has_unknown, reveal

if TYPE_CHECKING:
    from embedded.providers.postgresql._handler import Handler
    from embedded.providers.postgresql._server import Server

SCHEMAS: Final[Mapping[str, bridge.Schema]] = {
    schema.type: schema for schema in (ROLE, DATABASE, SCHEMA, EXTENSION, GRANT, DEFAULT_PRIVILEGES)
}
_NAMED: Final = (ROLE.type, DATABASE.type)  # what has a name of its own on the server
_NUMBERS: Final = ("port", "connectTimeout", "maxConnections")
_CONFIG: Final = ("host", "username", "password", "database", "sslmode", "sslrootcert", "superuser", *_NUMBERS)


class PostgresqlProvider:
    """Implements `embedded.providers.base.Provider` for the package postgresql."""

    package = "postgresql"
    version = "3.18.2"

    def __init__(self) -> None:
        self._settings = Settings()
        self._server: Server | None = None
        self._lock = threading.Lock()

    def check_config(self, old: Properties, new: Properties) -> CheckResult:  # noqa: ARG002
        """Settings that are not carried are refused by name, as are numbers that aren't; the password is secret."""
        failures = []
        for key, value in new.items():
            if key not in _CONFIG:
                reason = f"postgresql provider setting '{key}' is not carried by the embedded engine"
                failures.append(CheckFailure(key, f"{reason}; use the Pulumi CLI"))
            elif key in _NUMBERS and value is not UNKNOWN and not (str(value).isdigit() and int(value)):
                reason = f"postgresql provider setting '{key}' must be a whole number above 0"
                failures.append(CheckFailure(key, reason))
        hidden = {"password": Secret(new["password"])} if "password" in new else {}
        return CheckResult({**new, **hidden}, failures)

    def diff_config(self, old: Properties, new: Properties) -> Diff:
        """Every setting changes in place."""
        before, after = reveal(old), reveal(new)
        changed = sorted(key for key in {*before, *after} if before.get(key) != after.get(key))
        return Diff(bool(changed), changed)

    def configure(self, inputs: Properties) -> None:
        """Takes the settings; connects later. What is not known yet can't be connected to, and won't be."""
        known = {key: value for key, value in reveal(inputs).items() if value is not UNKNOWN}
        self._settings, self._server = Settings.parse(known), None

    def check(self, type: str, name: str, old: Properties, new: Properties) -> CheckResult:
        """Inputs with defaults, or refusals by name."""
        result = bridge.check(_schema(type), name, new, old)
        return result if result.failures else CheckResult(result.inputs, problems(type, reveal(result.inputs)))

    def diff(self, type: str, id: str, old_inputs: Properties, old_outputs: Properties, new: Properties) -> Diff:  # noqa: ARG002
        """Inputs against the state."""
        return bridge.diff(_schema(type), old_inputs, old_outputs, new)

    def create(
        self,
        type: str,
        name: str,  # noqa: ARG002
        new: Properties,
        *,
        preview: bool,
        timeout: float | None,  # noqa: ARG002
    ) -> tuple[str, Properties]:
        """Make it; a preview plans only."""
        if preview:
            return "", bridge.planned(_schema(type), new)
        handler, server = self._at_work(type)
        id = handler.create(server, new)
        return id, bridge.sealed(handler.schema, _fresh(handler, server, id, new, {}, new))

    def read(self, type: str, id: str, inputs: Properties, outputs: Properties) -> ReadResult | None:
        """Look at it; by id where nothing is known yet."""
        handler, server = self._at_work(type)
        if type in _NAMED and outputs.get("name"):
            id = str(outputs["name"])  # the id in the state is still the one from before a rename
        found = handler.read(server, id, {**inputs, **outputs})
        if found is None:
            return None
        sealed = bridge.sealed(handler.schema, bridge.settled(handler.schema, found))
        return ReadResult(str(found["id"]), read_inputs(handler.schema, inputs, sealed), sealed)

    def settle(self, type: str, name: str, inputs: Properties) -> Settled:  # noqa: ARG002
        """Roles and databases are found by name and adopted; the others take over what is there when made again."""
        if type not in _NAMED:
            return Settled(None, "it is made again, which changes nothing where it is there")
        found = self.read(type, str(inputs["name"]), inputs, bridge.planned(_schema(type), inputs))
        return Settled(found, "it had been made: adopted" if found else "it had not been made")

    def update(
        self,
        type: str,
        id: str,  # noqa: ARG002
        old_inputs: Properties,
        old_outputs: Properties,
        new: Properties,
        *,
        preview: bool,
        timeout: float | None,  # noqa: ARG002
    ) -> Properties:
        """Change it in place."""
        schema = _schema(type)
        if preview:
            planned = bridge.settled(schema, bridge.planned(schema, new, old_outputs))
            return planned if has_unknown(planned) else bridge.sealed(schema, planned)
        handler, server = self._at_work(type)
        now = handler.update(server, {**old_inputs, **old_outputs}, new)
        computed = {item.name for item in schema.properties if item.computed}
        known = {key: value for key, value in old_outputs.items() if key in computed} | new
        return bridge.sealed(schema, _fresh(handler, server, now, known, old_outputs, new))

    def delete(self, type: str, id: str, inputs: Properties, outputs: Properties, *, timeout: float | None) -> None:  # noqa: ARG002
        """Remove it; gone already is success."""
        handler, server = self._at_work(type)
        handler.delete(server, {**inputs, **outputs})

    def _at_work(self, type: str) -> tuple[Handler, Server]:
        """The handler of a type, and the server. The client library is loaded here: a preview does not need it."""
        from embedded.providers.postgresql._handlers import HANDLERS
        from embedded.providers.postgresql._server import Server

        with self._lock:
            self._server = self._server or Server(self._settings)
            return HANDLERS[_schema(type).type], self._server


def _fresh(
    handler: Handler, server: Server, id: str, known: Properties, old: Properties, new: Properties
) -> Properties:
    """What is there after an operation; sets that were left out are null until the first refresh, as recorded.

    Raises UncertainError where that can't be seen: the operation itself has got through.
    """
    try:
        found = handler.read(server, id, known)
    except ProviderError as error:
        raise UncertainError(str(error)) from error
    if found is None:
        raise ProviderError(f"{handler.schema.title} '{id}' is gone right after it was made; who removes it?")
    sets = {item.name for item in handler.schema.properties if item.collection and item.carried}
    unset = {key for key in sets if not found[key] and not new.get(key) and old.get(key) is None}
    return {key: None if key in unset else value for key, value in found.items()}


def read_inputs(schema: bridge.Schema, inputs: Properties, outputs: Properties) -> Properties:
    """Inputs after a read; a set that is empty in inputs and null in outputs is null in both, as recorded."""
    found = bridge.read_inputs(schema, inputs, outputs)
    null = {item.name for item in schema.properties if item.collection and outputs.get(item.name) is None}
    return {key: None if key in null else value for key, value in found.items()}


def _schema(type: str) -> bridge.Schema:
    try:
        return SCHEMAS[type]
    except KeyError:
        raise ProviderError(
            f"resource type '{type}' is not carried by the embedded engine; use the Pulumi CLI"
        ) from None
