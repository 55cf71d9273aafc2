"""The watchdog of one PostgreSQL server: a role that sees and ends sessions and may nothing else, and its container.

What it does belongs to `images.watchdog`; what it goes by stands in the roles' comments, so that no app is named here.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Final

import pulumi
import pulumi_postgresql as postgresql

from components import passwords
from components.config.models import PROBE_IMAGE
from components.naming import WATCHDOG_ROLE, watchdog_name
from components.platforms import Health, Join, Mount, WorkloadSpec, merged, present
from components.postgres._inside import inside
from components.postgres.server import PostgresServer, PostgresServerArgs
from components.rotation import Rotation
from components.tls import CA_FILE

_ROOT: Final = Path(__file__).resolve().parents[2]
_FOLDER: Final = "/opt/data-tier"
_PROGRAM: Final = f"{_FOLDER}/watchdog.py"
_SOURCES: Final = {_PROGRAM: "images/watchdog/program.py", f"{_FOLDER}/components/limits.py": "components/limits.py"}
_PASSFILE: Final = "pgpass"
_UID: Final = 1000  # of the probe's user; libpq ignores a file of passwords that others can read
_MEMORY: Final = 64  # MiB; 21 are used
_POWERS: Final = ("pg_read_all_stats", "pg_signal_backend")  # neither reads a row, and superusers can't be signalled
_ALIVE: Final = "[ -n \"$(find /dev/shm/alive -newermt '-60 seconds' 2>/dev/null)\" ]"


@dataclass(frozen=True, kw_only=True)
class WatchdogArgs:
    """What Watchdog is built from: the server, and what that was built from."""

    server: PostgresServer
    its: PostgresServerArgs


class Watchdog(pulumi.ComponentResource):
    """Ends what breaks the declared limits on one server, and logs who did."""

    container: pulumi.Output[str]
    """The container whose log tells what it did."""

    def __init__(self, name: str, args: WatchdogArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("data-tier:postgres:Watchdog", name, {}, opts)
        mine, its = pulumi.ResourceOptions(parent=self), args.its
        # not protected: it is no app's data, and lost it is set anew
        keepers = Rotation(generation=its.settings.generation).keepers()
        password, verifier = passwords.for_postgres(name, mine, keepers)
        role = _role(name, args.server, verifier, self)
        login = pulumi.Output.format("*:*:postgres:{0}:{1}", WATCHDOG_ROLE, password)
        files = {_PASSFILE: login, **({CA_FILE: its.tls.ca} if its.tls else {})}
        owner = watchdog_name(its.hostname)
        secrets = its.platform.secret_files(f"{name}-secrets", owner, files, mine, {_PASSFILE: _UID})
        ready = present(secrets.ready, role, args.server.container)
        spec = _spec(its, secrets.volume)
        self.container = its.platform.workload(f"{name}-container", spec, merged(mine, depends_on=ready)).name
        self.register_outputs({"container": self.container})


def _role(name: str, server: PostgresServer, verifier: pulumi.Output[str], parent: pulumi.Resource) -> postgresql.Role:
    return postgresql.Role(
        f"{name}-role",
        name=WATCHDOG_ROLE,
        login=True,
        password=verifier,
        roles=list(_POWERS),
        connection_limit=2,  # the one before may not have been noticed to be gone
        opts=inside(server, parent),
    )


def _spec(its: PostgresServerArgs, secrets: pulumi.Output[str]) -> WorkloadSpec:
    return WorkloadSpec(
        name=watchdog_name(its.hostname),
        image=its.platform.image(PROBE_IMAGE),
        command=["python3", "-B", _PROGRAM],
        env={
            "WATCHDOG_HOST": its.address if its.group else its.hostname,
            "WATCHDOG_USER": WATCHDOG_ROLE,
            "WATCHDOG_INTERVAL": str(its.settings.watchdog.interval),
        },
        files={path: (_ROOT / source).read_text(encoding="utf-8") for path, source in _SOURCES.items()},
        joins=[Join(network=its.network, address=its.watchdog)],
        mounts=[Mount(volume=secrets, path="/run/secrets", read_only=True)],
        memory=_MEMORY,
        cpu=0.25,
        health=Health(command=["CMD-SHELL", _ALIVE], interval=5, timeout=5),
        labels={"data-tier.component": "watchdog", "data-tier.tier": "data", **its.labels},
        grace=2,
    )
