"""The docker provider: tokens to handlers, the bridge's answers around them."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from typing import TYPE_CHECKING, Final

from embedded.providers import bridge
from embedded.providers.base import (
    CheckFailure,
    CheckResult,
    Diff,
    InitializationError,
    ProviderError,
    ReadResult,
    Settled,
)
from embedded.providers.docker._container_schema import CONTAINER
from embedded.providers.docker._schemas import IMAGE, NETWORK, VOLUME
from embedded.values import Properties

if TYPE_CHECKING:
    from docker import APIClient

    from embedded.providers.docker._client import Connection
    from embedded.providers.docker._handler import Handler

SCHEMAS: Final[Mapping[str, bridge.Schema]] = {schema.type: schema for schema in (NETWORK, VOLUME, IMAGE, CONTAINER)}
_CONFIG: Final = {"host", "version", "__defaults", "__internal"}
_UNREAD: Final = ("healthcheck",)  # Terraform's state holds null here until the first read after the creation


class DockerProvider:
    """Implements `embedded.providers.base.Provider` for the package docker."""

    package = "docker"
    version = "5.2.0"

    def __init__(self) -> None:
        self._host: str | None = None
        self._connection: Connection | None = None
        self._lock = threading.Lock()

    def check_config(self, old: Properties, new: Properties) -> CheckResult:  # noqa: ARG002
        """`host` is carried; every other setting is refused by name."""
        refused = [
            CheckFailure(
                key, f"docker provider setting '{key}' is not carried by the embedded engine; use the Pulumi CLI"
            )
            for key, value in new.items()
            if key not in _CONFIG and value is not None
        ]
        return CheckResult(dict(new), refused)

    def diff_config(self, old: Properties, new: Properties) -> Diff:
        """Another host is an update of the provider."""
        changed = old.get("host") != new.get("host")
        return Diff(changed, ("host",) if changed else ())

    def configure(self, inputs: Properties) -> None:
        """Takes the host; connects later."""
        host = inputs.get("host")
        self._host = host if isinstance(host, str) else None
        self._connection = None

    def check(self, type: str, name: str, old: Properties, new: Properties) -> CheckResult:
        """Inputs with defaults, or refusals by name."""
        return bridge.check(_schema(type), name, new, old)

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
        timeout: float | None,
    ) -> tuple[str, Properties]:
        """Make it; a preview plans only."""
        schema = _schema(type)
        if preview:
            return "", bridge.planned(schema, new)
        handler, client = self._at_work(type)
        try:
            id, outputs = handler.create(client, new, timeout)
        except InitializationError as error:
            error.outputs = bridge.sealed(schema, error.outputs)
            raise
        return id, bridge.sealed(schema, outputs, unread=_UNREAD)

    def read(self, type: str, id: str, inputs: Properties, outputs: Properties) -> ReadResult | None:
        """Look at it; by id or name where nothing is known yet."""
        schema = _schema(type)
        handler, client = self._at_work(type)
        found = handler.read(client, id, inputs, outputs)
        if found is None:
            return None
        sealed = bridge.sealed(schema, bridge.settled(schema, found[1]))
        return ReadResult(found[0], bridge.read_inputs(schema, inputs, sealed), sealed)

    def settle(self, type: str, name: str, inputs: Properties) -> Settled:  # noqa: ARG002
        """A network of the same kind is adopted, a container removed; volumes and images are taken over when made."""
        schema = _schema(type)
        handler, client = self._at_work(type)
        if type == CONTAINER.type:
            from embedded.providers.docker._container import discard

            gone = discard(client, inputs)
            return Settled(None, "a half-made container was removed" if gone else "it had not been made")
        if type != NETWORK.type:
            return Settled(None, "it is taken over where it is there")
        seen = handler.read(client, inputs["name"], inputs, {})
        if seen is None:
            return Settled(None, "it had not been made")
        sealed = bridge.sealed(schema, bridge.settled(schema, seen[1]))
        if bridge.diff(schema, inputs, sealed, inputs).changes:
            raise ProviderError(
                f"network '{inputs['name']}' is there and not as declared: another program has made it; "
                f"remove it (docker network rm {inputs['name']}), or choose another name"
            )
        return Settled(ReadResult(seen[0], inputs, sealed), "it had been made: adopted")

    def update(
        self,
        type: str,
        id: str,
        old_inputs: Properties,  # noqa: ARG002
        old_outputs: Properties,
        new: Properties,
        *,
        preview: bool,
        timeout: float | None,  # noqa: ARG002
    ) -> Properties:
        """Change it in place. As upstream, the outputs are the planned ones: nothing is read back."""
        schema = _schema(type)
        planned = bridge.settled(schema, bridge.planned(schema, new, old_outputs))
        if preview:
            return planned
        handler, client = self._at_work(type)
        return bridge.sealed(schema, handler.update(client, id, old_outputs, new, planned))

    def delete(self, type: str, id: str, inputs: Properties, outputs: Properties, *, timeout: float | None) -> None:
        """Remove it; gone already is success."""
        handler, client = self._at_work(type)
        handler.delete(client, id, {**inputs, **outputs}, timeout)

    def _at_work(self, type: str) -> tuple[Handler, APIClient]:
        """The handler of a type, and the daemon. The SDK is loaded here: a preview does not need it."""
        from embedded.providers.docker._client import Connection
        from embedded.providers.docker._handlers import HANDLERS

        with self._lock:
            self._connection = self._connection or Connection(self._host)
        return HANDLERS[_schema(type).type], self._connection.client()


def _schema(type: str) -> bridge.Schema:
    try:
        return SCHEMAS[type]
    except KeyError:
        raise ProviderError(
            f"resource type '{type}' is not carried by the embedded engine; use the Pulumi CLI"
        ) from None
