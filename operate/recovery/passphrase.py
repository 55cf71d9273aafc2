"""The passphrase of a recovery kit: from a file, from the environment, or asked for at the terminal.

Never an argument, which every process list shows.
"""

from __future__ import annotations

import getpass
import os
import sys
from pathlib import Path
from typing import Final

from operate.errors import OperateError

VARIABLE: Final = "DATA_TIER_KIT_PASSPHRASE"
SHORTEST: Final = 12


def chosen(file: Path | None) -> str:
    """That of a kit that is to be made; a terminal is asked twice. Raises OperateError."""
    found = _given(file)
    if found is None:
        found = _asked("Passphrase of the kit: ")
        if _asked("Once more: ") != found:
            raise OperateError("the two aren't the same: nothing was written")
    if len(found) < SHORTEST:
        raise OperateError(
            f"the kit's passphrase needs {SHORTEST} characters or more: whoever has the kit can try them"
        )
    return found


def known(file: Path | None) -> str:
    """That of a kit that there is. Raises OperateError."""
    found = _given(file)
    return _asked("Passphrase of the kit: ") if found is None else found


def _given(file: Path | None) -> str | None:
    if file is None:
        return os.environ.get(VARIABLE)
    try:
        text = file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "it isn't text"
        raise OperateError(f"--passphrase-file {file}: {reason}") from None
    found = text.removesuffix("\n").removesuffix("\r")
    if not found:
        raise OperateError(f"--passphrase-file {file}: it is empty")
    return found


def _asked(question: str) -> str:
    if not sys.stdin.isatty():
        raise OperateError(
            f"the kit's passphrase can't be asked for here: give --passphrase-file FILE, or set {VARIABLE}"
        )
    return getpass.getpass(question)
