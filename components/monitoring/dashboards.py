"""The dashboard for Grafana, as it is provisioned: one row a subject, each panel a few expressions. Pure.

Run as `python -m components.monitoring.dashboards` it writes the file that `grafana/` has for people; a test holds it
against this, and another one every expression against what a real Prometheus has.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

FILE: Final = Path(__file__).parent / "grafana" / "data-tier.json"
_SOURCE: Final = {"type": "prometheus", "uid": "data-tier"}
_WIDTH, _HEIGHT, _COLUMNS = 8, 8, 24


@dataclass(frozen=True, kw_only=True)
class Panel:
    """A chart: its title, Grafana's name for the unit, and expressions by the legend of their series."""

    title: str
    unit: str
    series: Mapping[str, str]
    most: float | None = None


_S: Final = 'server=~"$server"'
ROWS: Final[Mapping[str, Sequence[Panel]]] = {
    "At a glance": (
        Panel(
            title="Alerts that fire", unit="short", series={"{{alertname}} {{server}}": 'ALERTS{alertstate="firing"}'}
        ),
        Panel(title="Exporters", unit="short", series={"{{server}}": f"up{{{_S}}}"}, most=1),
        Panel(title="Certificates: days left", unit="d", series={"{{server}}": f"data_tier:certificate:days{{{_S}}}"}),
    ),
    "PostgreSQL": (
        Panel(title="Connections", unit="short", series={"{{server}}": f"data_tier:connections{{{_S}}}"}),
        Panel(
            title="Connections of what the server takes",
            unit="percentunit",
            series={"{{server}}": f"data_tier:connections:share{{{_S}}}"},
            most=1,
        ),
        Panel(
            title="Transactions a second",
            unit="ops",
            series={
                "{{datname}} {{server}}": (
                    f'sum by (server, datname) (rate(pg_stat_database_xact_commit{{{_S},datname!~"template.*|"}}[5m]))'
                )
            },
        ),
        Panel(
            title="Pages found in memory",
            unit="percentunit",
            series={"{{server}}": f"data_tier:cache_hit:share5m{{{_S}}}"},
            most=1,
        ),
        Panel(
            title="Size of databases",
            unit="bytes",
            series={"{{datname}} {{server}}": f'pg_database_size_bytes{{{_S},datname!~"template.*"}}'},
        ),
        Panel(
            title="Age of the oldest transaction id",
            unit="short",
            series={
                "{{server}}": f"max by (server) (pg_database_wraparound_age_datfrozenxid_seconds{{{_S}}})",
            },
        ),
        Panel(
            title="Locks",
            unit="short",
            series={"{{mode}} {{server}}": f"sum by (server, mode) (pg_locks_count{{{_S}}}) > 0"},
        ),
        Panel(
            title="Deadlocks and rollbacks",
            unit="ops",
            series={
                "deadlocks {{server}}": f"sum by (server) (rate(pg_stat_database_deadlocks{{{_S}}}[5m]))",
                "rollbacks {{server}}": f"sum by (server) (rate(pg_stat_database_xact_rollback{{{_S}}}[5m]))",
            },
        ),
        Panel(
            title="Temporary files",
            unit="Bps",
            series={"{{server}}": f"sum by (server) (rate(pg_stat_database_temp_bytes{{{_S}}}[5m]))"},
        ),
    ),
    "Pooler": (
        Panel(
            title="Clients that wait",
            unit="short",
            series={"{{database}} {{server}}": f"data_tier_pool_waiting{{{_S}}}"},
        ),
        Panel(
            title="Longest wait", unit="s", series={"{{database}} {{server}}": f"data_tier_pool_wait_seconds{{{_S}}}"}
        ),
        Panel(
            title="Connections to the server",
            unit="short",
            series={"{{database}} {{server}}": f"data_tier_pool_connections{{{_S}}}"},
        ),
    ),
    "Redis": (
        Panel(
            title="Memory of what it may use",
            unit="percentunit",
            series={"{{server}}": f"data_tier:redis_memory:share{{{_S}}}"},
            most=1,
        ),
        Panel(
            title="Commands a second",
            unit="ops",
            series={"{{server}}": f"rate(redis_commands_processed_total{{{_S}}}[5m])"},
        ),
        Panel(
            title="Refused, evicted, expired",
            unit="ops",
            series={
                "evicted {{server}}": f"rate(redis_evicted_keys_total{{{_S}}}[5m])",
                "expired {{server}}": f"rate(redis_expired_keys_total{{{_S}}}[5m])",
                "refused connections {{server}}": f"rate(redis_rejected_connections_total{{{_S}}}[5m])",
            },
        ),
    ),
    "Disk": (
        Panel(title="Disk in use", unit="percentunit", series={"{{server}}": f"data_tier:disk:share{{{_S}}}"}, most=1),
        Panel(title="Free", unit="bytes", series={"{{server}}": f"data_tier_volume_free_bytes{{{_S}}}"}),
        Panel(title="Write-ahead log", unit="bytes", series={"{{server}}": f"pg_wal_size_bytes{{{_S}}}"}),
    ),
}


