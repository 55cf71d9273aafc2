"""What a policy pack is shown: of each resource before it is made, and of all of them at the end.

Values are compared without the marks of secrets: rules get them in plain either way.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from tests.conformance import normal
from tests.conformance.normal import Json, Names, key

METHODS = ("Analyze", "AnalyzeStack")
_SHOWN = ("properties", "options", "provider", "parent", "dependencies", "propertyDependencies")


def rows(method: str, request: Json) -> Iterator[Json]:
    """A call of the pack, as one row for each resource. `request` is the message as JSON."""
    for item in request.get("resources", []) if method == "AnalyzeStack" else [request]:
        shown = {part: item[part] for part in _SHOWN if item.get(part)}
        yield {"method": method, "key": key(item["urn"]), "answer": shown}


def facts(rows: Iterable[Json], names: Names, stored: Json) -> Json:
    """What was shown by resource; properties that are those of the state are named, not repeated."""
    found: Json = {"Analyze": {}, "AnalyzeStack": {}}
    for row in rows:
        kept = stored.get(row["key"], {}).get("inputs" if row["method"] == "Analyze" else "outputs", {})
        shown = {part: _bare(names(value)) for part, value in row["answer"].items()}
        properties = normal.outputs(row["key"], shown.get("properties", {}))
        shown["properties"] = "as stored" if properties == _bare(kept) else properties
        if "provider" in shown:
            shown["provider"] = key(shown["provider"]["urn"])
        found[row["method"]][row["key"]] = {part: _sorted(value) for part, value in shown.items() if value != {}}
    return {f"shown to {method}": all for method, all in found.items() if all}


def _bare(value: Any) -> Any:
    """A value without secrecy, bookkeeping and empty parts of options."""
    if isinstance(value, list):
        return [_bare(item) for item in value]
    if not isinstance(value, dict):
        return value
    if set(value) == {"secret"}:
        return _bare(value["secret"])
    return {name: _bare(item) for name, item in value.items() if not name.startswith("__") and name != "customTimeouts"}


def _sorted(value: Any) -> Any:
    """Lists of URNs are sets."""
    if isinstance(value, dict):
        return {name: _sorted(item) for name, item in value.items()}
    return (
        sorted(map(key, value)) if isinstance(value, list) and all(str(i).startswith("urn:") for i in value) else value
    )
