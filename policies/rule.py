"""What a rule is, whoever asks it: the pack under an engine, or an audit of something that runs already.

A rule is its metadata and one function. Nothing here knows Pulumi's SDK; `pack` turns rules into its policies.
"""

from __future__ import annotations

import datetime
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum
from typing import Any, Final

from policies.reading import Reader

Settings = Mapping[str, Any]
"""A rule's settings: those of the pack's configuration over the defaults of the rule's schema."""


class Level(Enum):
    """What a finding does to a run, in the SDK's words."""

    MANDATORY = "mandatory"
    ADVISORY = "advisory"
    DISABLED = "disabled"


class Severity(Enum):
    """How bad it is to have it, in the SDK's words."""

    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"
    CRITICAL = "critical"


@dataclass(frozen=True)
class Subject:
    """One resource as rules see it: its inputs, read through `reader`, which remembers what isn't known yet.

    `props` may be the SDK's proxies: a list is a Sequence, never a `list`, and reading an unknown value raises.
    """

    type: str
    name: str
    urn: str
    props: Mapping[str, Any]
    protect: bool = False
    custom: bool = True
    """Whether a provider carries it out; the others are components."""
    provider: str = ""
    """The provider's URN, "" where it isn't known: objects of one database server have the same one."""
    reader: Reader = field(default_factory=Reader)
    facts: dict[str, Any] = field(default_factory=dict)
    """What has been found out about the resource, for all rules that ask about it."""

    def get(self, key: str, unknown: Any = None) -> Any:
        """The property, None where it is missing, `unknown` where it isn't known yet."""
        return self.reader.get(self.props, key, unknown)

    @property
    def kinds(self) -> tuple[str, ...]:
        """The types of its parents, outermost first, and its own; from the URN."""
        parts = self.urn.split("::")
        return tuple(parts[2].split("$")) if len(parts) > 3 else (self.type,)  # noqa: PLR2004  a URN's parts

    @property
    def stack(self) -> str:
        """The stack's name, from the URN; "" where there is none."""
        parts = self.urn.removeprefix("urn:pulumi:").split("::")
        return parts[0] if len(parts) > 1 else ""


@dataclass(frozen=True)
class Finding:
    """What a rule says about one resource, or about the stack where `urn` is "". Never holds a property's value that
    could be a secret."""

    message: str
    urn: str = ""


@dataclass(frozen=True, kw_only=True)
class Rule:
    """One thing that must never be built.

    `description` is the rule as a sentence, `why` a reason for `docs/policies.md`, `remedy` what to do.
    `settings` maps each setting to its JSON schema with `default` and `description`; `exceptions` is added to all.
    From the day `hardens` on, if there is one, the rule is mandatory whatever its level.
    """

    name: str
    description: str
    why: str
    remedy: str
    severity: Severity
    level: Level = Level.MANDATORY
    hardens: datetime.date | None = None
    settings: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)

    def level_on(self, today: datetime.date) -> Level:
        """What a finding does to a run on a day, where no configuration says otherwise."""
        return Level.MANDATORY if self.hardens and today >= self.hardens else self.level

    def level_today(self) -> Level:
        """What a finding does to a run today."""
        return self.level_on(datetime.datetime.now(tz=datetime.UTC).date())

    def told(self, finding: Finding) -> str:
        """A finding as people read it: what and where, then what to do."""
        return f"{finding.message}. {self.remedy}"

    def defaults(self) -> dict[str, Any]:
        """Every setting's default."""
        return {key: schema["default"] for key, schema in self.settings.items()}


def names(description: str, default: Sequence[str] = (), **item: Any) -> dict[str, Any]:
    """The schema of a setting that is a list of texts, none of them empty; `item` says more about each."""
    return {
        "type": "array",
        "items": {"type": "string", "minLength": 1, **item},
        "default": list(default),
        "description": description,
    }


@dataclass(frozen=True, kw_only=True)
class ResourceRule(Rule):
    """Looks at one resource of the given types at a time; `types` empty means any."""

    check: Callable[[Subject, Settings], Iterator[str]]
    types: frozenset[str] = frozenset()

    def findings(self, subject: Subject, settings: Settings) -> Iterator[Finding]:
        """What is wrong with the resource. What isn't known yet is left in `subject.reader`."""
        if not self.types or subject.type in self.types:
            for message in self.check(subject, settings):
                yield Finding(message, subject.urn)


@dataclass(frozen=True, kw_only=True)
class StackRule(Rule):
    """Looks at all resources together: for what only their relations show."""

    check: Callable[[Sequence[Subject], Settings], Iterator[Finding]]

    def findings(self, subjects: Sequence[Subject], settings: Settings) -> Iterator[Finding]:
        """What is wrong with the stack. What isn't known yet is left in each subject's reader."""
        yield from self.check(subjects, settings)


EXCEPTIONS: Final[Mapping[str, Any]] = {
    "type": "array",
    "default": [],
    "description": "Resources that the rule lets through, each with a reason and the last day on which it does.",
    "items": {
        "type": "object",
        "properties": {
            "urn": {"type": "string", "minLength": 1},
            "reason": {"type": "string", "minLength": 1},
            "until": {"type": "string", "pattern": "^[0-9]{4}-[0-9]{2}-[0-9]{2}$"},
        },
        "required": ["urn", "reason", "until"],
        "additionalProperties": False,
    },
}
