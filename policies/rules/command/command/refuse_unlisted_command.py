"""Reports every command that isn't listed: the only answer to scripts and programs that no rule can read.

Advisory from the start; production's configuration makes it mandatory. Uploads are here too: a file that a command put
on another host is code that nobody sees.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from policies.rule import Level, ResourceRule, Settings, Severity, Subject, names
from policies.rules.command.command.refuse_opening_command import LOCAL, REMOTE, TEXTS, is_listed

COPIES: Final = frozenset({"command:remote:CopyFile", "command:remote:CopyToRemote"})
# no anchors: the whole text must match
_OWN: Final = (
    r"\.venv/bin/python -m operate\."
    r"(?:(?:redis|mongo)_users (?:set|settle|lock|delete|purge)|(?:reload_tls|turn_admin) (?:postgres|redis|mongo)"
    r"|backup_role grant|drain|init_sql|role_limits (?:apply|reset)|pooler (?:look-up|pools|reload)"
    r"|readers (?:guard|grant|revoke)|member_steps (?:grant|here|leave)"
    r"|row_level_security install|external_server (?:check|join)|extensions check"
    r"|exporter_users (?:set|delete)|monitoring (?:configure|turned))"
)


def _check(subject: Subject, settings: Settings) -> Iterator[str]:
    if subject.type in COPIES:
        path = subject.get("remotePath", unknown=...)
        if path is not ... and not is_listed(str(path or ""), settings["allow"]):
            yield "remotePath: a file is copied to another host and isn't listed"
        return
    for key in TEXTS:
        text = subject.get(key)
        if isinstance(text, str) and text.strip() and not is_listed(text, settings["allow"]):
            yield f"{key}: the command isn't listed"
    if any(True for _ in subject.reader.items(subject.props, "interpreter")):
        yield "interpreter: the listed commands are for the shell"


RULE = ResourceRule(
    name="refuse-unlisted-command",
    description="Only listed commands run.",
    why="A script's content isn't in the plan: only a list that somebody keeps says what may run. Advisory until the "
    "configuration makes it mandatory, as production's should.",
    remedy="Declare what it does as a resource, or list the command under `allow`",
    severity=Severity.MEDIUM,
    level=Level.ADVISORY,
    types=frozenset({LOCAL, REMOTE}) | COPIES,
    settings={
        "allow": names(
            "Regular expressions for whole commands, and for paths of files that are copied.", [_OWN], format="regex"
        )
    },
    check=_check,
)
