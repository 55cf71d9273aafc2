"""What Prometheus reads: its configuration, its targets and its rules, as files by name. Pure.

All of it is put into the running container, so that an app that comes or goes replaces none.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import yaml

from components.config.models import Monitoring
from components.monitoring import rules

FOLDER: Final = "/etc/monitoring"
EXPORTER_PORT: Final = 9187
BACKUP_PORT: Final = 9188
TOLD_PORT: Final = 9191
_MOST_SECONDS: Final = 10


@dataclass(frozen=True, kw_only=True)
class Target:
    """Who is asked about a server: `address` with its port, `server` its key in the outputs."""

    address: str
    server: str
    kind: str
    name: str
    app: str | None = None
    labels: Mapping[str, str] = field(default_factory=dict)

    def described(self) -> dict[str, Any]:
        """As a file of targets has it."""
        labels = {"server": self.server, "kind": self.kind, "instance": self.name, "app": self.app or ""}
        return {"targets": [self.address], "labels": {**labels, **self.labels}}


def files(settings: Monitoring, renew_days: int, targets: Iterable[Target]) -> dict[str, str]:
    """Every file by its name; the configuration comes last, as Prometheus reads all of them anew when it changes."""
    described = [target.described() for target in sorted(targets, key=lambda one: (one.server, one.kind))]
    return {
        "targets.json": json.dumps(described, indent=1, sort_keys=True) + "\n",
        "rules.yml": _yaml(rules.document(settings.thresholds, renew_days)),
        "prometheus.yml": _yaml(_configuration(settings)),
    }


def _configuration(settings: Monitoring) -> dict[str, Any]:
    seconds = min(settings.scrape, _MOST_SECONDS)
    alerting = {"alertmanagers": [{"static_configs": [{"targets": [settings.alertmanager]}]}]}
    return {
        "global": {
            "scrape_interval": f"{settings.scrape}s",
            "scrape_timeout": f"{seconds}s",
            "evaluation_interval": f"{settings.scrape}s",
        },
        "rule_files": [f"{FOLDER}/rules.yml"],
        **({"alerting": alerting} if settings.alertmanager else {}),
        "scrape_configs": [
            {"job_name": "servers", "file_sd_configs": [{"files": [f"{FOLDER}/targets.json"]}]},
            {
                "job_name": "host",
                "static_configs": [{"targets": [f"127.0.0.1:{TOLD_PORT}"], "labels": {"server": "host"}}],
            },
            {
                "job_name": "prometheus",
                "static_configs": [{"targets": ["127.0.0.1:9090"], "labels": {"server": "prometheus"}}],
            },
        ],
    }


def _yaml(document: Mapping[str, Any]) -> str:
    return str(yaml.safe_dump(document, sort_keys=False, width=1000))
