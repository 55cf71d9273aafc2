"""Which outputs are secret: those whose input was, and those that the program or the provider named.

Source: the recorded states; a list with a secret anywhere inside is secret as a whole.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from embedded.values import Properties, Secret, has_secret

_HIDDEN_LENGTH = 4  # shorter texts stand in every message
_HIDDEN_WORD = 8


def mark(values: Mapping[str, Any], like: Mapping[str, Any], also: Sequence[str] = ()) -> Properties:
    """`values` with every property secret that is secret in `like` or named in `also`."""
    marked = {key: _mark(value, like[key]) if key in like else value for key, value in values.items()}
    for key in also:
        if key in marked and not isinstance(marked[key], Secret):
            marked[key] = Secret(marked[key])
    return marked


def hide(text: str, *holders: Mapping[str, Any]) -> str:
    """`text` without any text that is secret in `holders`, longest first; below four characters nothing is hidden."""
    found = {item for holder in holders for item in _secret_texts(holder, inside=False)}
    for secret in sorted(found, key=len, reverse=True):
        text = text.replace(secret, "[secret]")
    return text


def _secret_texts(value: Any, *, inside: bool) -> Iterator[str]:
    if isinstance(value, Secret):
        yield from _secret_texts(value.value, inside=True)
    elif isinstance(value, dict):
        for item in value.values():
            yield from _secret_texts(item, inside=inside)
    elif isinstance(value, list):
        for item in value:
            yield from _secret_texts(item, inside=inside)
    elif inside and isinstance(value, (str, int)) and len(str(value)) >= _HIDDEN_LENGTH:
        yield str(value)
        yield from (word for word in str(value).split() if len(word) >= _HIDDEN_WORD)  # a command that prints a part


def _mark(value: Any, like: Any) -> Any:
    if isinstance(value, Secret):
        return value
    if isinstance(like, Secret) or (isinstance(like, list) and has_secret(like)):
        return Secret(value)
    if isinstance(value, Mapping) and isinstance(like, Mapping):
        return mark(value, like)
    return value
