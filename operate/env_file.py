"""An app's data URLs as a file for another program: dotenv, docker, JSON, or a piece of a compose file.

The one command that shows secrets, because that is what it is asked for. Owns quoting and file mode.
"""

from __future__ import annotations

import json
import os
import re
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final

from operate.errors import OperateError

_PLAIN: Final = re.compile(r"[A-Za-z0-9_./:@%+,=-]*")
_ESCAPED: Final = re.compile(r'([\\"$`])')


def dotenv(_: str, variables: Mapping[str, str]) -> str:
    """Lines that shells and dotenv readers understand alike."""
    return "".join(f"{name}={_quoted(value)}\n" for name, value in variables.items())


def docker(_: str, variables: Mapping[str, str]) -> str:
    """Lines for `docker run --env-file`, which knows no quotes. Raises OperateError for what can't be said so."""
    for name, value in variables.items():
        if "\n" in value:
            raise OperateError(f"--format docker: {name} has more than one line; choose json or dotenv")
    return "".join(f"{name}={value}\n" for name, value in variables.items())


def as_json(_: str, variables: Mapping[str, str]) -> str:
    """One JSON object."""
    return json.dumps(dict(variables), indent=1, ensure_ascii=False) + "\n"


def compose(app: str, variables: Mapping[str, str]) -> str:
    """A service's `environment` for a compose file, where `$` begins a variable and `$$` is a `$`."""
    lines = [f"      {name}: {json.dumps(value.replace('$', '$$'))}\n" for name, value in variables.items()]
    return f"services:\n  {app}:\n    environment:\n{''.join(lines)}"


FORMATS: Final[Mapping[str, Callable[[str, Mapping[str, str]], str]]] = {
    "dotenv": dotenv,
    "docker": docker,
    "json": as_json,
    "compose": compose,
}


def text(app: str, variables: Mapping[str, str], form: str) -> str:
    """An app's variables in one of the formats. Raises OperateError for an app without any, or another format."""
    if not variables:
        raise OperateError(f"{app} has no data URLs: it uses no store")
    if form not in FORMATS:
        raise OperateError(f"--format {form}: choose one of {', '.join(FORMATS)}")
    return FORMATS[form](app, variables)


def write(path: Path, content: str) -> None:
    """Write a file that only its owner can read, whole or not at all. Raises OperateError."""
    try:
        descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")  # 0600 from the start
    except OSError as error:
        raise OperateError(f"--output {path}: {error.strerror}") from None
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(content)
        Path(name).replace(path)
    except OSError as error:
        Path(name).unlink(missing_ok=True)
        raise OperateError(f"--output {path}: {error.strerror}") from None


def _quoted(value: str) -> str:
    if _PLAIN.fullmatch(value):
        return value
    if not re.search(r"['\\]", value):
        return f"'{value}'"
    return '"' + _ESCAPED.sub(r"\\\1", value) + '"'
