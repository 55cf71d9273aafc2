"""Samples as Prometheus reads them: its text format. What is told belongs to who tells it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

Sample = tuple[str, Mapping[str, str], float]
_HELP: Final = {
    "data_tier_certificate_end_seconds": "When the certificate that the server shows ends, in seconds of Unix time.",
    "data_tier_volume_bytes": "The size of the file system that Docker keeps volumes on.",
    "data_tier_volume_free_bytes": "What is free there.",
    "data_tier_standby_lag_seconds": "How far a standby's replay is behind, 0 where nothing is written.",
    "data_tier_standby_up": "Whether the standby of a slot is connected.",
    "data_tier_archive_waiting_seconds": "How long the oldest piece of the log has waited to be archived.",
    "data_tier_backup_up": "Whether the container that makes backups answers.",
    "data_tier_pooler_up": "Whether a process of the pooler has answered.",
    "data_tier_pool_waiting": "Clients that wait for a connection of a pool.",
    "data_tier_pool_wait_seconds": "How long the first of them has waited.",
    "data_tier_pool_clients": "Clients that have a connection of a pool.",
    "data_tier_pool_connections": "Connections of a pool to the server.",
    "data_tier_exporter_failures_total": "Looks of the exporter that failed, by what it looked at.",
}


def exposition(samples: Sequence[Sample]) -> str:
    """Samples in Prometheus' text format."""
    lines: list[str] = []
    for name in dict.fromkeys(name for name, _, _ in samples):
        kind = "counter" if name.endswith("_total") else "gauge"
        lines += [f"# HELP {name} {_HELP[name]}"] if name in _HELP else []  # others explain their own
        lines += [f"# TYPE {name} {kind}"]
        for other, labels, value in samples:
            if other == name:
                inside = ",".join(f'{key}="{escaped(text)}"' for key, text in labels.items())
                lines.append(f"{name}{{{inside}}} {value!r}" if inside else f"{name} {value!r}")
    return "".join(f"{line}\n" for line in lines)


def escaped(text: str) -> str:
    """A label's value."""
    return text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
