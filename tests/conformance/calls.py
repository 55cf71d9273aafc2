"""The calls of a run, by resource: what the engine asked its providers, and what it answered the program.

Recordings name a resource by its URN, a run of the embedded engine by type and name or id: both become the same key.
Requests aren't kept: what a provider is asked shows in its answer and in the state.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from typing import Any

from tests.conformance import analysis, normal
from tests.conformance.normal import Json, Names, key

PROVIDER = ("Create", "Update", "Delete", "Read", "Diff")
SHARED = "none"  # the id of every password


def recorded(lines: Iterable[str]) -> Iterator[Json]:
    """The calls of a recording that are compared, in the form in which a run logs them."""
    for line in lines:
        row = json.loads(line) if line.strip() else {"method": ""}
        service, _, method = row["method"].rpartition("/")
        request, answer = row.get("request") or {}, row.get("response") or {}
        if service.endswith("ResourceMonitor") and method == "RegisterResource" and answer.get("urn"):
            yield {"method": method, "key": key(answer["urn"]), "answer": answer.get("object") or {}}
        elif service.endswith("Analyzer") and method in analysis.METHODS:
            yield from analysis.rows(method, normal.opened(request, _never))
        elif service.endswith("ResourceProvider") and method in PROVIDER:
            call = {"method": method, "key": key(request["urn"]), "preview": bool(request.get("preview"))}
            how = "failed" if "errors" in row else "gone" if method == "Read" and not answer.get("id") else ""
            yield {**call, "answer": _difference(answer) if method == "Diff" else None, "how": how}


def logged(rows: Iterable[Json], *states: Iterable[Json]) -> Iterator[Json]:
    """The calls of a run; `states` are the resources before and after it, which say whose an id is."""
    resources = [item for state in states for item in state]
    names = {(item["type"], item["urn"].rsplit("::", 1)[-1]): key(item["urn"]) for item in resources}
    rows = list(rows)
    registered = {(row["type"], row["id"]): row["key"] for row in rows if row["method"] == "RegisterResource"}
    for row in rows:
        if row["method"] == "RegisterResource":
            names[row["type"], row["key"].rsplit("::", 1)[-1]] = row["key"]
    for row in rows:
        if "key" in row:
            yield row
        elif "name" in row:
            yield {**row, "key": names.get((row["type"], row["name"]), f"{row['type']}::{row['name']}")}
        elif row["id"] != SHARED and (row["type"], row["id"]) in registered:
            yield {**row, "key": registered[row["type"], row["id"]]}
        else:
            yield {**row, "key": _owner(row, resources)}


def _owner(row: Json, resources: Iterable[Json]) -> str:
    """Whose call it is, by type and id, and by the inputs where an id is no one's own."""
    same = [item for item in resources if (item["type"], item.get("id", "")) == (row["type"], row["id"])]
    exact = [item for item in same if _bare(_plain(item.get("inputs"))) == _bare(row["inputs"])]
    return key((exact or same)[0]["urn"]) if same else f"{row['type']}::{row['id']}"


def _plain(value: Any) -> Any:
    """A value with its secrets unmarked."""
    if isinstance(value, dict):
        return _plain(value["secret"]) if set(value) == {"secret"} else {k: _plain(v) for k, v in value.items()}
    return [_plain(item) for item in value] if isinstance(value, list) else value


def facts(rows: Iterable[Json], names: Names, stored: Json) -> Json:
    """By resource: the calls, the differences that its provider found, and the program's answer.

    `stored` are the resources of the state after the run: an answer that is no different is named, not repeated.
    """
    found: dict[str, dict[str, Any]] = {"calls": {}, "diffs": {}, "answers": {}}
    rows = list(rows)
    found |= analysis.facts((row for row in rows if row["method"] in analysis.METHODS), names, stored)
    for row in (row for row in rows if row["method"] not in analysis.METHODS):
        who = row["key"]
        if row["method"] == "RegisterResource":
            answer = normal.outputs(who, names(normal.opened(row["answer"], _never)))
            kept = stored.get(who, {}).get("outputs", {})
            found["answers"][who] = "as stored" if _bare(answer) == _bare(kept) else answer
            continue
        what = [row["method"], "preview" if row.get("preview") else "", row["how"]]
        found["calls"].setdefault(who, set()).add(" ".join(part for part in what if part))
        if row["method"] == "Diff":
            answers = found["diffs"].setdefault(who, [])
            if row["answer"] not in answers and row["answer"]:
                answers.append(row["answer"])
    found["calls"] = {who: sorted(found["calls"][who]) for who in sorted(found["calls"])}
    found["diffs"] = {who: sorted(all, key=json.dumps) for who, all in sorted(found["diffs"].items()) if all}
    return found


def _difference(answer: Json) -> Json:
    """What a Diff answer says; {} where there is no difference."""
    if answer.get("changes") != "DIFF_SOME":
        return {}
    found: Json = {"diffs": sorted(answer.get("diffs", [])), "replaces": sorted(set(answer.get("replaces", [])))}
    found["detailed"] = {
        path: item.get("kind", "ADD").lower().replace("_", "-") for path, item in answer.get("detailedDiff", {}).items()
    }
    found["deleteBeforeReplace"] = answer.get("deleteBeforeReplace", False)
    return {part: value for part, value in found.items() if value}


def _bare(value: Any) -> str:
    """A value as text to compare with."""
    return json.dumps(value, sort_keys=True)


def _never(_: str) -> str:
    raise AssertionError("nothing is encrypted on the wire")
