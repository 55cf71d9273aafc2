"""One run of the audit: which sources are read, and what is searched with which secrets."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from operate.audit import compose, docker_host, scan, state
from operate.audit.errors import InputError
from operate.audit.judge import judge
from operate.audit.policy_config import PolicyConfig
from operate.audit.policy_config import read as read_config
from operate.audit.report import Report, render
from operate.audit.resources import Source
from policies.catalogue import all_rules

__all__ = ["Report", "Wanted", "examine", "render"]


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """What a run looks at; the stack's own state where nothing is named."""

    stack: str = "dev"
    state: str | None = None
    docker: bool = False
    only: str = ""
    compose: tuple[Path, ...] = ()
    plans: tuple[Path, ...] = ()
    logs: tuple[str, ...] = ()
    config: Path | None = None

    @property
    def own_state(self) -> bool:
        """Whether the stack's state is what is audited."""
        return not (self.state or self.docker or self.compose or self.plans or self.logs)


def examine(wanted: Wanted) -> Report:
    """Everything that is wanted. Raises InputError, before anything is printed, where something can't be read."""
    if wanted.only and not wanted.docker:
        raise InputError("--only says which containers --docker looks at: add --docker, or leave --only out")
    rules = all_rules()
    config = read_config(wanted.config, (*rules, *scan.RULES)) if wanted.config else PolicyConfig()
    report = Report()
    documents = [*map(scan.of_plan, wanted.plans), *map(scan.of_logs, wanted.logs)]
    if wanted.state or documents or wanted.own_state:
        deployment, name = _state(wanted, config, report)
        if wanted.state or wanted.own_state:
            _audit(state.source(deployment, name), config, report)
            documents.append(scan.of_state(deployment, name))
        _search(documents, deployment, config, report)
    if wanted.compose:
        _audit(compose.read(list(wanted.compose)), config, report)
    if wanted.docker:
        _audit(docker_host.read(wanted.only or None), config, report)
    return report


def _audit(source: Source, config: PolicyConfig, report: Report) -> None:
    found, unread = judge(source, all_rules(), config)
    report.sources.append(source)
    report.found += found
    report.not_judged += unread
    report.notes += source.notes


def _state(wanted: Wanted, config: PolicyConfig, report: Report) -> tuple[Mapping[str, Any], str]:
    """The state that is audited or whose secrets are looked for, decrypted where that can be done here."""
    if wanted.state is None:
        try:
            return state.of_stack(wanted.stack), f"stack {wanted.stack}"
        except InputError:
            if wanted.own_state:
                raise
            report.notes.append(f"there is no stack {wanted.stack}: only what looks like a password was searched for")
            return {}, ""
    name = "standard input" if wanted.state == "-" else wanted.state
    found = state.read(wanted.state)
    if wanted.state != "-" and any(True for _ in state.secrets(found)):
        report.found.append(scan.shown(name, config))
    return state.opened(found, report.notes), name


def _search(
    documents: list[scan.Document], deployment: Mapping[str, Any], config: PolicyConfig, report: Report
) -> None:
    secrets = scan.Secrets(state.secrets(deployment))
    if secrets.skipped:
        report.notes.append(f"{secrets.skipped} secrets are too short to be searched for")
    report.scanned += [document.name for document in documents]
    report.found += scan.look(documents, secrets, config)
