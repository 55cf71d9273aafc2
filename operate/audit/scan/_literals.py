"""What looks like a password in a text. References, placeholders and paths of secret files don't.

What a password looks like in commands and SQL is `policies.secrecy`'s to say; here are logs, tokens and assignments.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from policies.secrecy import holds_password, is_literal, is_secret_name

_PLACEHOLDER: Final = re.compile(
    r"\[(?:secret|redacted|masked|filtered|hidden|sensitive)\]|\*{3,}|<[^<>\s]{0,40}>|\((?:sensitive|hidden)[^)]*\)"
    r"|\b(?:REDACTED|x{4,}|X{4,})\b|•{3,}|output<[a-z]+>|04da6b54-80e4-46f7-96ec-b56ff0331ba9",
    flags=re.IGNORECASE,
)
_ASSIGNMENT: Final = re.compile(
    r"(?P<name>[A-Za-z][\w.-]{2,60})\\?['\"]?\s*(?:=|:(?!//)|=>)\s*\\?['\"]?(?P<value>[^\s'\"\\,;&{}()\[\]]+)"
)
_URL: Final = re.compile(r"[a-z][a-z0-9+.-]*://[^\s:/@'\"]*:(?P<value>[^\s/@'\"]+)@", flags=re.IGNORECASE)
_TOKENS: Final = {
    "a key of AWS": re.compile(r"\b(?:AKIA|ASIA)[0-9A-Z]{16}\b"),
    "a private key": re.compile(r"-----BEGIN (?:[A-Z0-9]+ )*PRIVATE KEY(?: BLOCK)?-----"),
    "a token": re.compile(
        r"\b(?:gh[pousr]_[A-Za-z0-9]{36,}|github_pat_\w{22,}|glpat-[\w-]{20,}|xox[abprs]-[\w-]{10,}|sk_live_\w{16,}"
        r"|pul-[0-9a-f]{40}|eyJ[\w-]{8,}\.eyJ[\w-]{8,}\.[\w-]+)"
    ),
    "a bearer token": re.compile(r"(?i)\bauthorization['\"]?\s*[:=]\s*['\"]?(?:bearer|basic)\s+[\w.~+/=-]{8,}"),
}
_METHODS: Final = re.compile(
    r"(?:scram-sha-256|md5|trust|peer|cert|reject|ident|ldap|required?|enabled?|disabled?|default|optional|failed|ok|unset"
    r"|set|missing|empty|unknown|undefined|nil|authentication|encryption|encrypted|generated|string|str|changed|invalid)\.?",
    flags=re.IGNORECASE,
)
_WORTH_LOOKING: Final = re.compile(
    r"pass|pwd|psw|secret|token|cred|auth|key|akia|asia|://[^\s/]*@|(?:redis|valkey)-cli|mysql|mariadb|gh[pousr]_|glpat|xox"
    r"|sk_live|pul-|eyj",
    flags=re.IGNORECASE,
)  # a word of every form here: most lines of a log have none
_SHORTEST: Final = 4
_CAMEL: Final = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
_VERIFIER: Final = re.compile(r"SCRAM-SHA-256\$|\$2[aby]\$|\$argon2|md5[0-9a-f]{32}$|v1:[\w+/=]+:[\w+/=]+$")


def kinds(text: str, name: str = "") -> list[str]:
    """The kinds of passwords in a text; `name` is the key that it stands at."""
    if not _WORTH_LOOKING.search(name) and not _WORTH_LOOKING.search(text):
        return []
    cleaned = _PLACEHOLDER.sub("$HIDDEN", text)  # a reference, whatever stood there
    return list(dict.fromkeys(_kinds(cleaned, name)))


def _kinds(text: str, name: str) -> Iterator[str]:
    if name and _names_secret(name) and _is_password(text):
        yield "a password by its name"
    if any(_is_password(match["value"], shortest=1) for match in _URL.finditer(text)):
        yield "a URL with a password"
    if any(_names_secret(match["name"]) and _is_password(match["value"]) for match in _ASSIGNMENT.finditer(text)):
        yield "an assignment to the name of a password"
    tokens = [kind for kind, form in _TOKENS.items() if form.search(text)]
    yield from tokens
    if holds_password(_URL.sub("", _ASSIGNMENT.sub("", text))) and "a private key" not in tokens:
        yield "a command or statement with a password"


def _names_secret(name: str) -> bool:
    """As `is_secret_name`, also for names in camel case: `passwordLength` holds none."""
    return is_secret_name(_CAMEL.sub("_", name))


def _is_password(value: str, shortest: int = _SHORTEST) -> bool:
    text = value.strip()
    return (
        len(text) >= shortest
        and is_literal(text)
        and not text.startswith(("/", "./", "%"))
        and not _METHODS.fullmatch(text)
        and not _VERIFIER.match(text)
    )
