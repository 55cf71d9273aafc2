"""Providers of a run: the ones the program made, and the default ones that the engine makes for it.

Owns which provider serves a resource and the state of provider resources; what a provider can do is its own.
"""

from __future__ import annotations

import threading
import uuid
from collections.abc import Callable, Mapping

from embedded import providers
from embedded.engine import urn as urns
from embedded.engine.goal import Goal
from embedded.errors import EngineError
from embedded.providers.base import CheckResult, Diff, Provider
from embedded.state import Resource
from embedded.values import Properties, reveal

_OWN = ("version", "pluginDownloadURL", "__internal")  # inputs of a provider resource that are the engine's


class ProviderResource:
    """A provider package seen as the provider of its own provider resource."""

    def __init__(self, package: str) -> None:
        try:
            self.provider: Provider = providers.load(package)
        except LookupError as error:
            raise EngineError(str(error.args[0])) from None
        self.package = package
        self.version = self.provider.version

    def check(self, type: str, name: str, old: Properties, new: Properties) -> CheckResult:  # noqa: ARG002
        """CheckConfig, with the engine's own inputs kept."""
        result = self.provider.check_config(_config(old), _config(new))
        own: Properties = {key: new[key] for key in ("version", "pluginDownloadURL") if key in new}
        return CheckResult({"__internal": {}, **result.inputs, **own}, result.failures)

    def diff(self, type: str, id: str, old_inputs: Properties, old_outputs: Properties, new: Properties) -> Diff:  # noqa: ARG002
        """DiffConfig; a new version of the package is a change in place."""
        found = self.provider.diff_config(_config(old_inputs), _config(new))
        if not found.changes and old_inputs.get("version") != new.get("version"):
            return Diff(changes=True, diffs=("version",))
        return found

    def outputs(self, inputs: Properties) -> Properties:
        """A provider's outputs are its inputs without the engine's marks."""
        return {key: value for key, value in inputs.items() if key != "__internal"}

    def new_id(self) -> str:
        """An id for a provider resource."""
        return str(uuid.uuid4())


def _config(inputs: Properties) -> Properties:
    return {key: value for key, value in inputs.items() if key not in _OWN}


class Registry:
    """Configured providers by the URN of their provider resource."""

    def __init__(self, state_of: Callable[[str], Resource | None], package_config: Mapping[str, Mapping[str, str]]):
        self._state_of = state_of
        self._package_config = package_config
        self._providers: dict[str, Provider] = {}
        self._defaults: dict[tuple[str, str], str] = {}
        self._lock = threading.RLock()

    def use(self, resource: Resource, made: ProviderResource) -> None:
        """A provider resource has been registered: configure it with what it is now."""
        made.provider.configure(reveal(_config(resource.inputs)))
        with self._lock:
            self._providers[resource.urn] = made.provider

    def get(self, reference: str) -> Provider:
        """The provider of a reference `<urn>::<id>` from goal or state; one not registered comes from the state."""
        urn = reference.rpartition("::")[0]
        with self._lock:
            if urn not in self._providers:
                resource = self._state_of(urn)
                if resource is None:
                    raise EngineError(f"the provider {urn} is not in the state; its resources can't be reached")
                self.use(resource, ProviderResource(package_of(resource.type)))
            return self._providers[urn]

    def default_for(self, goal: Goal, register: Callable[[Goal], Resource]) -> str:
        """The reference of the default provider for a goal, registered when first asked for."""
        package = package_of(goal.type)
        with self._lock:
            key = (package, goal.version)
            if key not in self._defaults:
                version = goal.version or ProviderResource(package).version
                resource = register(
                    Goal(
                        type=f"{urns.PROVIDER_PREFIX}{package}",
                        name=f"default_{version.replace('.', '_').replace('-', '_')}",
                        custom=True,
                        inputs={**self._package_config.get(package, {}), "version": version},
                        version=version,
                    )
                )
                self._defaults[key] = f"{resource.urn}::{resource.id}"
            return self._defaults[key]


def package_of(type: str) -> str:
    """The package that a resource type, or a provider type, belongs to."""
    return type.removeprefix(urns.PROVIDER_PREFIX).split(":", 1)[0]
