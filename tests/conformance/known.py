"""Where the embedded engine differs from the recordings on purpose or without effect, and why: data for the tests and
for the table in docs/engine.md.

`where` are patterns of `program/step/path of the fact`, `recorded` and `found` patterns of the two values. An entry
that no longer matches anything fails the tests.
"""

from __future__ import annotations

from dataclasses import dataclass
from fnmatch import fnmatchcase

from tests.conformance.compare import Difference


@dataclass(frozen=True, kw_only=True)
class Known:
    """One known difference: what it is and why it is there, in words, and where it shows."""

    what: str
    why: str
    where: tuple[str, ...]
    recorded: str = "*"
    found: str = "*"

    def covers(self, place: str, difference: Difference) -> bool:
        """Whether a difference of the step `place` (`program/step`) is this one."""
        path = f"{place}/{difference.path}"
        return (
            any(fnmatchcase(path, pattern) for pattern in self.where)
            and fnmatchcase(difference.recorded, self.recorded)
            and fnmatchcase(difference.found, self.found)
        )


KNOWN = (
    Known(
        what="An interrupted creation is settled by the next `up`: looked for by its name; a command's is forgotten",
        why="the CLI warns at every run until an interactive refresh; nobody may be there to answer",
        where=("options/7-up-pending/state/pending/*", "options/7-up-pending/state/parts"),
    ),
    Known(
        what="`cancel` says that it has put what a killed run had done into the checkpoint",
        why="there is a journal beside the checkpoint, the CLI has none",
        where=("options/7-cancel/stderr",),
        recorded="(none)",
    ),
    Known(
        what="A refresh asks `Diff` only of a resource that has changed",
        why="saves a call each; the outcome is the same",
        where=("*/calls/*",),
        recorded="?'Diff', 'Read'?",
        found="?'Read'?",
    ),
    Known(
        what="After a deletion that comes first, `Diff` is asked a second time of the dependents that go with it",
        why="their own registration asks as any other does; they are replaced whatever it answers",
        where=("data-tier/0[456]-*change*/diffs/command:local:Command::check",),
    ),
    Known(
        what="The planned outputs of a container are without the official plugin's bookkeeping",
        why="no program reads `__meta` and `__pulumi_raw_state_delta`; the state after the change has them",
        where=(
            "data-tier/*/answers/docker:index/container:Container::web/__meta",
            "data-tier/*/answers/docker:index/container:Container::web/__pulumi_raw_state_delta",
        ),
        found="(none)",
    ),
    Known(
        what="A failed run counts the failed steps; the CLI also counts the run itself",
        why="the number is that of the errors shown",
        where=("options/6-up-fails/closing/resources/1", "data-tier/14-destroy-protected/closing/resources/1"),
        recorded="'2 errored'",
        found="'1 errored'",
    ),
    Known(
        what="`error: update failed` is on stderr, not among the diagnostics",
        why="one place for why a command ends with an error",
        where=(
            "options/6-up-fails/stderr",
            "data-tier/14-*/stderr",
            "data-tier/14-*/closing/said",
            "options/6-up-fails/closing/said*",
        ),
    ),
    Known(
        what="A component's line is shown once more when it is done",
        why="every step has a line with its seconds",
        where=("*/steps/options:index:*", "*/steps/reference:index:*"),
        recorded="(none)",
    ),
    Known(
        what="`preview --json`: `oldState` and `newState` are without marks and outputs of the planning itself",
        why="the CLI lists what its own plan has left on them (`delete`, `pendingReplacement`)",
        where=("*/plan/steps/*/oldState/parts", "*/plan/steps/*/newState/parts"),
    ),
    Known(
        what="`--diff` heads the policy packs as every other view does",
        why="the CLI has an older table here",
        where=("data-tier/04-preview-change/closing/policies",),
    ),
    Known(
        what="`up --json` (engine events) is not carried; the step is compared without it",
        why="nobody has needed it; `preview --json` is carried",
        where=("options/02-up-json-same/closing", "options/02-up-json-same/order"),
        recorded="(none)",
    ),
    Known(
        what="A failed run prints no outputs",
        why="the CLI shows them as taken away, though they stay",
        where=("options/6-up-fails/closing/outputs",),
        found="(none)",
    ),
    Known(
        what="`--diff` shows the inputs of a replacement that is made first",
        why="the CLI adds the outputs, of which a preview says only that they will be others",
        where=(
            "data-tier/07-*/blocks/random:index/randomPassword:RandomPassword::app-password",
            "secrets/04-*/blocks/random:index/randomId:RandomId::salt",
            "secrets/04-*/blocks/random:index/randomPassword:RandomPassword::app",
        ),
    ),
    Known(
        what="`--diff` shows a changed element of a list as one line, `old => new`",
        why="the CLI follows the plugin's paths, which know only elements that come and go",
        where=("data-tier/04-*/blocks/docker:index/container:Container::web",),
    ),
)
