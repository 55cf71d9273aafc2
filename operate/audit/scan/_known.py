"""Values that are known to be secret, in memory only, and every form in which they may stand in a text."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final
from urllib.parse import quote, quote_plus, unquote

from policies.secrecy import is_literal, is_secret_name

SHORTEST: Final = 6  # shorter ones stand everywhere by chance
_LONG_LINE: Final = 24
_RANDOM: Final = 16
_URL: Final = re.compile(r"[a-z][a-z0-9+.-]*://[^\s:/@]*:([^\s/@]+)@", flags=re.IGNORECASE)
_BITS: Final = 6  # of a letter of base64


class Secrets:
    """The stack's secrets by form. Has no way to show them."""

    def __init__(self, values: Iterable[Any] = ()) -> None:
        found = dict.fromkeys(text for value in values for text in _texts(value))
        self.skipped = sum(len(text) < SHORTEST for text in found)
        wanted = [text for text in found if len(text) >= SHORTEST]
        self.count = len(wanted)
        self._forms = {form: kind for text in wanted for form, kind in reversed(list(_forms(text)))}

    def __repr__(self) -> str:
        return f"Secrets({self.count})"

    def find(self, text: str) -> Iterator[tuple[int, str]]:
        """Where a secret stands, and in which form."""
        for form, kind in self._forms.items():
            at = text.find(form)
            while at >= 0:
                yield at, kind
                at = text.find(form, at + len(form))


def _texts(value: Any) -> Iterator[str]:
    """What of a secret value is worth looking for: all of a text, of a list or map only what holds a secret itself."""
    if isinstance(value, str):
        yield from _whole(value)
    elif isinstance(value, int) and not isinstance(value, bool):
        yield str(value)
    elif isinstance(value, Mapping | list):
        yield from _parts(value, "")


def _whole(text: str) -> Iterator[str]:
    stripped = text.strip()
    if stripped:
        yield stripped
        yield from (line.strip() for line in stripped.split("\n")[1:] if len(line.strip()) >= _LONG_LINE)
    yield from (password for one in _URL.findall(text) for password in (one, unquote(one)))


def _parts(value: Any, name: str) -> Iterator[str]:
    if isinstance(value, Mapping):
        for key, item in value.items():
            yield from _parts(item, str(key))
    elif isinstance(value, list):
        for item in value:
            yield from _parts(item, name)
    elif isinstance(value, str):
        variable, _, rest = value.partition("=")
        if is_secret_name(variable) and is_literal(rest):
            yield rest
        elif _URL.search(value) or (is_secret_name(name) and is_literal(value)) or _looks_random(value):
            yield from _whole(value)


def _looks_random(text: str) -> bool:
    kinds = sum(bool(re.search(kind, text)) for kind in ("[a-z]", "[A-Z]", "[0-9]"))
    return len(text) >= _RANDOM and kinds == 3 and not re.search(r"[\s/]", text)  # noqa: PLR2004  all three kinds


def _forms(text: str) -> Iterator[tuple[str, str]]:
    """The text as it is, then as programs write it; a form that is the same as an earlier one keeps its name."""
    seen = set()
    for form, kind in _all_forms(text):
        if form not in seen and len(form) >= SHORTEST:
            seen.add(form)
            yield form, kind


def _all_forms(text: str) -> Iterator[tuple[str, str]]:
    yield text, "as it is"
    for escaped in (json.dumps(text)[1:-1], json.dumps(text, ensure_ascii=False)[1:-1]):
        yield escaped, "escaped as in JSON"
        yield json.dumps(escaped)[1:-1], "escaped as in JSON"
        yield escaped.replace("&", "\\u0026").replace("<", "\\u003c").replace(">", "\\u003e"), "escaped as in JSON"
    for encoded in (quote(text, safe=""), quote(text), quote_plus(text)):
        yield encoded, "encoded as in a URL"
        yield re.sub("%[0-9A-F]{2}", lambda match: match[0].lower(), encoded), "encoded as in a URL"
    yield text.replace("'", "''"), "escaped as in SQL"
    yield text.replace("'", "'\\''"), "escaped as in a shell"
    raw = text.encode()
    yield raw.hex(), "in hexadecimal"
    for before in range(3):
        plain = _inside(raw, before)
        yield plain, "in base64"
        yield plain.replace("+", "-").replace("/", "_"), "in base64"


def _inside(raw: bytes, before: int) -> str:
    """Base64 of `raw` behind `before` other bytes: the letters that hold nothing else."""
    letters = base64.b64encode(bytes(before) + raw).decode()
    return letters[-(-before * 8 // _BITS) : (before + len(raw)) * 8 // _BITS]
