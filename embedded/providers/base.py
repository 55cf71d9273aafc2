"""What the engine asks of a provider: Pulumi's ResourceProvider in plain Python.

Values are those of `embedded.values` without `Secret` on the way in (the engine reveals them, as the real engine does
for a provider that does not accept secrets, and marks outputs again whose input of the same name was secret). A
provider may return `Secret` for outputs of its own making. `UNKNOWN` arrives only in previews, and in `check` and
`diff`. Providers are called from several threads at once.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum
from typing import Protocol

from embedded.values import Properties


class Kind(Enum):
    """How one property differs; the names are those of pulumirpc.PropertyDiff.Kind."""

    ADD = "add"
    ADD_REPLACE = "add-replace"
    DELETE = "delete"
    DELETE_REPLACE = "delete-replace"
    UPDATE = "update"
    UPDATE_REPLACE = "update-replace"


@dataclass(frozen=True)
class CheckFailure:
    """One reason why inputs are refused. `property` is a path such as `ports[0].ip`; never carries a value."""

    property: str
    reason: str


@dataclass(frozen=True)
class CheckResult:
    """Inputs with defaults filled in, and every reason to refuse them."""

    inputs: Properties
    failures: Sequence[CheckFailure] = ()


@dataclass(frozen=True)
class Diff:
    """What would change.

    `changes` says whether anything does; `diffs` are the top-level properties, `replaces` those of them that force a
    replacement, `detailed` maps paths (`envs[0]`, `environment.STEP`) to kinds where the provider gives them.
    """

    changes: bool = False
    diffs: Sequence[str] = ()
    replaces: Sequence[str] = ()
    detailed: Mapping[str, Kind] = field(default_factory=dict)
    delete_before_replace: bool = False


@dataclass(frozen=True)
class ReadResult:
    """A resource as it is found: its id, and inputs and outputs brought up to date."""

    id: str
    inputs: Properties
    outputs: Properties


@dataclass(frozen=True)
class Settled:
    """What a creation that was cut short had come to: `found` is to be adopted, None is to be made anew.

    `said` says it in words, for people.
    """

    found: ReadResult | None
    said: str


class ProviderError(Exception):
    """An operation failed and nothing was made or changed. The message never holds a secret."""


class UncertainError(ProviderError):
    """The connection was lost in mid-operation: it may have got through. It stays pending, and the next run looks."""


class InitializationError(ProviderError):
    """The resource exists but is not right (a container that never got healthy): it goes into the state so.

    `outputs` is what is known of it; the next run tries an update or replacement.
    """

    def __init__(self, message: str, id: str, outputs: Properties) -> None:
        super().__init__(message)
        self.id = id
        self.outputs = outputs


class Provider(Protocol):
    """One provider package, configured once, serving every resource type of the package.

    `type` is a full token (`docker:index/container:Container`). `timeout` is in seconds, None for the provider's own.
    Every method may raise ProviderError; `create` and `update` also InitializationError.
    """

    package: str
    version: str

    def check_config(self, old: Properties, new: Properties) -> CheckResult:
        """Provider configuration with defaults, or why it is refused."""
        ...

    def diff_config(self, old: Properties, new: Properties) -> Diff:
        """What a changed configuration means for the provider resource itself."""
        ...

    def configure(self, inputs: Properties) -> None:
        """Take the configuration. Must not connect: in a preview the server may not exist yet."""
        ...

    def check(self, type: str, name: str, old: Properties, new: Properties) -> CheckResult:
        """Fill defaults and refuse what can't be carried out, by property name. `old` are the last inputs, or {}."""
        ...

    def diff(self, type: str, id: str, old_inputs: Properties, old_outputs: Properties, new: Properties) -> Diff:
        """Compare checked inputs with the state, without looking at the world."""
        ...

    def create(
        self, type: str, name: str, new: Properties, *, preview: bool, timeout: float | None
    ) -> tuple[str, Properties]:
        """Make it; `name` is the resource's name in the program, for ids made from it.

        In a preview nothing is made: the id is "" and what can't be known is UNKNOWN.
        """
        ...

    def read(self, type: str, id: str, inputs: Properties, outputs: Properties) -> ReadResult | None:
        """Look at it; None when it is gone. With empty `inputs` and `outputs` it is an import by id."""
        ...

    def update(
        self,
        type: str,
        id: str,
        old_inputs: Properties,
        old_outputs: Properties,
        new: Properties,
        *,
        preview: bool,
        timeout: float | None,
    ) -> Properties:
        """Change it in place; answers the new outputs."""
        ...

    def delete(self, type: str, id: str, inputs: Properties, outputs: Properties, *, timeout: float | None) -> None:
        """Remove it. Already gone is success."""
        ...

    def settle(self, type: str, name: str, inputs: Properties) -> Settled:
        """Look what a creation with these checked inputs has left when it was cut short.

        What can't be adopted is removed. Raises ProviderError where it can't be looked at, or something is there
        that this creation can't have made.
        """
        ...
