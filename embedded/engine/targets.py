"""Which resources a run is about: `--target`, `--target-dependents` and `--replace`.

Pure. What becomes of a resource that a run isn't about is the deployment's to decide.
Source: `pulumi up --help`; pkg/resource/deploy of the CLI for wildcards and what is always part of a run.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from embedded.engine import urn as urns


@dataclass(frozen=True, kw_only=True)
class Selection:
    """What the command line says: URNs, in which `*` stands for anything but a colon and `**` for anything."""

    targets: tuple[str, ...] = ()
    dependents: bool = False
    replace: tuple[str, ...] = ()


class Targets:
    """The resources of a run, while it finds out who depends on them. Without `--target` it is about all of them."""

    def __init__(self, selection: Selection) -> None:
        self._selection = selection
        self._named = _matcher(selection.targets)
        self._replaced = _matcher(selection.replace)
        self._reached: set[str] = set()
        self._lock = threading.Lock()

    @property
    def limited(self) -> bool:
        """Whether the run is about some resources only."""
        return bool(self._selection.targets)

    def includes(self, urn: str, needs: Iterable[str]) -> bool:
        """Whether the run is about a resource that needs the given URNs; asked in the order of dependencies."""
        if not self.limited:
            return True
        with self._lock:
            found = self._named(urn) or (self._selection.dependents and not self._reached.isdisjoint(needs))
            if found:
                self._reached.add(urn)
            return found

    def registers(self, urn: str, needs: Iterable[str]) -> bool:
        """As `includes`, for what a program registers: providers and the stack itself belong to every run."""
        type = urns.type_of(urn)
        return type == urns.STACK_TYPE or urns.is_provider(type) or self.includes(urn, needs)

    def replaces(self, urn: str) -> bool:
        """Whether a resource is to be replaced whatever its difference."""
        return self._replaced(urn)

    def missing(self, known: Callable[[str], bool]) -> list[str]:
        """The URNs on the command line, without wildcards, that are not known."""
        literals = [*self._selection.targets, *self._selection.replace]
        return [urn for urn in dict.fromkeys(literals) if "*" not in urn and not known(urn)]


def _matcher(patterns: Iterable[str]) -> Callable[[str], bool]:
    wild = {"**": ".*", "*": "[^:]*"}
    rules = [
        re.compile("".join(wild.get(part, re.escape(part)) for part in re.split(r"(\*\*?)", text))) for text in patterns
    ]
    return lambda urn: any(rule.fullmatch(urn) for rule in rules)
