"""The SQL files that an app's database begins with, as they lie beside the stack file.

Owns which files a declaration means and their checksums; that each runs once belongs to `operate.init_sql`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from hashlib import sha256
from pathlib import Path
from typing import Final

from components.config import Settings
from components.config.errors import Problem

_END: Final = ".sql"


def found(declared: Sequence[str]) -> list[Path]:
    """The files in the order in which they run: a folder stands for its .sql files by name."""
    paths = [Path(each) for each in declared]
    return [file for path in paths for file in (sorted(path.glob(f"*{_END}")) if path.is_dir() else [path])]


def digests(declared: Sequence[str]) -> list[tuple[str, str]]:
    """Path and SHA-256 of each file in order. `problems` has said what can't be read."""
    return [(str(path), sha256(path.read_bytes()).hexdigest()) for path in found(declared)]


def problems(settings: Settings) -> list[Problem]:
    """Why declared files can't be run, before anything is built."""
    return [
        problem
        for app, its in settings.apps.items()
        if its.postgres
        for problem in _problems(f"data-tier:apps.{app}.postgres.init", its.postgres.init)
    ]


def _problems(key: str, declared: Sequence[str]) -> Iterator[Problem]:
    seen: dict[str, Path] = {}
    for position, each in enumerate(declared):
        at = f"{key}[{position}]"
        files = found([each])
        if not files:
            yield Problem(
                key=at, value=each, rule=f"the folder has no {_END} file", remedy="Add one, or remove the entry"
            )
        for file in files:
            yield from _unreadable(at, file)
            if file.name in seen:
                yield Problem(
                    key=at,
                    value=str(file),
                    rule=f"{seen[file.name]} has the same name, by which the database knows what has run",
                    remedy="Rename the one that hasn't run yet",
                )
            seen.setdefault(file.name, file)


def _unreadable(key: str, file: Path) -> Iterator[Problem]:
    try:
        text = file.read_bytes().decode("utf-8")
    except OSError as error:
        reason = error.strerror or type(error).__name__
        rule, remedy = f"it can't be read: {reason}", "Paths begin at the folder of Pulumi.yaml"
    except UnicodeDecodeError:
        rule, remedy = "it isn't UTF-8 text", "Convert it: iconv -f latin1 -t utf-8"
    else:
        if "\0" not in text:
            return
        rule, remedy = "it has a zero byte, which isn't text", "Write it as plain SQL"
    yield Problem(key=key, value=str(file), rule=rule, remedy=remedy)
