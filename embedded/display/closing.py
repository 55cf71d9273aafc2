"""What stands at the end of a run: policies, diagnostics, outputs, resources, duration."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from embedded.display import details, values
from embedded.display.record import Record
from embedded.engine import urn as urns
from embedded.engine.deployment import Deployment
from embedded.engine.policies import Finding
from embedded.values import Secret, reveal

_SEVERITIES = ("critical", "high", "medium", "low", "")


def print_all(
    deployment: Deployment,
    record: Record,
    seconds: float,
    *,
    view_diff: bool = False,
    outputs: bool = True,
    secrets: bool = False,
) -> None:
    """Print the end of a run."""
    preview = deployment.target.preview
    if view_diff and preview:
        print("\n".join(details.diff_lines(record.steps)))
    sections = [("Policies:", _policies(deployment)), ("Diagnostics:", _diagnostics(record))]
    if outputs and not (view_diff and preview):
        sections.append(("Outputs:", _outputs(deployment, secrets)))
    sections.append(("Resources:", [f"    {line}" for line in record.summary(preview=preview)]))
    for title, lines in sections:
        if lines:
            print(f"{title}\n" + "\n".join(lines) + "\n")
    if not preview:
        print(f"Duration: {seconds:.0f}s\n", flush=True)


def print_json(record: Record, config: Mapping[str, str], secret: list[str], seconds: float) -> None:
    """Print the plan for machines."""
    print(details.json_text(record, config, secret, seconds), flush=True)


def _policies(deployment: Deployment) -> list[str]:
    lines: list[str] = []
    for pack in deployment.packs:
        label = f"{pack.name}@v{pack.version}"
        found = sorted((finding for finding in deployment.findings if finding.pack == label), key=_rank)
        sign = "❌" if any(finding.mandatory for finding in found) else "⚠️" if found else "✅"
        lines.append(f"    {sign} {label} (local: {pack.directory})")
        for finding in found:
            level = "mandatory" if finding.mandatory else "advisory"
            severity = f" [severity: {finding.severity}]" if finding.severity else ""
            lines.append(f"        - [{level}]{severity}  {finding.rule}{_whose(finding.urn)}")
            lines.extend(f"          {line}" for line in finding.message.splitlines())
    return lines


def _rank(finding: Finding) -> tuple[bool, int, str, str]:
    """The worst first, as in the CLI."""
    return not finding.mandatory, _SEVERITIES.index(finding.severity), finding.rule, finding.urn


def _whose(urn: str) -> str:
    return f"  ({urns.short_type(urns.type_of(urn))}: {urns.name_of(urn)})" if urn else ""


def _diagnostics(record: Record) -> list[str]:
    lines: list[str] = []
    for message in record.messages:
        if message.severity == "info":
            continue
        if message.urn:
            lines.append(f"  {urns.short_type(urns.type_of(message.urn))} ({urns.name_of(message.urn)}):")
        first, *rest = message.text.rstrip().splitlines() or [""]
        lines.append(f"    {message.severity}: {first}")
        lines.extend(f"    {line}" for line in rest)
    return lines


def _outputs(deployment: Deployment, secrets: bool) -> list[str]:
    stack = deployment.snapshot.get(deployment.stack_urn)
    old = deployment.snapshot.old(deployment.stack_urn)
    if stack is None or deployment.failed:
        return []
    before, after = (old.outputs if old else {}), stack.outputs
    if deployment.target.preview and before == after:
        return []
    if secrets:
        before, after = reveal(before), reveal(after)
    return list(_changed(before, after))


def _changed(before: Mapping[str, Any], after: Mapping[str, Any]) -> Iterator[str]:
    """A secret that is another one now looks as it did."""
    known = {key: after[key] if _both_secret(value, after.get(key)) else value for key, value in before.items()}
    yield from values.changes(known, after, 4) if known else values.tree(after, 4)


def _both_secret(before: Any, after: Any) -> bool:
    return isinstance(before, Secret) and isinstance(after, Secret)
