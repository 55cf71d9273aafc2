"""What a primary that is dead wrote and nobody else has: read from its volume, and said in words.

Changes nothing. Who takes over belongs to `switch`.
"""

from __future__ import annotations

import re
from typing import Final

import docker
from docker.errors import DockerException

from operate import daemon
from operate.members import Member
from operate.stack import Server

_SECONDS: Final = 60
_DATA: Final = "/var/lib/postgresql/data"
# On the newest timeline that is there, which was the primary's own: the standby's last checkpoint may be of one before.
_READ: Final = """\
newest=$(ls "$1" | grep -xE '[0-9A-F]{24}' | cut -c 1-8 | sort | tail -n 1)
exec pg_waldump --quiet --path="$1" --timeline="$(printf %d "0x$newest")" --start="$2\""""
_PLACE: Final = re.compile(r"\b([0-9A-F]+)/([0-9A-F]+)\b")  # in the log, as it names them where that ends


def left_behind(client: docker.DockerClient, server: Server, first: Member, second: Member) -> int | None:
    """How many bytes of log the dead primary wrote and the standby hasn't got, by its volume; None without that.

    Read before that follows the new primary, which makes it forget them.
    """
    container = daemon.find(client, first.name)
    if container is None or container.status == "running":
        return None
    volume = server.volume if first.number == 1 else f"{first.name}-data"
    start = f"{second.position >> 32:X}/{second.position & 0xFFFFFFFF:X}"
    try:
        client.volumes.get(volume)
        image = str(client.containers.get(second.name).attrs["Image"])
        reading = client.containers.run(
            image,
            ["-c", _READ, "read", f"{_DATA}/pgdata/pg_wal", start],
            entrypoint="sh",
            network_mode="none",
            volumes={volume: {"bind": _DATA, "mode": "ro"}},
            labels={daemon.STACK_LABEL: server.name, "data-tier.component": "look"},
            cap_drop=["ALL"],
            user="postgres",
            detach=True,
        )
        try:
            reading.wait(timeout=_SECONDS)
            said = reading.logs().decode(errors="replace")
        finally:
            reading.remove(force=True)
    except DockerException:
        return None
    ends = [(int(high, 16) << 32) + int(low, 16) for high, low in _PLACE.findall(said)]
    return max(0, max(ends) - second.position) if ends else None


def told(server: Server, first: Member, lost: int | None) -> str:
    """What is lost, in words."""
    if lost == 0:
        return f"nothing is lost: the standby has all that {first.name} wrote"
    waited = server.synchronous and not first.alone
    known = f"{lost} bytes of log" if lost is not None else "what it wrote last, which nobody can say,"
    if waited:
        return f"{first.name} has {known} alone, of which no client was told that it is committed"
    return f"{first.name} has {known} alone: what was committed there is lost, as commits didn't wait for the standby"
