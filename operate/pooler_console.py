"""The consoles of a pooler's processes, asked inside its container: by the network one of them answers, by its socket
each. There it lets in the user that it runs as, so no password is needed.
"""

from __future__ import annotations

import csv
import io
from typing import Final

from docker.models.containers import Container

from operate import inside
from operate.errors import OperateError

Rows = list[dict[str, str]]

_SECONDS: Final = 10
_SLACK: Final = 5
_PAGE: Final = "\f"  # before the answer of each process
_ASK: Final = r"""
for socket in /run/pgbouncer/*/; do
    printf '\f'
    timeout "$1" psql --no-psqlrc --quiet --csv --host "$socket" --port 6432 --username pgbouncer --dbname pgbouncer \
        --command "$2" || { failed=1; $3; }
done
exit ${failed:-0}"""
_LIMIT: Final = r"""printf '\n[users]\n%s = client_idle_timeout=%s\n' "$1" "$2" >>/var/lib/pgbouncer/pools.ini"""


def ask(container: Container, command: str, seconds: int = _SECONDS, *, all_of_them: bool = False) -> list[Rows]:
    """What each process answers, one after the other, within `seconds` each. Raises OperateError with the reason, after
    the first that fails, or after `all_of_them`.
    """
    script = ["sh", "-c", _ASK, "ask", str(seconds), command, ":" if all_of_them else "break"]
    done = inside.capture(container, script, seconds=seconds + _SLACK)
    if done.code:
        reason = done.reason if done.err.strip() else f"no answer within {seconds} s"
        raise OperateError(f"{container.name}: {command}: {reason}")
    _, *pages = done.out.decode().split(_PAGE)
    return [list(csv.DictReader(io.StringIO(page))) for page in pages]


class Clients:
    """The clients of one login at a pooler."""

    def __init__(self, container: Container, login: str) -> None:
        self._container, self._login = container, login

    def count(self) -> int:
        """How many are connected. Raises OperateError."""
        pages = ask(self._container, "SHOW CLIENTS")
        return sum(row["user"] == self._login for rows in pages for row in rows)

    def end_idle(self, seconds: int) -> None:
        """From now on disconnect those that are in no transaction and have asked nothing for `seconds`; 0: none.

        PgBouncer does it itself, so that none is met in the middle of its work. Raises OperateError.
        """
        command = ["sh", "-c", _LIMIT, "limit", self._login, str(seconds)]
        done = inside.capture(self._container, command, user="root", seconds=_SECONDS)
        if done.code:
            raise OperateError(f"{self._container.name}: idle clients can't be ended: {done.reason}")
        ask(self._container, "RELOAD")
