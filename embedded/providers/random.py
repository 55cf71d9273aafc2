"""The random package: RandomPassword and RandomId, made from the operating system's randomness.

Names, defaults and replace rules are those of the official package (4.21); every property replaces. Other types are
refused by name. Source: recorded calls and the package's schema.
"""

from __future__ import annotations

import base64
import secrets
import string
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

import bcrypt

from embedded.providers.base import CheckFailure, CheckResult, Diff, ProviderError, ReadResult, Settled
from embedded.values import UNKNOWN, Properties, Secret, has_unknown

SPECIAL: Final = "!@#$%&*()-_=+[]{}<>:?"
_BCRYPT_COST: Final = 10
_BCRYPT_BYTES: Final = 72  # bcrypt looks at no more


@dataclass(frozen=True)
class _Type:
    """A resource type: its inputs with their defaults (None: none), what it computes, and how it is made."""

    inputs: Mapping[str, Any]
    computed: tuple[str, ...]
    make: Callable[[Properties], tuple[str, Properties]]
    required: str


class RandomProvider:
    """Serves random:index/randomPassword:RandomPassword and random:index/randomId:RandomId."""

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
        known = _TYPES.get(type)
        if known is None:
            return CheckResult(new, [CheckFailure("", _not_carried(type))])
        failures = [CheckFailure(key, f"{type} has no property '{key}'") for key in new if key not in known.inputs]
        if known.required not in new:
            failures.append(CheckFailure(known.required, f"missing required property '{known.required}'"))
        elif new[known.required] is not UNKNOWN and _count(new[known.required]) < 1:
            failures.append(CheckFailure(known.required, f"'{known.required}' must be a whole number of at least 1"))
        elif new.get("numeric", new.get("number")) != new.get("number", new.get("numeric")):
            failures.append(CheckFailure("number", "'number' is the old name of 'numeric': set only 'numeric'"))
        elif not failures and "Password" in type and not has_unknown(new):
            failures.extend(_impossible(_full(known, new)))
        return CheckResult(new, failures)

    def diff(self, type: str, id: str, old_inputs: Properties, old_outputs: Properties, new: Properties) -> Diff:  # noqa: ARG002
        """Every change replaces."""
        known = _TYPES[type]
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
        known = _TYPES[type]
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
        known = _identified(id)
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
        if type not in _TYPES:
            raise ProviderError(_not_carried(type))
        return _sealed(type, old_outputs)

    def delete(self, type: str, id: str, inputs: Properties, outputs: Properties, *, timeout: float | None) -> None:
        """Nothing outside the state to remove."""


def _not_carried(type: str) -> str:
    return f"type '{type}' is not carried by the embedded engine (RandomPassword and RandomId are); use the Pulumi CLI"


def _count(value: Any) -> int:
    return value if isinstance(value, int) and not isinstance(value, bool) else 0


def _full(known: _Type, new: Properties) -> Properties:
    """Inputs with defaults; `number` is the old name of `numeric`, and each follows the other."""
    full = {**known.inputs, **{key: value for key, value in new.items() if value is not None}}
    if "numeric" in known.inputs:
        both = new.get("numeric", new.get("number", True))
        full.update(numeric=both, number=both)
    return full


def _classes(inputs: Properties) -> list[tuple[str, str, str]]:
    """The switch, the minimum and the characters of each class."""
    return [
        ("lower", "minLower", string.ascii_lowercase),
        ("upper", "minUpper", string.ascii_uppercase),
        ("numeric", "minNumeric", string.digits),
        ("special", "minSpecial", inputs.get("overrideSpecial") or SPECIAL),
    ]


def _impossible(inputs: Properties) -> list[CheckFailure]:
    needed = sum(_count(inputs[minimum]) for _, minimum, _ in _classes(inputs))
    if needed > inputs["length"]:
        return [CheckFailure("length", f"'length' is less than the {needed} characters that the minimums ask for")]
    if needed < inputs["length"] and not any(inputs[switch] for switch, _, _ in _classes(inputs)):
        return [CheckFailure("length", "no class of characters is allowed: set lower, upper, numeric or special")]
    return []


