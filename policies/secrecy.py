"""Whether a text holds a password, by its name or by its form. Owns the questions; never returns what it found."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterator, Sequence
from typing import Final

_SECRET_NAME: Final = re.compile(
    r"(?:PASSWORD|PASSWD|PASSPHRASE|REQUIREPASS|SECRET|SECRET_?KEY|CREDENTIALS?|TOKEN|PASS|PWD|PSW|(?:^|_)PW)_?[0-9]*$"
    r"|(?:REDISCLI|NEO4J|BASIC)_AUTH$|(?:API|ACCESS|PRIVATE|ENCRYPTION|MASTER|SIGNING)_?KEY$"
    r"|(?:PASSWORD|SECRET)_(?:ROOT|ADMIN|USER|APP|DB|DEFAULT)$"
)
_HARMLESS_NAME: Final = re.compile(
    r"^(?:OLD)?PWD$|^(?:MAX|MIN|SHOW|HIDE|USE|REQUIRE|ALLOW|FORGOT|RESET|CHANGE|PUBLIC|ENABLE|DISABLE)_|BYPASS$|COMPASS$"
    r"|_(?:RANDOM|EMPTY)_"
)
_SWITCHES: Final = frozenset({"", "yes", "no", "true", "false", "0", "1", "none", "null", "on", "off"})
_REFERENCE: Final = r"(?!\$|`|%s|\{\{|<|\*{3}|/run/secrets/|file:)"
_REFERS: Final = re.compile(
    r"\$(?:[A-Z_][A-Z0-9_]*$|[{(][^})]*[})]$)|`.*`$|\{\{.*\}\}$|<.*>$|\*{3}|/run/secrets/|file:"
)
_VALUE: Final = rf"['\"]?{_REFERENCE}[^\s'\"&;,<>]{{3,200}}"
_FORMS: Final = tuple(  # every repetition is bounded or can't start again inside itself: texts may be long and hostile
    re.compile(form)
    for form in (
        rf"(?i)://[^\s:/@'\"]{{0,100}}:{_REFERENCE}[^\s/@'\"]{{1,200}}@",  # a URL with a password
        rf"(?i)(?:^|[\s;?&'\",{{._-])(?:password|passwd|passphrase|pgpassword|rediscli_auth|mysql_pwd|pwd)['\"]?\s?[=:]\s?{_VALUE}",
        rf"(?i)-[\w.-]{{0,40}}(?:requirepass|masterauth|password|passwd|pass|secret|token)(?:=|\s)['\"]?(?!-){_VALUE}",
        rf"(?im)^[ \t]*(?:requirepass|masterauth)[ \t]+['\"]?{_REFERENCE}\S",  # redis.conf
        rf"(?i)\b(?:redis|valkey)-cli\b(?:[ \t]+(?!-a)\S+){{0,12}}[ \t]+-a[ \t]*['\"]?{_REFERENCE}[^\s'\"]",
        rf"(?i)\b(?:mysql|mariadb|mysqladmin|mysqldump)(?:[ \t]+(?!-p)\S+){{0,12}}[ \t]+-p{_REFERENCE}['\"]?[^\s'\"]",
        rf"(?i)\bPASSWORD\s+'{_REFERENCE}(?!SCRAM-SHA-256\$)[^']",  # SQL
        r"(?i)\bIDENTIFIED\s+BY\s+'[^']",
        r"-----BEGIN (?:[A-Z]+ )*PRIVATE KEY-----",
    )
)
_ASSIGNED: Final = re.compile(
    r"(?m)^[ \t]*(?:export[ \t]+)?['\"]?([A-Za-z][\w.-]{1,60})['\"]?[ \t]*[=:][ \t]*(\S{3,200})"
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


def _is_no_reference(value: str) -> bool:
    """Whether a value in a text that a shell may read is a secret itself."""
    text = value.lstrip("'\"")
    return is_literal(text) and bool(re.match(rf"{_REFERENCE}.", text))


def holds_password(text: str) -> bool:
    """Whether a text holds a password by its form: a URL, an option, an assignment, SQL, a private key."""
    if any(form.search(text) for form in _FORMS):
        return True
    return any(is_secret_name(name) and _is_no_reference(value) for name, value in _ASSIGNED.findall(text))


def command_holds_password(words: Sequence[str]) -> bool:
    """As `holds_password`, for a command whose option and value may be two words."""
    return any(holds_password(word) for word in words) or holds_password(" ".join(words))


def decoded(text: str) -> Iterator[str]:
    """What base64 stands for, where it is text."""
    try:
        yield base64.b64decode("".join(text.split()), validate=True).decode()
    except (binascii.Error, UnicodeDecodeError, ValueError):
        return
