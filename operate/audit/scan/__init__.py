"""Looks for secrets in plain in states, plans and logs. Never says what it found, only where and of what kind.

Two questions: does a value that is known to be a secret stand here, in any spelling; does something stand here that
looks like a password. What they have in common with rules is their metadata: level and severity are configured alike.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from operate.audit.judge import Found
from operate.audit.policy_config import PolicyConfig
from operate.audit.scan._documents import Document, of_logs, of_plan, of_state
from operate.audit.scan._known import Secrets
from operate.audit.scan._literals import kinds
from policies.rule import Level, Rule, Severity

__all__ = ["RULES", "Document", "Secrets", "kinds", "look", "of_logs", "of_plan", "of_state", "shown"]

KNOWN: Final = Rule(
    name="refuse-known-secret-in-plain",
    description="No secret of the stack stands in plain in its state, plans or logs.",
    why="They are copied to places that nobody guards as a secret: pull requests, tickets, log stores.",
    remedy="Take the text away, rotate the secret, and mark the value as secret where it is made",
    severity=Severity.CRITICAL,
)
LITERAL: Final = Rule(
    name="refuse-password-literal",
    description="Nothing that looks like a password stands in states, plans or logs.",
    why="A password that was typed somewhere is known to whoever reads that place.",
    remedy="Generate it (`random.RandomPassword`), or give it as a secret or by the path of a file; rotate this one",
    severity=Severity.HIGH,
)
RULES: Final = (KNOWN, LITERAL)


def look(documents: Iterable[Document], secrets: Secrets, config: PolicyConfig) -> Iterator[Found]:
    """Each place of each document once for each kind; a secret that is known isn't told again as a literal."""
    for document in documents:
        known = {}
        if config.level(KNOWN) is not Level.DISABLED:
            known = dict.fromkeys((document.place(at), form) for at, form in secrets.find(document.text))
            yield from (
                _told(KNOWN, config, document.name, *place, f"a secret of the stack, {form}") for place, form in known
            )
        if config.level(LITERAL) is not Level.DISABLED:
            places = {place for place, _ in known}
            literal = dict.fromkeys((document.place(at), kind) for at, kind in _literals(document))
            yield from (
                _told(LITERAL, config, document.name, *place, kind) for place, kind in literal if place not in places
            )


def shown(name: str, config: PolicyConfig) -> Found:
    """What is wrong with a state on disk that was written with `--show-secrets`."""
    return _told(
        KNOWN, config, name, "", "", "the file was written with --show-secrets: all of its secrets are in plain"
    )


def _told(rule: Rule, config: PolicyConfig, source: str, urn: str, where: str, what: str) -> Found:
    """A finding; `urn` is "" outside resources."""
    return Found(
        source=source,
        resource=urn.rsplit("::", 1)[-1],
        urn=urn,
        rule=rule.name,
        severity=rule.severity.value,
        level=config.level(rule).value,
        where=where,
        what=what,
        todo=rule.remedy,
    )


def _literals(document: Document) -> Iterator[tuple[int, str]]:
    """Where something looks like a password, and of what kind."""
    for start, name, text in document.pieces():
        found: Sequence[str] = kinds(text, name)
        yield from ((start, kind) for kind in found)