def _password(inputs: Properties) -> tuple[str, Properties]:
    classes = _classes(inputs)
    allowed = "".join(characters for switch, _, characters in classes if inputs[switch])
    drawn = [secrets.choice(characters) for _, least, characters in classes for _ in range(_count(inputs[least]))]
    drawn += [secrets.choice(allowed) for _ in range(inputs["length"] - len(drawn))]
    secrets.SystemRandom().shuffle(drawn)
    result = "".join(drawn)
    digest = bcrypt.hashpw(result.encode()[:_BCRYPT_BYTES], bcrypt.gensalt(_BCRYPT_COST, prefix=b"2a")).decode()
    return "none", {"result": Secret(result), "bcryptHash": Secret(digest)}


def _identifier(inputs: Properties) -> tuple[str, Properties]:
    return _forms(secrets.token_bytes(inputs["byteLength"]), inputs.get("prefix", ""))


def _forms(drawn: bytes, prefix: str) -> tuple[str, Properties]:
    url = base64.urlsafe_b64encode(drawn).decode().rstrip("=")
    forms = {
        "b64Std": base64.b64encode(drawn).decode(),
        "b64Url": url,
        "dec": str(int.from_bytes(drawn)),
        "hex": drawn.hex(),
    }
    return url, {name: prefix + text for name, text in forms.items()}


def _identified(id: str) -> Properties:
    """The outputs of a RandomId from `[prefix,]b64Url`. Raises ProviderError for text that is no such id."""
    prefix, _, url = id.rpartition(",")
    try:
        drawn = base64.b64decode(url + "=" * (-len(url) % 4), altchars=b"-_", validate=True)
    except ValueError:
        raise ProviderError(f"'{url}' is not the b64Url form of a RandomId") from None
    own, forms = _forms(drawn, prefix)
    return {**({"prefix": prefix} if prefix else {}), **forms, "byteLength": len(drawn), "id": own}


def _sealed(type: str, outputs: Properties) -> Properties:
    """Outputs out of the state, whose secrets came in plain, with their marks again."""
    if type not in _TYPES:
        return outputs
    hidden: Properties = {key: Secret(outputs[key]) for key in ("result", "bcryptHash") if key in outputs}
    return {**outputs, **hidden, **_bookkeeping(type, outputs)}


def _bookkeeping(type: str, inputs: Properties) -> Properties:
    """What the official provider keeps beside the properties to find its own form of the state again."""
    absent = Secret({"replace": {"raw": None}})
    optional = ("keepers", "overrideSpecial") if "Password" in type else ("keepers", "prefix")
    parts: Properties = {key: absent for key in optional if key not in inputs}
    if "keepers" in inputs:
        parts["keepers"] = {"map": {}}
    found: Properties = {"__pulumi_raw_state_delta": {"obj": {"ps": parts}}}
    return {"__meta": '{"schema_version":"3"}', **found} if "Password" in type else found


_TYPES: Final = {
    "random:index/randomPassword:RandomPassword": _Type(
        inputs={
            "keepers": None,
            "length": None,
            "lower": True,
            "minLower": 0,
            "minNumeric": 0,
            "minSpecial": 0,
            "minUpper": 0,
            "number": True,
            "numeric": True,
            "overrideSpecial": None,
            "special": True,
            "upper": True,
        },
        computed=("result", "bcryptHash"),
        make=_password,
        required="length",
    ),
    "random:index/randomId:RandomId": _Type(
        inputs={"byteLength": None, "keepers": None, "prefix": None},
        computed=("b64Std", "b64Url", "dec", "hex"),
        make=_identifier,
        required="byteLength",
    ),
}
