"""The pack's rules on the resources of a source: levels, settings and exceptions as under an engine.

What a rule couldn't read is told by itself: in an audit nothing asks again later.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Final

from operate.audit.policy_config import PolicyConfig
from operate.audit.resources import Resource, Source
from policies.exceptions import judged
from policies.rule import Finding, Level, ResourceRule, Rule, StackRule, Subject

_PATH: Final = re.compile(r"([A-Za-z_][\w.\[\]/-]*): (.+)", flags=re.DOTALL)


@dataclass(frozen=True, kw_only=True)
class Found:
    """One finding as it is printed. Never holds a value that could be a secret."""

    source: str
    resource: str
    urn: str
    rule: str
    severity: str
    level: str
    where: str
    what: str
    todo: str

    def as_json(self) -> dict[str, Any]:
        """The finding as --json has it."""
        return asdict(self)


@dataclass(frozen=True, kw_only=True)
class NotJudged:
    """A property that is unknown in the source, and the rules that needed it."""

    source: str
    resource: str
    urn: str
    where: str
    rules: tuple[str, ...]

    def as_json(self) -> dict[str, Any]:
        """As --json has it."""
        return {**asdict(self), "rules": list(self.rules)}


def judge(source: Source, rules: Iterable[Rule], config: PolicyConfig) -> tuple[list[Found], list[NotJudged]]:
    """What all rules that aren't disabled say of a source."""
    by_urn = {one.urn: one for one in source.resources}
    found: list[Found] = []
    unread: dict[tuple[str, str], list[str]] = {}
    for rule in rules:
        if config.level(rule) is Level.DISABLED:
            continue
        for finding, subjects in _asked(rule, source.resources, config):
            if finding is not None:
                found.append(told(rule, config, source, by_urn.get(finding.urn), finding))
            for subject in subjects:
                if subject.reader.unknown is not None:
                    path = _path(subject.reader.unknown.props)
                    unread.setdefault((subject.urn, path), []).append(rule.name)
    return found, [_not_judged(source, by_urn[urn], path, rules) for (urn, path), rules in unread.items()]


def told(rule: Rule, config: PolicyConfig, source: Source, resource: Resource | None, finding: Finding) -> Found:
    """A finding with its place, rule and what to do; a resource of None is the stack as a whole."""
    match = _PATH.fullmatch(finding.message)
    where, what = (match[1], match[2]) if match else ("", finding.message)
    return Found(
        source=source.name,
        resource=_label(resource) if resource else "",
        urn=finding.urn,
        rule=rule.name,
        severity=rule.severity.value,
        level=config.level(rule).value,
        where=resource.place(where) if resource and where else where,
        what=what,
        todo=rule.remedy,
    )


def _asked(
    rule: Rule, resources: Sequence[Resource], config: PolicyConfig
) -> Iterator[tuple[Finding | None, Sequence[Subject]]]:
    """Each finding, and after a rule's last one the subjects whose unknown values it met."""
    settings = config.settings(rule)
    if isinstance(rule, ResourceRule):
        for resource in resources:
            subject = resource.subject()
            for finding in judged(rule.findings(subject, settings), [subject], settings):
                yield finding, ()
            yield None, [subject]
    elif isinstance(rule, StackRule):
        subjects = [resource.subject() for resource in resources]
        for finding in judged(rule.findings(subjects, settings), subjects, settings):
            yield finding, ()
        yield None, subjects


def _label(resource: Resource) -> str:
    """`Container db`: the last part of the type is what people call it."""
    return f"{resource.type.rsplit(':', 1)[-1]} {resource.name}"


def _path(parts: Sequence[str]) -> str:
    """`ports[0].ip`, as rules write it."""
    return "".join(f"[{part}]" if part.isdigit() else f".{part}" for part in parts).lstrip(".")


def _not_judged(source: Source, resource: Resource, path: str, rules: Sequence[str]) -> NotJudged:
    return NotJudged(
        source=source.name,
        resource=_label(resource),
        urn=resource.urn,
        where=resource.place(path),
        rules=tuple(rules),
    )
