"""A stack's state as resources, and the secrets in it.

Reads `stack export`, with or without `--show-secrets`, and a checkpoint file. A secret that is encrypted is unknown: a
rule that needs it says so. One in plain is seen by rules as they see it under an engine.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

from embedded.errors import EngineError
from embedded.secrets import PassphraseSecrets
from embedded.values import OUTPUT_SIGNATURE, SECRET_SIGNATURE, SIGNATURE
from operate import pulumi
from operate.audit.errors import InputError
from operate.audit.resources import UNKNOWN, Resource, Source
from operate.doctor import state as place

_INTERNAL: Final = "__defaults"  # the SDK's own note of which inputs it filled in


def of_stack(stack: str) -> dict[str, Any]:
    """The stack's state with its secrets, which stay in memory; encrypted where the passphrase isn't at hand.

    Raises InputError where there is no stack.
    """
    for options in (["--show-secrets"], []):
        text = pulumi.ask("stack", "export", "--stack", stack, *options)
        if text is not None:
            return _deployment(text, f"stack {stack}")
    raise InputError(f"there is no stack {stack} to audit: `make up STACK={stack}` makes it, or name --state FILE")


def read(path: str) -> dict[str, Any]:
    """An exported state from a file, or from standard input for `-`. Raises InputError."""
    if path == "-":
        return _deployment(sys.stdin.read(), "standard input")
    try:
        return _deployment(Path(path).read_text(encoding="utf-8"), path)
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "it isn't text"
        raise InputError(f"state {path} can't be read ({reason}): write one with `./pulumiw stack export`") from None


def opened(deployment: dict[str, Any], notes: list[str]) -> dict[str, Any]:
    """The state with its secrets in plain, where the passphrase of this checkout or environment opens it."""
    provider = deployment.get("secrets_providers") or {}
    salt = (provider.get("state") or {}).get("salt") if provider.get("type") == "passphrase" else None
    if not _has_ciphertext(deployment):
        return deployment
    try:
        passphrase = place.find().passphrase
        if not (salt and passphrase):
            raise EngineError("no passphrase")
        secrets = PassphraseSecrets.open(passphrase, salt)
        opened: dict[str, Any] = _decrypted(deployment, secrets)
        return opened
    except EngineError:
        notes.append("the state's secrets stay encrypted (no passphrase that opens it): rules that need one say so")
        return deployment


def source(deployment: Mapping[str, Any], name: str) -> Source:
    """All resources of a state, also those that wait for their deletion: they are still there."""
    resources = [_resource(item) for item in deployment.get("resources") or ()]
    return Source(kind="state", name=name, resources=resources)


def secrets(value: Any) -> Iterator[Any]:
    """Every secret in plain, as the value that it stands for."""
    if isinstance(value, Mapping):
        if value.get(SIGNATURE) == SECRET_SIGNATURE:
            if "plaintext" in value:
                yield _parsed(value["plaintext"])
            return
        value = list(value.values())
    if isinstance(value, list):
        for item in value:
            yield from secrets(item)


def plain(value: Any) -> Any:
    """A value without its wrappers: a secret in plain is what it stands for, one that is encrypted is unknown."""
    if isinstance(value, list):
        return [plain(item) for item in value]
    if not isinstance(value, Mapping):
        return value
    if value.get(SIGNATURE) == SECRET_SIGNATURE:
        return plain(_parsed(value["plaintext"])) if "plaintext" in value else UNKNOWN
    if value.get(SIGNATURE) == OUTPUT_SIGNATURE:
        return plain(value["value"]) if "value" in value else UNKNOWN
    return {key: plain(item) for key, item in value.items() if key != _INTERNAL}


def _has_ciphertext(value: Any) -> bool:
    if isinstance(value, Mapping):
        return (
            "ciphertext" in value
            if value.get(SIGNATURE) == SECRET_SIGNATURE
            else any(map(_has_ciphertext, value.values()))
        )
    return isinstance(value, list) and any(map(_has_ciphertext, value))


def _decrypted(value: Any, secrets: PassphraseSecrets) -> Any:
    if isinstance(value, list):
        return [_decrypted(item, secrets) for item in value]
    if not isinstance(value, Mapping):
        return value
    if value.get(SIGNATURE) == SECRET_SIGNATURE and isinstance(value.get("ciphertext"), str):
        return {SIGNATURE: SECRET_SIGNATURE, "plaintext": secrets.decrypt(value["ciphertext"])}
    return {key: _decrypted(item, secrets) for key, item in value.items()}


def _parsed(text: Any) -> Any:
    try:
        return json.loads(text)
    except (TypeError, ValueError):
        return text


def _deployment(text: str, name: str) -> dict[str, Any]:
    try:
        found = json.loads(text)
    except ValueError:
        raise InputError(f"state {name} isn't JSON: write it with `./pulumiw stack export`") from None
    if isinstance(found, dict) and isinstance(found.get("checkpoint"), dict):
        found = {"deployment": found["checkpoint"].get("latest") or {}}
    deployment = found.get("deployment", found) if isinstance(found, dict) else None
    known = {"resources", "manifest", "pending_operations"}
    if not isinstance(deployment, dict) or (deployment and not known.intersection(deployment)):
        raise InputError(f"state {name} has no deployment: give a file that `./pulumiw stack export` wrote")
    resources = deployment.get("resources") or []
    if not isinstance(resources, list) or not all(isinstance(one, dict) and "urn" in one for one in resources):
        raise InputError(f"state {name} is damaged (resources): export it again with `./pulumiw stack export`")
    return deployment


def _resource(item: Mapping[str, Any]) -> Resource:
    urn = str(item["urn"])
    props = plain(item.get("inputs") or {})
    return Resource(
        type=str(item.get("type") or urn.split("::")[2].rsplit("$", 1)[-1]),
        name=urn.split("::", 3)[-1],
        urn=urn,
        props=props if isinstance(props, dict) else {},
        protect=bool(item.get("protect")),
        custom=bool(item.get("custom")),
        provider=str(item.get("provider") or "").rpartition("::")[0],
    )
