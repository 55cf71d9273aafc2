"""The page of a report: one file of HTML with its own colours, light or dark as the reader's system is. Pure.

Every name that comes from outside is escaped here, and nowhere else.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from html import escape
from typing import Final

from operate import certificates
from operate.connections import Use
from operate.printing import size
from operate.report.chart import COLOURS, Chart, draw, shown
from operate.report.proofs import Proof
from operate.status import Part, Report

__all__ = ["Chart", "Page", "Proof", "page"]

_NEARLY_FULL: Final = 0.9


@dataclass(frozen=True, kw_only=True)
class Page:
    """Everything that is shown. `missing` says why there are no charts, empty where there are."""

    stack: str
    at: datetime
    hours: int
    found: Report
    charts: Sequence[Chart]
    proofs: Sequence[Proof]
    missing: str = ""


def page(its: Page) -> str:
    """The document."""
    sections = [_verdict(its), _alerts(its), _charts(its), _uses(its), _containers(its), _kept(its), _proofs(its)]
    title = escape(f"{its.stack}: {its.at:%Y-%m-%d %H:%M} UTC")
    return f"""\
<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<title>{title}</title>
<style>{_STYLE}</style>
</head>
<body>
<main>
<header><h1>{escape(its.stack)}</h1><p>{its.at:%Y-%m-%d %H:%M:%S} UTC</p></header>
{"".join(sections)}
</main>
</body>
</html>
"""


def _verdict(its: Page) -> str:
    problems = its.found.problems
    critical = [one for one in its.found.alerts if one.severity == "critical"]
    if problems or critical:
        lines = "".join(f"<li>{escape(one)}</li>" for one in problems)
        said = f"{_count(len(problems), 'problem')}, {_count(len(its.found.alerts), 'alert')}"
        return f'<section class="verdict bad"><h2>{said}</h2><ul>{lines}</ul></section>'
    if its.found.alerts:
        return f'<section class="verdict warn"><h2>{_count(len(its.found.alerts), "warning")}</h2></section>'
    watched = "" if its.missing else ", no alert fires"
    return f'<section class="verdict good"><h2>Everything runs{watched}</h2></section>'


def _count(number: int, what: str) -> str:
    return f"{number} {what}{'' if number == 1 else 's'}"


def _alerts(its: Page) -> str:
    rows = [
        [
            f'<span class="{"bad" if one.severity == "critical" else "warn"}">{escape(one.name)}</span>',
            escape(one.server),
            escape(one.since[:16].replace("T", " ")),
            escape(one.summary),
            escape(one.remedy),
        ]
        for one in its.found.alerts
    ]
    return _table("Alerts", ["alert", "server", "since (UTC)", "what", "what to do"], rows)


def _charts(its: Page) -> str:
    if its.missing:
        return f'<section><h2>Figures</h2><p class="muted">{escape(its.missing)}</p></section>'
    figures = "".join(
        f"<figure><figcaption>{escape(one.title)}</figcaption>{draw(one)}{_legend(one)}</figure>" for one in its.charts
    )
    hours = "hour" if its.hours == 1 else f"{its.hours} hours"
    return f'<section><h2>The last {hours}</h2><div class="charts">{figures}</div></section>'


def _legend(chart: Chart) -> str:
    entries = (
        f'<li><i class="k{number % COLOURS}"></i>{escape(name)} <b>{escape(shown(points[-1][1], chart.unit))}</b></li>'
        for number, (name, points) in enumerate(chart.lines.items())
    )
    return f"<ul>{''.join(entries)}</ul>"


def _uses(its: Page) -> str:
    rows = [
        [
            escape(one.app),
            escape(f"{one.server}/{one.store}"),
            _of_limit(one),
            escape(size(one.bytes)) if one.bytes is not None else "-",
        ]
        for one in its.found.uses
    ]
    return _table("Apps", ["app", "store", "connections", "size"], rows)


def _of_limit(use: Use) -> str:
    if not use.limit:
        return str(use.connections)
    share = min(1.0, use.connections / use.limit)
    colour = " full" if share >= _NEARLY_FULL else ""
    bar = f'<span class="bar{colour}"><i style="width:{share * 100:.0f}%"></i></span>'
    return f"{bar} {use.connections} of {use.limit}"


def _containers(its: Page) -> str:
    rows = [_container(part) for part in its.found.parts]
    columns = ["container", "role", "app", "state", "restarts", "since", "memory"]
    return _table("Containers", columns, rows)


def _container(part: Part) -> list[str]:
    state = escape((part.health or part.state) if part.state == "running" else part.state)
    memory = f"{size(part.memory)} of {size(part.memory_limit)}" if part.memory else "-"
    return [
        escape(part.name),
        escape(part.role),
        escape(part.app or "-"),
        f'<span class="{"bad" if part.problem else "good"}">{state}</span>',
        str(part.restarts),
        escape((part.since or "-").replace("T", " ")),
        escape(memory),
    ]


def _kept(its: Page) -> str:
    ends = [
        [escape(name), f"{end:%Y-%m-%d}", str(certificates.days_left(end, its.at))]
        for name, end in its.found.certificates.items()
    ]
    volumes = [[escape(name), escape(size(held))] for name, held in its.found.volumes.items()]
    return _table("Certificates", ["server", "valid until", "days"], ends) + _table(
        "Volumes", ["volume", "size"], volumes
    )


def _proofs(its: Page) -> str:
    rows = [
        [
            escape(one.server),
            escape(one.type),
            _ago(one.made, its.at),
            escape(shown(one.size, "B")) if one.size is not None else "-",
            _ago(one.tested, its.at),
            f'<span class="bad">{escape(one.problem)}</span>' if one.problem else '<span class="good">well</span>',
        ]
        for one in its.proofs
    ]
    return _table("Backups", ["server", "type", "last", "size", "last proven restore", "state"], rows)


def _ago(moment: float | None, now: datetime) -> str:
    if not moment:
        return "never"
    hours = (now - datetime.fromtimestamp(moment, UTC)).total_seconds() / 3600
    return f"{hours:.1f} h ago" if hours < 48 else f"{hours / 24:.0f} days ago"  # noqa: PLR2004 - two days


def _table(title: str, columns: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A section with a table, nothing without rows; cells are HTML already."""
    if not rows:
        return ""
    return f'<section><h2>{title}</h2><div class="wide"><table>{"".join(_lines(columns, rows))}</table></div></section>'


