"""A stack file's keys as the program means them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

_NAMESPACE: Final = "data-tier:"
_OWN_FORM: Final = {"true": True, "false": False}


def own_keys(config: Mapping[Any, Any]) -> dict[str, Any]:
    """The project's own keys of a stack file's `config` section, without their namespace; unchecked."""
    found = {str(key): value for key, value in config.items()}
    return {key.removeprefix(_NAMESPACE): meant(value) for key, value in found.items() if key.startswith(_NAMESPACE)}


def meant(value: Any) -> Any:
    """A top-level value: Pulumi hands booleans over as text, and `config set` writes them so into the stack file."""
    return _OWN_FORM.get(value, value) if isinstance(value, str) else value
