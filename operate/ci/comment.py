"""A preview as a comment: one pure function from what is known to Markdown.

Owns the order and the wording. What must be looked at stands first; what can be left out when it gets long, last.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final

from operate import printing
from operate.ci.markdown import cell, fenced, span, table
from operate.ci.plan import OPERATIONS, Change, Plan, stores_touched
from operate.ci.violations import Violation
from policies.catalogue import all_rules

LONGEST: Final = 60_000  # characters; GitHub takes 65,536
_ERRORS, _ERROR_LENGTH = 10, 2_000
_FINDINGS: Final = 50
_TOUCHED: Final = 50
_SAYS_NOTHING: Final = ("preview failed", "update failed")
_MEBIBYTE: Final = 1024 * 1024
_UNKNOWN: Final = "not known"
_CUT: Final = "\n\n_Cut here: the rest is in the log of this run._"


@dataclass(frozen=True, kw_only=True)
class Preview:
    """Everything that the comment tells of. `storage` is declared MiB before and after, None where not known.

    `errors` are those of a run that gave no plan, `placeholders` keys whose secrets were exchanged.
    """

    stack: str
    plan: Plan = field(default_factory=Plan)
    violations: Sequence[Violation] = ()
    errors: Sequence[str] = ()
    storage: tuple[int | None, int | None] = (None, None)
    with_state: bool = True
    placeholders: Sequence[str] = ()
    code: int = 0

    @property
    def problems(self) -> list[str]:
        """Everything that failed, the plan's own first; that it failed only where nothing says why."""
        found = list(dict.fromkeys([*self.plan.errors, *self.errors]))
        return [text for text in found if text not in _SAYS_NOTHING] or found


def marker(stack: str) -> str:
    """The hidden first line, by which the comment of a stack is found again."""
    return f"<!-- data-tier preview of {stack} -->"


def write(preview: Preview) -> str:
    """The comment."""
    parts = [
        [marker(preview.stack), f"## Preview of {span(preview.stack)}: {_verdict(preview)}"],
        list(_notes(preview)),
        list(_data(preview.plan)),
        list(_errors(preview.problems)),
        list(_violations(preview.violations)),
        list(_counts(preview)) if preview.plan.counts else [],
        list(_sizes(preview)) if preview.plan.counts else [],
        list(_not_known_yet(preview.violations)),
        list(_all(preview.plan.changes)),
    ]
    text = "\n\n".join("\n".join(part) for part in parts if part) + "\n"
    return text if len(text) <= LONGEST else _cut(text)


def _verdict(preview: Preview) -> str:
    forbidden = sum(one.mandatory for one in preview.violations)
    touched = sum(1 for _ in stores_touched(preview.plan.changes))
    if forbidden:
        return f"refused, {_many(forbidden, 'policy violation')}"
    if preview.problems or preview.code:
        return "failed"
    if touched:
        return f"**{_many(touched, 'replacement or deletion', 'replacements and deletions')} of data**"
    changes = len(preview.plan.changes)
    return _many(changes, "change") if changes else "no changes"


def _notes(preview: Preview) -> Iterator[str]:
    if not preview.with_state:
        yield (
            "Planned without state: as if nothing had been built yet. What exists, what would be replaced and what "
            "would be deleted isn't known here."
        )
    if preview.placeholders:
        keys = ", ".join(span(key) for key in preview.placeholders)
        yield f"Random values stand in for the secrets of the stack file: {keys}."


def _data(plan: Plan) -> Iterator[str]:
    touched = list(stores_touched(plan.changes))
    if touched:
        yield "### Data: look here first"
        yield ""
    for one in touched[:_TOUCHED]:
        yield f"- **{one.operation} {one.data} {span(one.name)}**: {_consequence(one)}"
    if len(touched) > _TOUCHED:
        yield f"- **and {len(touched) - _TOUCHED} more**"


def _consequence(one: Change) -> str:
    cause = f" Caused by {_properties(one)}." if one.operation == "replace" else ""
    if one.data == "data container":
        return f"what it serves can't be reached meanwhile; its volumes stay.{cause}"
    if one.retained:
        return f"the stack forgets it, what is there stays (retained).{cause}"
    if one.data == "password":
        return f"who logs in with it is locked out where the server isn't told the new one.{cause}"
    return f"what is in it is lost.{cause}" if one.data != "role" else f"logins with it end.{cause}"


