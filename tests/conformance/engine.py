"""The engine with a log of its calls: `python -m tests.conformance.engine LOG ARGUMENTS...` runs its command line.

One JSON line for each provider call and each answer to the program, in the form of `calls.logged`. The product has no
hook: everything is patched from here.
"""

from __future__ import annotations

import json
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

from google.protobuf import json_format

from embedded import cli, providers
from embedded.engine.monitor import Monitor
from embedded.engine.policies import PolicyPack
from embedded.providers.base import Diff
from tests.conformance import analysis
from tests.conformance.normal import Json, key

NAMED = ("create",)  # calls that come with a name; the others have an id
CALLS = ("create", "read", "update", "delete", "diff")
_lock = threading.Lock()


def note(log: Path, row: Json) -> None:
    """Append a line."""
    with _lock, log.open("a") as target:
        target.write(json.dumps(row, default=str) + "\n")


class Logged:
    """A provider whose calls are logged."""

    def __init__(self, provider: Any, log: Path) -> None:
        self._provider = provider
        self._log = log

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._provider, name)
        return self._logging(name, found) if name in CALLS else found

    def _logging(self, method: str, call: Callable[..., Any]) -> Callable[..., Any]:
        def logged(type: str, whose: str, *rest: Any, **options: Any) -> Any:
            row = {"method": method.capitalize(), "type": type, "preview": bool(options.get("preview")), "how": ""}
            row |= {"name" if method in NAMED else "id": whose, "inputs": rest[0], "answer": None}
            try:
                answer = call(type, whose, *rest, **options)
            except Exception:
                note(self._log, {**row, "how": "failed"})
                raise
            if method == "diff":
                row["answer"] = difference(answer)
            note(self._log, {**row, "how": "gone" if method == "read" and answer is None else ""})
            return answer

        return logged


def difference(diff: Diff) -> Json:
    """A provider's answer in the form of `calls`."""
    if not diff.changes:
        return {}
    found = {
        "diffs": sorted(diff.diffs),
        "replaces": sorted(set(diff.replaces)),
        "detailed": {path: kind.value for path, kind in diff.detailed.items()},
        "deleteBeforeReplace": diff.delete_before_replace,
    }
    return {part: value for part, value in found.items() if value}


def main() -> int:
    """Log what the command line calls."""
    log, load, register = Path(sys.argv[1]), providers.load, Monitor.RegisterResource

    def registered(monitor: Monitor, request: Any, context: Any) -> Any:
        made = register(monitor, request, context)
        row = {"method": "RegisterResource", "key": key(made.urn), "type": request.type, "id": made.id}
        note(log, {**row, "answer": json_format.MessageToDict(made.object)})
        return made

    def asked(pack: PolicyPack, method: str, request: Any) -> Any:
        for row in analysis.rows(method, json_format.MessageToDict(request)) if method in analysis.METHODS else ():
            note(log, row)
        return ask(pack, method, request)

    ask = PolicyPack._call
    PolicyPack._call = asked  # type: ignore[method-assign]
    providers.load = lambda package: Logged(load(package), log)  # type: ignore[assignment,return-value]  # as one
    Monitor.RegisterResource = registered  # type: ignore[method-assign]
    return cli.main(sys.argv[2:])


if __name__ == "__main__":
    sys.exit(main())
