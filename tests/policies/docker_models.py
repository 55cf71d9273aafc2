"""Compliant resources: each passes every rule, and a test changes one thing."""

from __future__ import annotations

from typing import Any

DIGEST = "sha256:" + "0" * 64
STORE: dict[str, Any] = {
    "name": "db",
    "image": f"pgvector/pgvector:pg16@{DIGEST}",
    "command": ["postgres", "-c", "hba_file=/etc/pg_hba.conf"],
    "envs": ["POSTGRES_PASSWORD_FILE=/run/secrets/admin", "POSTGRES_USER=admin"],
    "healthcheck": {"tests": ["CMD", "pg_isready", "-h", "127.0.0.1"]},
    "labels": [{"label": "data-tier.tier", "value": "data"}],
    "memory": 512,
    "memorySwap": 512,
    "mustRun": True,
    "networksAdvanced": [{"name": "data-tier"}],
    "restart": "unless-stopped",
    "uploads": [{"file": "/etc/pg_hba.conf", "content": "host all all samenet scram-sha-256"}],
    "capabilities": {"adds": ["CAP_CHOWN", "CAP_SETUID"], "drops": ["ALL"]},
    "securityOpts": ["no-new-privileges:true"],
    "volumes": [
        {"volumeName": "db-data", "containerPath": "/var/lib/postgresql/data"},
        {"volumeName": "db-secrets", "containerPath": "/run/secrets", "readOnly": True},
    ],
}
APP: dict[str, Any] = {
    "name": "web",
    "image": "example/web:1",
    "envs": ["DATABASE_URL_FILE=/run/secrets/database_url"],
    "labels": [{"label": "data-tier.tier", "value": "frontend"}],
    "memory": 256,
    "mustRun": True,
    "networksAdvanced": [{"name": "frontend-tier"}],
    "ports": [{"internal": 3000, "external": 3000, "ip": "0.0.0.0"}],
}
ONE_SHOT: dict[str, Any] = {
    "name": "db-secrets-fill",
    "image": f"data-tier/redis:8@{DIGEST}",
    "entrypoints": ["sh", "-c"],
    "command": ["cp /in/* /out/"],
    "mustRun": False,
    "networkMode": "none",
    "uploads": [{"file": "/in/admin_password", "content": "correct-horse-battery"}],
    "volumes": [{"volumeName": "db-secrets", "containerPath": "/out"}],
}
SWARM: dict[str, Any] = {
    "labels": [{"label": "data-tier.tier", "value": "data"}],
    "taskSpec": {
        "containerSpec": {
            "image": f"postgres:17@{DIGEST}",
            "env": {"POSTGRES_PASSWORD_FILE": "/run/secrets/admin"},
            "healthcheck": {"tests": ["CMD", "pg_isready", "-h", "127.0.0.1"]},
            "mounts": [{"type": "volume", "source": "db-data", "target": "/var/lib/postgresql/data"}],
        },
        "networksAdvanceds": [{"name": "data-tier"}],
        "resources": {"limits": {"memoryBytes": 536870912}},
        "restartPolicy": {"condition": "any"},
    },
}


def swarm(**changes: Any) -> dict[str, Any]:
    """The swarm service with other properties of its container; `...` takes one away."""
    spec = {**SWARM["taskSpec"]["containerSpec"], **changes}
    kept = {key: value for key, value in spec.items() if value is not ...}
    return {**SWARM, "taskSpec": {**SWARM["taskSpec"], "containerSpec": kept}}


def swarm_task(**changes: Any) -> dict[str, Any]:
    """The swarm service with other properties of its task; `...` takes one away."""
    task = {**SWARM["taskSpec"], **changes}
    return {**SWARM, "taskSpec": {key: value for key, value in task.items() if value is not ...}}
