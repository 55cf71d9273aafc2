"""What `adopt` tells a person beside the file, as tables and as JSON. Owns no decision; holds no value of a secret."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from rich.console import Group, RenderableType
from rich.text import Text

from operate import printing
from operate.adopt.plan import Plan


@dataclass(frozen=True, kw_only=True)
class Report:
    """A plan that has been written: `file` is where to, "-" for standard output."""

    plan: Plan
    source: str
    file: str

    @property
    def ok(self) -> bool:
        """Whether the program takes the file as it is."""
        return not self.plan.problems

    def as_json(self) -> dict[str, Any]:
        """The keys of --json."""
        plan = self.plan
        return {
            "file": self.file,
            "source": self.source,
            "topology": plan.topology,
            "ok": self.ok,
            "config": plan.config,
            "apps": {app: {"replaced_variables": plan.connecting.get(app, [])} for app in plan.apps},
            "not_taken_over": [one.as_json() for one in plan.left],
            "volumes": [one.as_json() for one in plan.volumes],
            "passwords": [{"service": service, "key": key} for service, key in plan.passwords],
            "to_decide": [{"app": app, "why": why} for app, _, why in plan.beside],
            "to_fill_in": [{"key": one.key, "rule": one.rule, "remedy": one.remedy} for one in plan.problems],
        }


def render(report: Report) -> RenderableType:
    """Tables for a person."""
    plan = report.plan
    parts: list[RenderableType] = [_head(report), _apps(plan)]
    if plan.left:
        left = printing.table("Not taken over", "service", "key", "why", "what to do")
        for one in plan.left:
            left.add_row(one.service, one.key, one.reason, one.todo)
        parts += [left, Text()]
    if plan.volumes:
        volumes = printing.table(
            "Volumes that hold data: none of it is moved by this", "volume", "container", "path", "holds", "size"
        )
        for its in plan.volumes:
            volumes.add_row(its.name, its.container, its.path, its.holds, printing.size(its.bytes))
        parts += [volumes, Text()]
    if plan.passwords:
        told = ", ".join(f"{service} {key}" for service, key in plan.passwords)
        parts += [Text(f"Passwords and secrets that weren't copied (stores get new ones): {told}"), Text()]
    if plan.problems:
        wrong = printing.table("To fill in: the program refuses the file as it is", "key", "why", "what to do")
        for problem in plan.problems:
            wrong.add_row(problem.key, problem.rule, problem.remedy)
        parts += [wrong, Text()]
    return Group(*parts)


def _head(report: Report) -> Text:
    plan = report.plan
    databases = sum((kind in section) for section in plan.apps.values() for kind in ("postgres", "mongo"))
    where = "below" if report.file == "-" else report.file
    return Text(
        f"{where}: {len(plan.apps)} apps, {databases} databases, "
        f"{len(plan.config['data-tier:redis']['databases'])} Redis purposes, {plan.topology}, from {report.source}\n"
    )


def _apps(plan: Plan) -> RenderableType:
    table = printing.table("Apps", "app", "tier", "port", "database", "redis", "reads a file in place of")
    for app, section in plan.apps.items():
        service = section.get("service", {})
        tiers = [service["tier"]] if "tier" in service else service.get("tiers", [])
        table.add_row(
            app,
            ", ".join(tiers) or "-",
            service.get("port", "-"),
            ", ".join(section[kind]["database"] for kind in ("postgres", "mongo") if kind in section) or "-",
            ", ".join(section.get("redis", [])) or "-",
            ", ".join(plan.connecting.get(app, [])) or "-",
        )
    for app, _, why in plan.beside:
        table.add_row(f"({app})", "-", "-", "-", "-", why)
    return Group(table, Text())