def _lines(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> Iterator[str]:
    yield f"<thead><tr>{''.join(f'<th>{column}</th>' for column in columns)}</tr></thead>"
    for row in rows:
        yield f"<tr>{''.join(f'<td>{cell}</td>' for cell in row)}</tr>"


_LIGHT: Final = ("#0969da", "#bc4c00", "#1a7f37", "#8250df", "#9a6700", "#cf222e")
_DARK: Final = ("#58a6ff", "#f0883e", "#3fb950", "#bc8cff", "#d29922", "#ff7b72")


def _colours(values: Sequence[str]) -> str:
    return "".join(f"--s{number}:{value};" for number, value in enumerate(values))


_STYLE: Final = f"""
:root {{ --page:#ffffff; --ink:#1f2328; --muted:#59636e; --rule:#d1d9e0; --soft:#f6f8fa; --good:#116329;
  --warn:#7d4e00; --bad:#b3191f; --good-soft:#eefbf1; --warn-soft:#fff8e5; --bad-soft:#ffefee; {_colours(_LIGHT)} }}
@media (prefers-color-scheme: dark) {{ :root {{ --page:#0d1117; --ink:#e6edf3; --muted:#9da7b3; --rule:#30363d;
  --soft:#161b22; --good:#56d364; --warn:#e3b341; --bad:#ff8f88; --good-soft:#0f2417; --warn-soft:#2b2013;
  --bad-soft:#3a1d1a; {_colours(_DARK)} }} }}
* {{ box-sizing:border-box }}
body {{ margin:0; background:var(--page); color:var(--ink);
  font:15px/1.45 system-ui,-apple-system,'Segoe UI',Helvetica,Arial,'DejaVu Sans',sans-serif }}
main {{ max-width:1480px; margin:0 auto; padding:20px 24px 60px }}
header {{ display:flex; align-items:baseline; gap:16px; flex-wrap:wrap }}
h1 {{ font-size:24px; margin:0 }} h2 {{ font-size:17px; margin:28px 0 8px }}
header p, .muted {{ color:var(--muted); margin:0 }}
.verdict {{ margin-top:14px; padding:12px 16px; border:1px solid var(--rule); border-radius:8px }}
.verdict h2 {{ margin:0 }} .verdict ul {{ margin:6px 0 0; padding-left:20px }} .verdict ul:empty {{ display:none }}
.verdict.good {{ background:var(--good-soft) }} .verdict.warn {{ background:var(--warn-soft) }}
.verdict.bad {{ background:var(--bad-soft) }}
.good, .good h2 {{ color:var(--good) }} .warn, .warn h2 {{ color:var(--warn) }} .bad, .bad h2 {{ color:var(--bad) }}
.verdict li {{ color:var(--ink) }}
.charts {{ display:grid; grid-template-columns:repeat(auto-fill,minmax(min(420px,100%),1fr)); gap:16px }}
figure {{ margin:0; padding:12px; border:1px solid var(--rule); border-radius:8px; background:var(--soft) }}
figcaption {{ font-weight:600; margin-bottom:6px }}
figure ul {{ list-style:none; margin:6px 0 0; padding:0; display:flex; flex-wrap:wrap; gap:2px 14px; font-size:13px }}
figure ul i {{ display:inline-block; width:10px; height:10px; border-radius:2px; margin-right:5px }}
svg {{ display:block; width:100%; height:auto }} svg text {{ fill:var(--muted); font-size:11px }}
.grid {{ stroke:var(--rule); stroke-width:1 }} .line {{ fill:none; stroke-width:1.8; stroke-linejoin:round }}
.again {{ stroke-dasharray:5 3 }}
{"".join(f".s{n} {{ stroke:var(--s{n}) }} .k{n} {{ background:var(--s{n}) }} " for n in range(COLOURS))}
.wide {{ overflow-x:auto }} table {{ border-collapse:collapse; width:100%; font-size:14px }}
th {{ text-align:left; color:var(--muted); font-weight:600 }}
th, td {{ padding:5px 14px 5px 0; border-bottom:1px solid var(--rule); vertical-align:top }}
.bar {{ display:inline-block; width:90px; height:9px; border-radius:5px; background:var(--rule); overflow:hidden }}
.bar i {{ display:block; height:100%; background:var(--s0) }} .bar.full i {{ background:var(--bad) }}
"""
