"""`python -m tests.conformance.table` writes the table of docs/engine.md: what agrees, and each known difference.

Made from the facts and the known differences alone; that they hold is for the tests.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable
from pathlib import Path

from tests.conformance import compare, facts
from tests.conformance.known import KNOWN
from tests.conformance.normal import Json
from tests.conformance.scripts import SCRIPTS

DOCUMENT = Path(__file__).parents[2] / "docs" / "engine.md"
BEGIN, END = "<!-- conformance -->", "<!-- /conformance -->"
_ASPECTS = {
    "exit codes": ("exit",),
    "exported states: resources, pending operations, secrets opened": ("state",),
    "steps, their order, the closing lines": ("steps", "order", "closing"),
    "`preview --json`": ("plan",),
    "`--diff`": ("blocks",),
    "calls of the providers by resource": ("calls",),
    "differences that the providers answer: properties, paths, kinds": ("diffs",),
    "answers to the program": ("answers",),
    "what a policy pack is shown": ("shown to Analyze", "shown to AnalyzeStack"),
    "outputs, `stack ls`, the lock's message": ("printed", "stderr"),
}


def written(steps: Iterable[Json]) -> str:
    """The text between the markers."""
    steps = list(steps)
    lines = [
        f"{len(steps)} steps of three programs, recorded from the Pulumi CLI 3.260 with the official plugins, are "
        "played on this engine by `tests/conformance`. Every value is compared, generated ones by their origin. "
        "What the plugins answered is also replayed call by call (`tests/embedded/providers`). Left out are times, "
        "requests, and the screen while a step runs.",
        "",
        "| Compared | Steps | Values |",
        "|---|---|---|",
    ]
    for title, parts in _ASPECTS.items():
        kept = [[step[part] for part in parts if part in step] for step in steps]
        lines.append(f"| {title} | {sum(map(bool, kept))} | {sum(compare.count(found) for found in kept if found):,} |")
    lines += ["", "All of it agrees but for this:", "", "| Here | Why |", "|---|---|"]
    lines += [f"| {known.what} | {known.why} |" for known in KNOWN]
    return "\n".join(lines)


def document(text: str, table: str) -> str:
    """The document with the table between its markers. Raises ValueError where it has none."""
    before, begin, rest = text.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not (begin and end):
        raise ValueError(f"{DOCUMENT.name} has no {BEGIN} and {END}")
    return f"{before}{BEGIN}\n{table}\n{END}{after}"


def current() -> str:
    """The table as it should stand."""
    return written(step for script in SCRIPTS.values() for step in facts.load(script.file).values())


if __name__ == "__main__":
    DOCUMENT.write_text(document(DOCUMENT.read_text(), current()))
    sys.exit()
