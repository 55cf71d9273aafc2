"""The policy packs of a run: what they change, what they find, and whether that forbids something."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import replace

from embedded.engine.policies import Finding, PolicyPack
from embedded.state import Resource


class Judges:
    """All packs together; `provider_of` answers the provider resource that packs are told about."""

    def __init__(self, packs: list[PolicyPack], provider_of: Callable[[Resource], Resource | None]) -> None:
        self.packs = packs
        self.findings: list[Finding] = []
        self._provider_of = provider_of
        self._lock = threading.Lock()

    def resource(self, new: Resource) -> tuple[Resource, bool]:
        """The resource as remediations leave it, and whether it is forbidden."""
        provider = self._provider_of(new)
        for pack in self.packs:
            changed = pack.remediate(new, provider)
            new = replace(new, inputs=changed) if changed is not None else new
        judged = [self._keep(pack.analyze(new, provider)) for pack in self.packs]
        return new, any(judged)

    def stack(self, registered: list[Resource]) -> bool:
        """Ask the stack rules about everything that is registered; whether one forbids it."""
        known = [(item, self._provider_of(item)) for item in registered]
        return any([self._keep(pack.analyze_stack(known)) for pack in self.packs])  # noqa: C419  all are asked

    def _keep(self, findings: list[Finding]) -> bool:
        with self._lock:
            self.findings.extend(findings)
        return any(finding.mandatory for finding in findings)
