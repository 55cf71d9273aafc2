"""Which alerts fire, where the stack is monitored."""

from __future__ import annotations

from collections.abc import Sequence

import docker

from operate import daemon
from operate.doctor.finding import Finding, fail, ok, warn
from operate.doctor.stack_file import StackFile
from operate.errors import OperateError
from operate.prometheus import Prometheus


def findings(client: docker.DockerClient | None, file: StackFile) -> Sequence[Finding]:
    """A finding for each alert that fires, or that none does; nothing without Prometheus."""
    if client is None or not file.prefix:
        return []
    labels = [f"{daemon.STACK_LABEL}={file.prefix}", "data-tier.component=prometheus"]
    found = client.containers.list(filters={"label": labels})
    if not found:
        return []
    try:
        alerts = Prometheus(found[0]).alerts()
    except OperateError as error:
        return [warn("alerts", f"Prometheus can't be asked: {error}", "`./operatew logs` says why")]
    told = [(fail if one.severity == "critical" else warn)("alerts", one.summary, one.remedy) for one in alerts]
    return told or [ok("alerts", "none fires")]