def expressions() -> list[str]:
    """All of them, for every server."""
    panels = [panel for row in ROWS.values() for panel in row]
    return [one.replace("$server", ".*") for panel in panels for one in panel.series.values()]


def document() -> dict[str, Any]:
    """The dashboard as Grafana takes it."""
    panels: list[dict[str, Any]] = []
    height = 0
    for title, row in ROWS.items():
        place = {"x": 0, "y": height, "w": _COLUMNS, "h": 1}
        panels.append({"id": len(panels) + 1, "type": "row", "title": title, "collapsed": False, "gridPos": place})
        height += 1
        for at, panel in enumerate(row):
            across, down = at * _WIDTH % _COLUMNS, at * _WIDTH // _COLUMNS
            where = {"x": across, "y": height + down * _HEIGHT, "w": _WIDTH, "h": _HEIGHT}
            panels.append(_panel(len(panels) + 1, panel, where))
        height += -(-len(row) * _WIDTH // _COLUMNS) * _HEIGHT
    return {
        "uid": "data-tier",
        "title": "data-tier",
        "tags": ["postgresql", "redis"],
        "schemaVersion": 39,
        "version": 1,
        "editable": False,
        "refresh": "30s",
        "time": {"from": "now-6h", "to": "now"},
        "timezone": "",
        "templating": {"list": [_VARIABLE]},
        "annotations": {"list": []},
        "panels": panels,
    }


_VARIABLE: Final = {
    "name": "server",
    "label": "Server",
    "type": "query",
    "datasource": _SOURCE,
    "query": {"query": 'label_values(up{job="servers"}, server)', "refId": "servers"},
    "definition": 'label_values(up{job="servers"}, server)',
    "refresh": 2,
    "includeAll": True,
    "multi": True,
    "allValue": ".*",
    "current": {"selected": True, "text": ["All"], "value": ["$__all"]},
}


def _panel(number: int, panel: Panel, where: Mapping[str, int]) -> dict[str, Any]:
    most = {"max": panel.most} if panel.most is not None else {}
    return {
        "id": number,
        "type": "timeseries",
        "title": panel.title,
        "datasource": _SOURCE,
        "gridPos": dict(where),
        "fieldConfig": {"defaults": {"unit": panel.unit, "min": 0, **most}, "overrides": []},
        "options": {"legend": {"displayMode": "list", "placement": "bottom"}, "tooltip": {"mode": "multi"}},
        "targets": [
            {"refId": chr(ord("A") + at), "datasource": _SOURCE, "expr": expression, "legendFormat": legend}
            for at, (legend, expression) in enumerate(panel.series.items())
        ],
    }


def text() -> str:
    """The file."""
    return json.dumps(document(), indent=1) + "\n"


if __name__ == "__main__":
    FILE.parent.mkdir(exist_ok=True)
    FILE.write_text(text(), encoding="utf-8")
    print(f"written: {FILE.name}")
