"""`operate report`: the state of a stack as one HTML page that needs nothing else, for people who look at it later.

Owns what is on it, from what `status` finds and, where the stack is monitored, what Prometheus has kept. How it looks
belongs to `page`, how a chart is drawn to `chart`, what there is of backups to `proofs`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

import docker

from operate import status
from operate.errors import OperateError
from operate.prometheus import Prometheus, Series
from operate.report import proofs
from operate.report.page import Chart, Page, page
from operate.stack import Stack

_POINTS: Final = 180
_LEAST_STEP: Final = 5  # seconds


@dataclass(frozen=True, kw_only=True)
class _Figure:
    """A chart's title, its unit, what its lines are called by, and its expression."""

    title: str
    unit: str
    by: Sequence[str]
    expression: str


FIGURES: Final = (
    _Figure(title="Connections", unit="", by=("server",), expression="data_tier:connections"),
    _Figure(
        title="Connections of what a server takes", unit="%", by=("server",), expression="data_tier:connections:share"
    ),
    _Figure(
        title="Transactions a second",
        unit="/s",
        by=("server",),
        expression="sum by (server) (rate(pg_stat_database_xact_commit[5m]))",
    ),
    _Figure(title="Pages found in memory", unit="%", by=("server",), expression="data_tier:cache_hit:share5m"),
    _Figure(title="Redis: memory in use", unit="%", by=("server",), expression="data_tier:redis_memory:share"),
    _Figure(
        title="Redis: commands a second",
        unit="/s",
        by=("server",),
        expression="sum by (server) (rate(redis_commands_processed_total[5m]))",
    ),
    _Figure(title="Disk in use", unit="%", by=("server",), expression="data_tier:disk:share"),
    _Figure(
        title="Clients that wait for a pool", unit="", by=("database", "server"), expression="data_tier_pool_waiting"
    ),
    _Figure(title="Standbys: behind", unit="s", by=("standby", "server"), expression="data_tier_standby_lag_seconds"),
    _Figure(
        title="Size of databases",
        unit="B",
        by=("datname", "server"),
        expression='sum by (datname, server) (pg_database_size_bytes{datname!~"template.*"})',
    ),
)


def make(stack: Stack, client: docker.DockerClient, hours: int, now: datetime | None = None) -> str:
    """The page. Raises OperateError where the stack is down or Docker doesn't answer."""
    if not stack.running:
        raise OperateError(f"{stack.name} is down: `make up STACK={stack.name}` brings it back")
    moment = now or datetime.now(UTC)
    found = status.gather(stack, client)
    charts, missing = _measured(stack, client, moment, hours)
    saved = proofs.look(stack, client)
    return page(
        Page(stack=stack.name, at=moment, hours=hours, found=found, charts=charts, proofs=saved, missing=missing)
    )


def _measured(stack: Stack, client: docker.DockerClient, moment: datetime, hours: int) -> tuple[list[Chart], str]:
    """Charts as Prometheus has them, and why there are none."""
    if stack.monitoring is None:
        return [], "The stack isn't monitored, so nothing of the past is known: data-tier:monitoring: {} mends that."
    try:
        prometheus = Prometheus.of(stack, client)
        begin = moment - timedelta(hours=hours)
        step = max(_LEAST_STEP, hours * 3600 // _POINTS)
        expressions = [figure.expression for figure in FIGURES]
        over = prometheus.over(begin.timestamp(), moment.timestamp(), step, *expressions)
    except OperateError as error:
        return [], str(error)
    charts = [_chart(figure, series, begin, moment, step) for figure, series in zip(FIGURES, over, strict=True)]
    return [chart for chart in charts if chart.lines], ""


def _chart(figure: _Figure, series: Sequence[Series], begin: datetime, end: datetime, step: float) -> Chart:
    lines = {_called(one.labels, figure.by): one.values for one in series if one.values}
    return Chart(
        title=figure.title,
        unit=figure.unit,
        begin=begin.timestamp(),
        end=end.timestamp(),
        step=step,
        lines=dict(sorted(lines.items())),
    )


def _called(labels: Mapping[str, str], by: Sequence[str]) -> str:
    return " on ".join(labels[name] for name in by if labels.get(name))
