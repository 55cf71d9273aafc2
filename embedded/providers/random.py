"""The random package: six types, made from the operating system's randomness (see `_random_types`).

Names, defaults and replace rules are those of the official package (4.21); every property replaces. Other types are
refused by name. Source: recorded calls and the package's schema.
"""

from __future__ import annotations

from embedded.providers._random_types import TYPES, Type, identified, is_number
from embedded.providers.base import CheckFailure, CheckResult, Diff, ProviderError, ReadResult, Settled
from embedded.values import UNKNOWN, Properties, Secret, has_unknown


class RandomProvider:
    """Serves the types of `_random_types`."""

    package = "random"
    version = "4.21.4"

    def check_config(self, old: Properties, new: Properties) -> CheckResult:  # noqa: ARG002
        """It has no configuration."""
        return CheckResult(new, [CheckFailure(key, f"random has no configuration '{key}'") for key in new])

    def diff_config(self, old: Properties, new: Properties) -> Diff:  # noqa: ARG002
        """It has no configuration."""
        return Diff()

    def configure(self, inputs: Properties) -> None:
        """Nothing to take."""

    def check(self, type: str, name: str, old: Properties, new: Properties) -> CheckResult:  # noqa: ARG002
        """Refuse unknown types and properties, missing and impossible values; defaults show in the outputs only."""
        known = TYPES.get(type)
        if known is None:
            return CheckResult(new, [CheckFailure("", _not_carried(type))])
        failures = [CheckFailure(key, f"{type} has no property '{key}'") for key in new if key not in known.inputs]
        failures.extend(_wrong(known, new))
        if not failures and not has_unknown(new):
            failures.extend(known.impossible(_full(known, new)))
        return CheckResult(new, failures)

    def diff(self, type: str, id: str, old_inputs: Properties, old_outputs: Properties, new: Properties) -> Diff:  # noqa: ARG002
        """Every change replaces."""
        known = TYPES[type]
        before, after = {key: old_outputs.get(key) for key in known.inputs}, _full(known, new)
        changed = sorted(key for key in known.inputs if before[key] != after.get(key))
        return Diff(changes=bool(changed), diffs=changed, replaces=changed)

    def create(
        self,
        type: str,
        name: str,  # noqa: ARG002
        new: Properties,
        *,
        preview: bool,
        timeout: float | None,  # noqa: ARG002
    ) -> tuple[str, Properties]:
        """Draw it; in a preview only what follows from the inputs is known."""
        known = TYPES[type]
        inputs = {key: value for key, value in _full(known, new).items() if value is not None}
        if preview:
            return "", {**inputs, **dict.fromkeys((*known.computed, "id"), UNKNOWN)}
        id, computed = known.make(inputs)
        return id, {**_bookkeeping(type, inputs), **inputs, **computed, "id": id}

    def read(self, type: str, id: str, inputs: Properties, outputs: Properties) -> ReadResult | None:
        """It exists in the state alone, so it is what the state says; a RandomId is imported by its b64Url form.

        Raises ProviderError for other imports.
        """
        if outputs:
            return ReadResult(id, inputs, _sealed(type, outputs))
        if not type.endswith(":RandomId"):
            raise ProviderError(f"{type} can't be imported by the embedded engine: use the Pulumi CLI")
        known = identified(id)
        found: Properties = {key: known[key] for key in ("byteLength", "prefix") if key in known}
        return ReadResult(str(known["id"]), found, {**_bookkeeping(type, found), **known})

    def settle(self, type: str, name: str, inputs: Properties) -> Settled:  # noqa: ARG002
        """What isn't in the state was never anywhere."""
        return Settled(None, "a random value lives in the state alone: it is made anew")

    def update(
        self,
        type: str,
        id: str,  # noqa: ARG002
        old_inputs: Properties,  # noqa: ARG002
        old_outputs: Properties,
        new: Properties,  # noqa: ARG002
        *,
        preview: bool,  # noqa: ARG002
        timeout: float | None,  # noqa: ARG002
    ) -> Properties:
        """Never asked for a change: every one replaces. What is there stays."""
        if type not in TYPES:
            raise ProviderError(_not_carried(type))
        return _sealed(type, old_outputs)

    def delete(self, type: str, id: str, inputs: Properties, outputs: Properties, *, timeout: float | None) -> None:
        """Nothing outside the state to remove."""


def _not_carried(type: str) -> str:
    names = sorted(known.rpartition(":")[2] for known in TYPES)
    return f"type '{type}' is not carried by the embedded engine ({', '.join(names)} are); use the Pulumi CLI"


def _wrong(known: Type, new: Properties) -> list[CheckFailure]:
    """What is missing, is no number, or contradicts itself."""
    found = [CheckFailure(key, f"missing required property '{key}'") for key in known.required if new.get(key) is None]
    for key in known.counts:
        value = new.get(key, UNKNOWN)
        if value not in (UNKNOWN, None) and not (is_number(value) and value >= 1):
            found.append(CheckFailure(key, f"'{key}' must be a whole number of at least 1"))
    if new.get("numeric", new.get("number")) != new.get("number", new.get("numeric")):
        found.append(CheckFailure("number", "'number' is the old name of 'numeric': set only 'numeric'"))
    return found


def _full(known: Type, new: Properties) -> Properties:
    """Inputs with defaults; `number` is the old name of `numeric`, and each follows the other."""
    full = {**known.inputs, **{key: value for key, value in new.items() if value is not None}}
    if "numeric" in known.inputs:
        both = new.get("numeric", new.get("number", True))
        full.update(numeric=both, number=both)
    return full


def _sealed(type: str, outputs: Properties) -> Properties:
    """Outputs out of the state, whose secrets came in plain, with their marks again."""
    if type not in TYPES:
        return outputs
    secret = ("result", "bcryptHash") if type.endswith(":RandomPassword") else ()
    hidden: Properties = {key: Secret(outputs[key]) for key in secret if key in outputs}
    return {**outputs, **hidden, **_bookkeeping(type, outputs)}


def _bookkeeping(type: str, inputs: Properties) -> Properties:
    """What the official provider keeps beside the properties to find its own form of the state again."""
    known = TYPES[type]
    parts: Properties = {key: Secret({"replace": {"raw": None}}) for key in known.absent if key not in inputs}
    if "keepers" in inputs:
        parts["keepers"] = {"map": {}}
    found: Properties = {"__pulumi_raw_state_delta": {"obj": {"ps": parts}}}
    return {"__meta": f'{{"schema_version":"{known.meta}"}}', **found} if known.meta else found
