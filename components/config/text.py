"""What stands as text where a person would write something else."""

from __future__ import annotations

from typing import Any, Final

_OWN_FORM: Final = {"true": True, "false": False}


def meant(value: Any) -> Any:
    """A top-level value: Pulumi hands booleans over as text, and `config set` writes them so into the stack file."""
    return _OWN_FORM.get(value, value) if isinstance(value, str) else value
