"""Writes docs/policies.md from the rules' own metadata: `python -m policies.docs`, or `make docs`.

Owns the page and its order. What a rule says of itself stands in the rule's file.
"""

from __future__ import annotations

import json
import textwrap
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from policies.catalogue import all_rules
from policies.rule import ResourceRule, Rule, StackRule

REPOSITORY: Final = Path(__file__).resolve().parents[1]
PAGE: Final = REPOSITORY / "docs/policies.md"
CONFIGS: Final = REPOSITORY / "policies/config"
_WIDTH: Final = 120
_INTRODUCTION: Final = """\
# Policies

What must never be built, as rules of Pulumi's policy pack in [`policies/`](../policies). `./pulumiw up` and `preview`
always ask them; so does `make preview`. A data port that others than this host reach, a plaintext password or a
privileged container stops the run before anything is created.

This page is made from the rules by `make docs`; a test fails where it is stale.

## In CI

```
pulumi preview --policy-pack policies --policy-pack-config policies/config/prod.json
```

It ends with another exit code than 0 where a mandatory rule is broken. Take pack and config from the target branch,
never from the pull request that they judge.

## Levels

| Level | A finding |
|---|---|
| `mandatory` | stops the preview; at an update nothing is created, changed or deleted for that resource |
| `advisory` | is told |
| `disabled` | is not looked for |

Each rule has a level of its own. `policies/config/<stack>.json` changes levels and settings for one stack, so that
production and development differ by config, not by code. `./pulumiw` adds that file by itself for the stack of
`--stack`, else for the selected one, unless you give a `--policy-pack-config` for the pack; a stack without a file
has the rules' own levels, and `./pulumiw` says so. `all` sets every level at once:

```json
{
  "all": "advisory",
  "refuse-published-data-port": "mandatory",
  "refuse-weak-password": {"enforcementLevel": "mandatory", "length": 32}
}
```

Each setting has a JSON schema. The embedded engine refuses a rule or setting that there isn't, each mistake by its
name, and runs nothing; the CLI refuses values that don't fit only.

## Exceptions

One resource is let through a rule by its URN, with a reason and the last day on which it is. Every rule takes
`exceptions`:

```json
{
  "refuse-published-data-port": {
    "exceptions": [
      {
        "urn": "urn:pulumi:prod::data-tier::docker:index/container:Container::replica",
        "reason": "the old reporting host reads it until it has moved",
        "until": "2027-03-31"
      }
    ]
  }
}
```

`./pulumiw stack export` shows URNs. One that has run out is a finding by itself on the rule's level, whether the
resource still offends or not: somebody must look again. What a rule says of the stack as a whole has no URN: change
its level.

## What isn't known yet

A property that depends on a resource that doesn't exist yet isn't known at preview. That never counts as good: the
rule tells as an advisory finding that it cannot be known yet, goes on with everything that is known, and is asked
again, with the value, before that resource is created. So a preview may pass and the update stop, with nothing made.
Rules about the whole stack are asked when it has been built: what must not exist for a moment is a rule about one
resource.

Messages name the property and never its value: rules see secrets in plain.
"""


def page() -> str:
    """The page as it should be."""
    return "\n".join([_INTRODUCTION, *_table(), *(line for rule in all_rules() for line in _section(rule))])


def place(rule: Rule) -> str:
    """Vendor and resource, from the folder of the rule's file: `docker/container`."""
    assert isinstance(rule, ResourceRule | StackRule)  # noqa: S101  there is no third kind
    return "/".join(rule.check.__module__.split(".")[2:-1])


def _table() -> Iterator[str]:
    yield "## Rules\n"
    yield "| Resource | Rule | What it says | Severity | Level | Settings |\n|---|---|---|---|---|---|"
    yield from map(_row, sorted(all_rules(), key=lambda rule: (place(rule), rule.name)))
    yield ""


def _row(rule: Rule) -> str:
    settings = ", ".join(f"`{name}`" for name in rule.settings)
    cells = (
        place(rule),
        f"[{rule.name}](#{rule.name})",
        rule.description,
        rule.severity.value,
        _levels(rule),
        settings,
    )
    return _cells(*cells)


def _cells(*cells: str) -> str:
    """A row of a table."""
    return f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in cells)} |".replace("|  |", "| |")


def _section(rule: Rule) -> Iterator[str]:
    yield f"### {rule.name}\n"
    yield _paragraph(f"{rule.description} Severity {rule.severity.value}, {_levels(rule)}.")
    yield _paragraph(rule.why)
    yield _paragraph(f"**What to do:** {rule.remedy}.")
    if rule.settings:
        yield "| Setting | Default | |\n|---|---|---|"
        for name, schema in rule.settings.items():
            yield _cells(f"`{name}`", f"`{json.dumps(schema['default'])}`", schema["description"])
        yield ""
    yield f"**Exception:** {_exception(rule)}\n"


def _exception(rule: Rule) -> str:
    """One line that can be copied into a config and filled in."""
    kind = sorted(rule.types)[0] if isinstance(rule, ResourceRule) and rule.types else "TYPE"
    one = {"urn": f"urn:pulumi:STACK::data-tier::{kind}::NAME", "reason": "WHY", "until": "YYYY-MM-DD"}
    return f"`{json.dumps({rule.name: {'exceptions': [one]}})[1:-1]}`"


def _levels(rule: Rule) -> str:
    """The rule's own level, and where a stack's config says another."""
    found = [f"`{rule.level.value}`", *([f"`mandatory` from {rule.hardens} on"] if rule.hardens else [])]
    for file in sorted(CONFIGS.glob("*.json")):
        config: dict[str, Any] = json.loads(file.read_text())
        level = _level(config.get(rule.name)) or _level(config.get("all")) or rule.level.value
        if level != rule.level.value:
            found.append(f"{file.stem} `{level}`")
    return ", ".join(found)


def _level(entry: Any) -> str:
    return entry.get("enforcementLevel", "") if isinstance(entry, dict) else entry or ""


def _paragraph(text: str) -> str:
    return textwrap.fill(text, _WIDTH, break_long_words=False, break_on_hyphens=False) + "\n"


if __name__ == "__main__":
    PAGE.write_text(page())
    print(f"written: {PAGE.relative_to(REPOSITORY)}, {len(all_rules())} rules")
