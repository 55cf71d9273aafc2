"""Whether a pooler of the stack was paused and left so: its clients wait, and are refused after two minutes."""

from __future__ import annotations

from collections.abc import Sequence

import docker

from operate import daemon, pools
from operate.doctor.finding import Finding, fail, ok
from operate.doctor.stack_file import StackFile


def findings(client: docker.DockerClient | None, file: StackFile) -> Sequence[Finding]:
    """A finding for the poolers that run; none without any."""
    if client is None or not file.prefix:
        return []
    labels = [f"{daemon.STACK_LABEL}={file.prefix}", "data-tier.component=pgbouncer"]
    found = [pool for one in client.containers.list(filters={"label": labels}) for pool in pools.of(one)]
    if paused := [pool.name for pool in found if pool.paused]:
        return [fail("poolers", f"paused: {', '.join(paused)}", "`./operatew pooler resume` lets their clients go on")]
    return [ok("poolers", f"{len(found)} pools, none paused")] if found else []
