"""Refuses commands that start containers, open a firewall, relay connections, or that nobody can read beforehand.

Scripts and programs of one's own aren't opened: `refuse-unlisted-command` is for them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, Final

from policies.commands import of_words, problems, reads_input
from policies.openings import CANNOT_BE_READ
from policies.rule import ResourceRule, Settings, Severity, Subject, names

LOCAL: Final = "command:local:Command"
REMOTE: Final = "command:remote:Command"
TEXTS: Final = ("create", "update", "delete")
_TAKES_OVER: Final = re.compile(
    "BASH_ENV|LD_PRELOAD|LD_LIBRARY_PATH|BASH_FUNC_.*|PERL5OPT|PYTHONSTARTUP|DOCKER_HOST", re.I
)


def _check(subject: Subject, settings: Settings) -> Iterator[str]:
    """Each place once: the same thing said twice helps nobody."""
    variables = {
        key: value for key, value in subject.reader.entries(subject.props, "environment") if isinstance(value, str)
    }
    interpreter = [str(word) for _, word in subject.reader.items(subject.props, "interpreter")]
    fed = False
    for key in TEXTS:
        text = subject.get(key)
        if not isinstance(text, str) or is_listed(text, settings["allow"]):
            continue
        found = of_words([*interpreter, text], variables) if interpreter else problems(text, variables)
        yield from _told(key, found)
        fed = fed or reads_input(" ".join([*interpreter, text]), variables)
    stdin = subject.get("stdin")
    if isinstance(stdin, str):
        yield from _told("stdin", problems(stdin, variables, strict=fed))
    for name, value in subject.reader.entries(subject.props, "environment"):
        found = problems(value, {}, strict=False) if isinstance(value, str) and re.search(r"\s", value) else iter(())
        yield from _told(f"environment.{name}", [CANNOT_BE_READ] if _TAKES_OVER.fullmatch(name) else found)


def _told(where: str, found: Any) -> Iterator[str]:
    yield from (f"{where}: the command {meaning}" for meaning in dict.fromkeys(found) if meaning)


def is_listed(text: str, allow: Any) -> bool:
    """Whether one of the expressions matches the whole text."""
    return any(re.fullmatch(one, text.strip()) for one in allow)


RULE = ResourceRule(
    name="refuse-opening-command",
    description="No command starts containers, opens a firewall or a tunnel, or hides what it runs.",
    why="What a command does isn't in the plan: a `docker run -p 5432:5432` in it publishes a database past every "
    "other rule.",
    remedy="Declare it as a resource; spell the command out if it can't be read, or list it under `allow`",
    severity=Severity.CRITICAL,
    types=frozenset({LOCAL, REMOTE}),
    settings={
        "allow": names(
            "Regular expressions for whole commands that somebody has read and found harmless.", format="regex"
        )
    },
    check=_check,
)
