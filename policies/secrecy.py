"""Whether a text holds a password, by its name or by its form. Owns the questions; never returns what it found."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterator, Sequence
from typing import Final

_SECRET_NAME: Final = re.compile(
    r"PASSWORD|PASSWD|PASSPHRASE|REQUIREPASS|SECRET$|SECRET_?KEY|TOKEN$|CREDENTIALS?$|(?:^|_)(?:PASS|PWD|PSW|AUTH)[0-9]*$"
    r"|(?:API|ACCESS|PRIVATE|ENCRYPTION|MASTER|SIGNING)_?KEY$"
)
_HARMLESS_NAME: Final = re.compile(
    r"_(?:FILE|FILES|PATH|ENCRYPTION|LENGTH|POLICY|METHOD|TTL|MIN|MAX|NAME|TYPE|URL|ID)$|^(?:OLD)?PWD$|PASSFILE$|RANDOM|EMPTY"
)
_SWITCHES: Final = frozenset({"", "yes", "no", "true", "false", "0", "1", "none", "null", "on", "off"})
_REFERENCE: Final = r"(?!\$|`|%s|\{\{|<|\*{3}|/run/secrets/|file:)"
_REFERS: Final = re.compile(
    r"\$(?:[A-Z_][A-Z0-9_]*$|[{(][^})]*[})]$)|`.*`$|\{\{.*\}\}$|<.*>$|\*{3}|/run/secrets/|file:"
)
_FORMS: Final = tuple(
    re.compile(form)
    for form in (
        rf"[a-z][a-z0-9+.-]*://[^\s:/@'\"]*:{_REFERENCE}[^\s/@'\"]+@",  # a URL with a password
        rf"(?i)(?:^|[\s;?&'\",{{])(?:password|passwd|pgpassword|redisccli_auth|rediscli_auth|mysql_pwd)\s*[=:]\s*['\"]?{_REFERENCE}[^\s'\"&;,]{{3,}}",
        rf"(?i)--(?:requirepass|masterauth|password|pass|rootpassword|sentinel-pass)(?:=|\s+)['\"]?{_REFERENCE}[^\s'\"-][^\s'\"]*",
        rf"(?im)^\s*(?:requirepass|masterauth)\s+['\"]?{_REFERENCE}\S+",  # redis.conf
        rf"(?i)\b(?:redis-cli|valkey-cli)\b[^\n]*\s-a\s+['\"]?{_REFERENCE}[^\s'\"]+",
        rf"(?i)\b(?:mysql|mariadb|mysqladmin|mysqldump)\b[^\n]*\s-p{_REFERENCE}['\"]?[^\s'\"]+",
        rf"(?i)\bPASSWORD\s+'{_REFERENCE}(?!SCRAM-SHA-256\$)[^']+'",  # SQL
        r"-----BEGIN (?:[A-Z]+ )*PRIVATE KEY-----",
    )
)


def is_secret_name(name: str) -> bool:
    """Whether a variable, label or file of this name holds a secret: POSTGRES_PASSWORD does, its _FILE doesn't."""
    upper = re.sub(r"[^A-Z0-9]+", "_", name.upper())
    return bool(_SECRET_NAME.search(upper)) and not _HARMLESS_NAME.search(upper)


def is_literal(value: str) -> bool:
    """Whether a value could be a secret itself: no reference, no switch, no path of a secret file.

    Nothing expands a variable in a value, so that `$ecret` is a password; `$PASSWORD` and `$(PASSWORD)` are references.
    """
    text = value.strip().strip("'\"")
    return text.lower() not in _SWITCHES and not _REFERS.match(text)


def holds_password(text: str) -> bool:
    """Whether a text holds a password by its form: a URL, an option, an assignment, SQL, a private key."""
    return any(form.search(text) for form in _FORMS)


def command_holds_password(words: Sequence[str]) -> bool:
    """As `holds_password`, for a command whose option and value may be two words."""
    return any(holds_password(word) for word in words) or holds_password(" ".join(words))


def decoded(text: str) -> Iterator[str]:
    """What base64 stands for, where it is text."""
    try:
        yield base64.b64decode(text, validate=True).decode()
    except (binascii.Error, UnicodeDecodeError, ValueError):
        return
