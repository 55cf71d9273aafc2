"""What a person sees of a run, read back into facts: the steps, the closing lines, and the plan in JSON."""

from __future__ import annotations

import json
import re
from typing import Any

from tests.conformance.normal import Json, Names, key

_DONE = {
    "created": "create",
    "updated": "update",
    "deleted": "delete",
    "replaced": "replace",
    "created replacement": "create-replacement",
    "deleted original": "delete-replaced",
    "imported": "import",
    "create": "create",
    "update": "update",
    "delete": "delete",
    "replace": "replace",
    "import": "import",
}
_LINE = re.compile(
    rf"^ (?:[-+~= ]{{2}}) +(\S+:\S+) (\S+) (?:({'|'.join(sorted(_DONE, key=len, reverse=True))})(?= |$)|\*\*(\w+) )"
)
_OPTIONS = re.compile(r"^    (\S+:\S+) (\S+) +(?=\[diff: )")  # nothing is done to it, its options change
_DIFFERENCE = re.compile(r"\[diff: ([^\]]*)\]")
_BLOCK = re.compile(r"^ *[-+~=]* *\S+:\S+: \(([\w-]+)(?:\[retain\])?\)$")
_SECTION = r"^(?:Resources|Policies|Policy Packs run|Diagnostics|Outputs):$"
_URN = re.compile(r"^ *\[urn=(.+)\]$")


def steps(text: str) -> Json:
    """`type name` to what was done to it, and what it says has changed; the engine events of `--json` give the same."""
    if text.startswith('{"sequence"'):
        return _events(text)
    found: dict[str, list[str]] = {}
    for line in text.splitlines():
        match = _LINE.match(line)
        options = _OPTIONS.match(line)
        changed = _DIFFERENCE.search(line)
        if match:
            type, name, done, failed = match.groups()
            what = _DONE[done] if done else f"{failed} failed"
            found.setdefault(f"{type} {name}", []).append(what + (f" [{changed[1]}]" if changed else ""))
        elif options and changed:
            found.setdefault(f"{options[1]} {options[2]}", []).append(f"same [{changed[1]}]")
    return {name: sorted(set(all)) for name, all in sorted(found.items())}


def done(text: str) -> list[tuple[str, str]]:
    """`type name` and operation of every step in the order in which they ended; a replacement by its two parts."""
    matches = [match for match in map(_LINE.match, text.splitlines()) if match and match[3] not in (None, "replaced")]
    return [(f"{match[1]} {match[2]}", _DONE[match[3]]) for match in matches]


def blocks(text: str, names: Names) -> Json:
    """The blocks of `--diff` by resource: what is done, and the lines of what changes, without their indentation."""
    found: Json = {}
    current: list[str] = []
    for line in re.split(_SECTION, text, flags=re.MULTILINE)[0].splitlines():
        begun, urn = _BLOCK.match(line), _URN.match(line)
        if begun:
            current = [begun[1]]
        elif urn:
            found[key(urn[1])] = current
        elif current and line.strip() and not line.strip().startswith(("[id=", "[provider=")):
            current.append(names.text(_squeezed(line)))
    return {name: [lines[0], *lines[1:]] for name, lines in found.items()}


def closing(text: str, names: Names) -> Json:
    """The sections at the end: counts, policies, diagnostics, outputs."""
    found: dict[str, list[str]] = {}
    section = ""
    for line in text.splitlines():
        if re.match(_SECTION, line):
            section = line
        elif line and not line.startswith("  "):
            section = ""
        elif not line.strip():
            continue
        elif section == "Resources:":
            found.setdefault("resources", []).append(line.strip())
        elif section.startswith("Polic"):
            found.setdefault("policies", []).append(re.sub(" +", " ", line.strip()))
        elif section == "Outputs:":
            found.setdefault("outputs", []).append(names.text(_squeezed(line)))
        elif section == "Diagnostics:" and re.match(r"    (error|warning): ", line):
            found.setdefault("said", []).append(line.strip())
    if "said" in found:
        found["said"].sort()
    return dict(found)


def plan(text: str, names: Names) -> Json:
    """The plan of `preview --json`: by resource the operation, the reasons, the paths, and the inputs that it gets."""
    document = json.loads(text)
    return {
        "counts": document["changeSummary"],
        "config": document.get("config", {}),
        "steps": {key(step["urn"]): _planned(step, names) for step in document["steps"]},
    }


def _planned(step: Json, names: Names) -> Json:
    found: Json = {"op": step["op"], "parts": sorted(step)}
    for part in ("diffReasons", "replaceReasons"):
        if part in step:
            found[part] = sorted(step[part])
    if step.get("detailedDiff"):
        found["detailedDiff"] = step["detailedDiff"]
    if step["op"] != "same":
        for part in ("oldState", "newState"):
            if part in step:
                found[part] = {"parts": sorted(step[part]), "inputs": names(step[part].get("inputs"))}
    return found


def _events(text: str) -> Json:
    found: dict[str, Any] = {}
    for line in text.splitlines():
        event = json.loads(line)
        done = event.get("resOutputsEvent") or event.get("resOpFailedEvent")
        if done and done["metadata"]["op"] != "same":
            found[key(done["metadata"]["urn"])] = [done["metadata"]["op"]]
    return found


def _squeezed(line: str) -> str:
    return re.sub(r" +", " ", line.strip()).replace(" :", ":")


def neutral(text: str) -> list[str]:
    """Messages without places, times and process numbers."""
    text = re.sub(r"file://\S+?/\.pulumi/", "file://.../.pulumi/", text)
    text = re.sub(r"[0-9a-f]{8}-[0-9a-f-]{27}", "<uuid>", text)
    text = re.sub(r"\S+@\S+ \(pid \d+\) at \S+", "<who> (pid <n>) at <time>", text)
    return [line.rstrip() for line in text.strip().splitlines()]