def _properties(one: Change) -> str:
    return ", ".join(span(name) for name in one.properties) or "the replacement of something that it depends on"


def _errors(problems: Sequence[str]) -> Iterator[str]:
    if problems:
        yield "### Errors"
        yield ""
    for text in problems[:_ERRORS]:
        yield from fenced(text, _ERROR_LENGTH)
    if len(problems) > _ERRORS:
        yield f"and {len(problems) - _ERRORS} more"


def _violations(violations: Sequence[Violation]) -> Iterator[str]:
    found = [one for one in violations if not one.later]
    if not found:
        return
    severities = {rule.name: rule.severity.value for rule in all_rules()}
    yield "### Policies"
    yield ""
    rows = [
        (
            f"**{span(one.rule)}**" if one.mandatory else span(one.rule),
            "**mandatory**" if one.mandatory else "advisory",
            cell(one.severity or severities.get(one.rule, "-")),
            span(one.where) if one.where else "the stack",
            cell(one.message),
        )
        for one in found[:_FINDINGS]
    ]
    yield from table(("Rule", "Level", "Severity", "Where", "What is wrong, and what to do"), rows)
    if len(found) > _FINDINGS:
        yield ""
        yield f"and {len(found) - _FINDINGS} more"


def _counts(preview: Preview) -> Iterator[str]:
    plan = preview.plan
    shown = [name for name in OPERATIONS if name != "import" or plan.counts.get(name)]
    yield "### Summary"
    yield ""
    if preview.problems:
        yield "Incomplete: the preview stopped at the errors above."
        yield ""
    yield from table(shown, [[str(plan.counts.get(name, 0)) for name in shown]])


def _sizes(preview: Preview) -> Iterator[str]:
    both = (preview.plan.before, preview.plan.after)
    memory = [
        _size(each.memory) + (f", {each.unlimited} without a known limit" if each.unlimited else "") for each in both
    ]
    rows = [
        ("Memory limits of containers", memory),
        ("Containers that keep running", [str(each.containers) for each in both]),
        ("Volumes", [str(each.volumes) for each in both]),
        ("Storage declared for data", [_UNKNOWN if size is None else _size(size) for size in preview.storage]),
    ]
    before = (lambda text: text) if preview.with_state else (lambda _: _UNKNOWN)
    yield from table(("", "before", "after"), [(name, before(old), new) for name, (old, new) in rows])


def _size(mebibytes: int) -> str:
    return printing.size(mebibytes * _MEBIBYTE)


def _not_known_yet(violations: Sequence[Violation]) -> Iterator[str]:
    rules = Counter(one.rule for one in violations if one.later)
    if rules:
        yield f"<details><summary>{_many(len(rules), 'rule')} asked again before creation</summary>"
        yield ""
        yield from (f"- {span(rule)}: {_many(count, 'resource')}" for rule, count in sorted(rules.items()))
        yield "</details>"


def _all(changes: Sequence[Change]) -> Iterator[str]:
    if changes:
        yield f"<details><summary>All {len(changes)} changes</summary>"
        yield ""
        rows = [(one.operation, span(one.type), span(one.name), _named(one)) for one in changes]
        yield from table(("", "Type", "Name", "What changes"), rows)
        yield ""
        yield "</details>"


def _named(one: Change) -> str:
    return _properties(one) if one.operation == "replace" else ", ".join(span(name) for name in one.properties)


def _many(count: int, one: str, many: str = "") -> str:
    return f"{count} {one if count == 1 else many or one + 's'}"


def _cut(text: str) -> str:
    """The text up to a whole line, what is open closed again, and a note. Only lists at its end can be that long."""
    end = "\n\n</details>"
    kept = text[: LONGEST - len(_CUT) - len(end) - 1].rpartition("\n")[0]
    return kept + (end if kept.count("<details>") > kept.count("</details>") else "") + _CUT + "\n"
