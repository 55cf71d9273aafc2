"""Which outputs are secret: those whose input was, and those that the program or the provider named.

Source: the recorded states; a list with a secret anywhere inside is secret as a whole.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from embedded.values import Properties, Secret, has_secret


def mark(values: Mapping[str, Any], like: Mapping[str, Any], also: Sequence[str] = ()) -> Properties:
    """`values` with every property secret that is secret in `like` or named in `also`."""
    marked = {key: _mark(value, like[key]) if key in like else value for key, value in values.items()}
    for key in also:
        if key in marked and not isinstance(marked[key], Secret):
            marked[key] = Secret(marked[key])
    return marked


def _mark(value: Any, like: Any) -> Any:
    if isinstance(value, Secret):
        return value
    if isinstance(like, Secret) or (isinstance(like, list) and has_secret(like)):
        return Secret(value)
    if isinstance(value, Mapping) and isinstance(like, Mapping):
        return mark(value, like)
    return value
