"""The command package: local.Command, a shell command on create, update and delete.

Names and answers are those of the official package (1.2); running a command belongs to `_command_run`. Other types
are refused by name. Source: recorded calls and the package's schema.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterator, Mapping
from typing import Any, Final

from embedded.providers._command_run import run
from embedded.providers.base import CheckFailure, CheckResult, Diff, Kind, ProviderError, ReadResult, Settled
from embedded.values import UNKNOWN, Properties

_TYPE: Final = "command:local:Command"
_CARRIED: Final[Mapping[str, Any]] = {
    "create": str,
    "update": str,
    "delete": str,
    "dir": str,
    "stdin": str,
    "environment": Mapping,
    "interpreter": list,
    "triggers": list,
    "addPreviousOutputInEnv": bool,
    "logging": str,
}
_NOT_CARRIED: Final = ("archivePaths", "assetPaths")
_LOGGING: Final = ("stdout", "stderr", "stdoutAndStderr", "none")
_OWN_CONFIG: Final = {"__pulumi-go-provider-version": "v1.5.0"}  # what the official plugin notes in its configuration


class CommandProvider:
    """Serves command:local:Command."""

    package = "command"
    version = "1.2.1"

    def check_config(self, old: Properties, new: Properties) -> CheckResult:  # noqa: ARG002
        """Nothing can be set; the mark of the official plugin is kept, so that its states show no change."""
        unknown = [key for key in new if key not in _OWN_CONFIG]
        failures = [CheckFailure(key, f"command has no configuration '{key}'; remove it") for key in unknown]
        return CheckResult({**new, **_OWN_CONFIG}, failures)

    def diff_config(self, old: Properties, new: Properties) -> Diff:  # noqa: ARG002
        """It has no configuration."""
        return Diff()

    def configure(self, inputs: Properties) -> None:
        """Nothing to take."""

    def check(self, type: str, name: str, old: Properties, new: Properties) -> CheckResult:  # noqa: ARG002
        """Refuse other types, unknown properties and values of another kind."""
        if type != _TYPE:
            refusal = f"type '{type}' is not carried by the embedded engine (local.Command is); use the Pulumi CLI"
            return CheckResult(new, [CheckFailure("", refusal)])
        return CheckResult(new, [failure for key, value in new.items() for failure in _refusals(key, value)])

    def diff(self, type: str, id: str, old_inputs: Properties, old_outputs: Properties, new: Properties) -> Diff:  # noqa: ARG002
        """What changes, in place. Triggers replace as a whole; for single ones the SDK asks for the replacement."""
        detailed = dict(_changes(old_inputs, new))
        diffs = list(dict.fromkeys(path.split(".")[0].split("[")[0] for path in detailed))
        replaces = ["triggers"] if "triggers" in detailed else []
        return Diff(changes=bool(detailed), diffs=diffs, replaces=replaces, detailed=detailed)

    def create(
        self,
        type: str,  # noqa: ARG002
        name: str,
        new: Properties,
        *,
        preview: bool,
        timeout: float | None,
    ) -> tuple[str, Properties]:
        """Run `create`; the id is the resource's name and eight random digits."""
        if preview:
            return "", _foreseen(new)
        return f"{name}{secrets.token_hex(4)}", {**new, **run(new.get("create"), new, {}, timeout)}

    def read(self, type: str, id: str, inputs: Properties, outputs: Properties) -> ReadResult | None:
        """A command leaves nothing to look at. Raises ProviderError for an import."""
        if not outputs:
            raise ProviderError(f"{type} can't be imported: a command leaves nothing to read")
        return ReadResult(id, inputs, outputs)

    def settle(self, type: str, name: str, inputs: Properties) -> Settled:  # noqa: ARG002
        """A command leaves nothing to look at."""
        return Settled(None, "whether the command ran can't be seen: it runs again")

    def update(
        self,
        type: str,  # noqa: ARG002
        id: str,  # noqa: ARG002
        old_inputs: Properties,  # noqa: ARG002
        old_outputs: Properties,
        new: Properties,
        *,
        preview: bool,
        timeout: float | None,
    ) -> Properties:
        """Run `update`, or `create` where there is none."""
        if preview:
            return _foreseen(new)
        return {**new, **run(new.get("update", new.get("create")), new, old_outputs, timeout)}

    def delete(self, type: str, id: str, inputs: Properties, outputs: Properties, *, timeout: float | None) -> None:  # noqa: ARG002
        """Run `delete`, where there is one."""
        run(inputs.get("delete"), inputs, outputs, timeout)


def _refusals(key: str, value: Any) -> Iterator[CheckFailure]:
    kind = _CARRIED.get(key)
    if key in _NOT_CARRIED:
        reason = f"local.Command property '{key}' is not carried by the embedded engine; use the Pulumi CLI"
        yield CheckFailure(key, reason)
    elif kind is None:
        yield CheckFailure(key, f"local.Command has no property '{key}'; check its spelling")
    elif value is UNKNOWN:
        return
    elif not isinstance(value, kind):
        yield CheckFailure(key, f"local.Command property '{key}' has a value of the wrong kind")
    elif key == "logging" and value not in _LOGGING:
        yield CheckFailure(key, f"local.Command property 'logging' is one of {', '.join(_LOGGING)}")
    elif key == "environment":
        for name, text in value.items():
            if text is not UNKNOWN and not isinstance(text, str):
                yield CheckFailure(f"{key}.{name}", f"local.Command property '{key}.{name}' must be text")


def _changes(old: Properties, new: Properties) -> Iterator[tuple[str, Kind]]:
    for key in _CARRIED:
        before, after = old.get(key), new.get(key)
        if before == after:
            continue
        if isinstance(before, Mapping) and isinstance(after, Mapping):
            for name in sorted({*before, *after}):
                if before.get(name) != after.get(name):
                    yield f"{key}.{name}", _kind(before.get(name), after.get(name))
        elif isinstance(before, list) and isinstance(after, list):
            for index in range(max(len(before), len(after))):
                one, other = before[index : index + 1], after[index : index + 1]
                if one != other:
                    yield f"{key}[{index}]", _kind(one or None, other or None)
        else:
            kind = _kind(before, after)
            yield key, Kind[f"{kind.name}_REPLACE"] if key == "triggers" else kind


def _kind(before: Any, after: Any) -> Kind:
    return Kind.ADD if before is None else Kind.DELETE if after is None else Kind.UPDATE


def _foreseen(new: Properties) -> Properties:
    return {**new, "stdout": UNKNOWN, "stderr": UNKNOWN}
