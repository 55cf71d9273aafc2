"""The backups of one PostgreSQL server: a role that may read and nothing else, the repository, and the container.

What it does belongs to `images.backup`; how the server hands over its log to `_archiver`. No app is named in what the
container is given, so that a new one leaves it alone.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import pulumi
import pulumi_command as command
import pulumi_postgresql as postgresql

from components import passwords
from components.config import Backup
from components.naming import BACKUP_ROLE, backup_name
from components.platforms import Health, Join, Mount, Stored, WorkloadSpec, merged, present
from components.postgres import _archiver
from components.postgres._inside import as_admin, inside
from components.postgres._preloaded import preloaded
from components.postgres.container import CLUSTER, DATA, PORT, SOCKETS
from components.postgres.server import PostgresServer, PostgresServerArgs
from components.tls import CA_PATH, CERTIFICATE_PATH, KEY_PATH

_ROOT: Final = Path(__file__).resolve().parents[2]
_PROGRAM: Final = "/opt/data-tier"
_MODULES: Final = ("components/cron.py", "components/table_facts.py", "images/exposition.py")
_CONFIG, _PGBACKREST = "/etc/data-tier/backup.json", "/etc/data-tier/pgbackrest.conf"
_FOLDER, _SCRATCH = "/var/lib/data-tier", "/var/lib/scratch"
_MEMBERS: Final = "/var/lib/members"  # in it each by its number, and a link to the primary
_OF_PRIMARY: Final = f"{_MEMBERS}/primary/socket"
_CIPHER: Final = "backup_cipher"
_UID: Final = 34  # of Debian's user backup
_CAPABILITIES: Final = ("CHOWN", "DAC_OVERRIDE", "FOWNER", "SETGID", "SETUID")
_POWERS: Final = ("pg_read_all_data", "pg_read_all_settings")
_ALIVE: Final = "[ -n \"$(find /dev/shm/alive -newermt '-60 seconds' 2>/dev/null)\" ]"
_RUN: Final = ".venv/bin/python -m operate.backup_role grant"


@dataclass(frozen=True, kw_only=True)
class BackupsArgs:
    """What Backups is built from: the server, what that was built from, and the databases on it, after `after`."""

    server: PostgresServer
    its: PostgresServerArgs
    settings: Backup
    databases: Sequence[str]
    after: Sequence[pulumi.Resource] = ()


class Backups(pulumi.ComponentResource):
    """pgBackRest beside one server."""

    container: pulumi.Output[str]
    """The container that makes and tries backups."""

    def __init__(self, name: str, args: BackupsArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("data-tier:postgres:Backups", name, {}, opts)
        mine, its = pulumi.ResourceOptions(parent=self), args.its
        stateful = its.lifecycle.stateful(mine)
        owner = backup_name(its.hostname)
        labels = {"data-tier.component": "backup", "data-tier.tier": "data", **its.labels}
        files: dict[str, pulumi.Output[str]] = {}
        owned: dict[str, int] = {}
        if args.settings.encrypt:
            files[_CIPHER], owned[_CIPHER] = passwords.generated(f"{name}-passphrase", stateful), _UID
        certificate = its.tls.issue([owner], [], _UID) if its.tls else None
        if certificate:
            files, owned = {**files, **certificate.files}, {**owned, **certificate.owned}
        secrets = its.platform.secret_files(f"{name}-secrets", owner, files, mine, owned)
        repository = its.platform.volume(
            f"{name}-repository", args.settings.volume or f"{owner}-data", labels, stateful, args.settings.storage
        )
        scratch = its.platform.volume(f"{name}-scratch", f"{owner}-scratch", labels, stateful)
        granted = _role(name, args, self)
        spec = _spec(args, owner, secrets.volume, (repository, scratch), labels)
        ready = present(secrets.ready, repository.resource, scratch.resource, args.server.container, *granted)
        self.container = its.platform.workload(f"{name}-container", spec, merged(mine, depends_on=ready)).name
        self.register_outputs({"container": self.container})


def _role(name: str, args: BackupsArgs, parent: pulumi.Resource) -> list[pulumi.Resource]:
    """The role, and what it needs besides: the functions that mark a backup, and to enter the databases."""
    role = postgresql.Role(
        f"{name}-role",
        name=BACKUP_ROLE,
        login=True,
        roles=list(_POWERS),
        bypass_row_level_security=True,
        connection_limit=10,
        opts=inside(args.server, parent),
    )
    container = args.server.container
    if container is None:
        return [role]
    granted = command.local.Command(
        f"{name}-grants",
        create=_RUN,
        update=_RUN,
        environment={
            **as_admin(args.server),
            "BACKUP_ROLE": BACKUP_ROLE,
            "BACKUP_DATABASES": json.dumps(sorted(args.databases)),
        },
        opts=pulumi.ResourceOptions(
            parent=parent, depends_on=[role, *present(args.server.reach.ready), *args.after], deleted_with=container
        ),
    )
    return [role, granted]


def _spec(
    args: BackupsArgs,
    owner: str,
    secrets: pulumi.Output[str],
    volumes: tuple[Stored, Stored],
    labels: Mapping[str, str],
) -> WorkloadSpec:
    its = args.its
    repository, scratch = volumes
    return WorkloadSpec(
        name=owner,
        image=its.platform.image(f"data-tier/backup:{its.major}"),
        command=["python3", "-B", "-m", "images.backup", "serve"],
        env={"PYTHONPATH": _PROGRAM},
        files={**_sources(), _CONFIG: _told(args), _PGBACKREST: pgbackrest(args.settings, CLUSTER, _sockets(its))},
        joins=[Join(network=its.network)],
        mounts=[
            Mount(volume=repository.name, path=_FOLDER),
            Mount(volume=scratch.name, path=_SCRATCH),
            Mount(volume=secrets, path="/run/secrets", read_only=True),
            *_read(args),
        ],
        memory=args.settings.memory,
        cpu=args.settings.cpu,
        shared_memory=64,
        health=Health(command=["CMD-SHELL", _ALIVE], interval=5, timeout=5),
        capabilities=_CAPABILITIES,
        labels=labels,
        grace=10,
    )


def _read(args: BackupsArgs) -> list[Mount]:
    """The server's data and socket; of members all, and the program follows the one that is the primary."""
    its, sockets = args.server, args.server.sockets
    at = [f"{_MEMBERS}/{number}/data" for number in range(1, 1 + len(its.data))] if args.its.group else [DATA]
    return [
        *(Mount(volume=one.name, path=path, read_only=True) for one, path in zip(its.data, at, strict=True)),
        *([Mount(volume=sockets.name, path=its.sockets_at, read_only=True)] if sockets else []),
    ]


def _sockets(its: PostgresServerArgs) -> str:
    """The folder with the socket of who takes writes."""
    return _OF_PRIMARY if its.group else SOCKETS


def _sources() -> dict[str, str]:
    program = sorted(str(path.relative_to(_ROOT)) for path in (_ROOT / "images/backup").glob("*.py"))
    return {f"{_PROGRAM}/{path}": (_ROOT / path).read_text(encoding="utf-8") for path in [*program, *_MODULES]}


def _told(args: BackupsArgs) -> str:
    its = args.its
    told = {
        "server": its.hostname,
        "admin": its.settings.admin,
        "role": BACKUP_ROLE,
        "cluster": CLUSTER,
        "sockets": _sockets(its),
        "port": PORT,
        "preload": preloaded(its.settings).get("shared_preload_libraries", ""),
        "schedules": args.settings.schedules,
        **({"members": args.server.sockets_at} if its.group else {}),
    }
    return json.dumps(told, indent=1) + "\n"


def pgbackrest(settings: Backup, cluster: str, sockets: str) -> str:
    """pgBackRest's configuration but for its passphrase, which the container's program adds in memory."""
    common = {
        "repo1-path": f"{_FOLDER}/repository",
        "repo1-bundle": "y",
        "repo1-block": "y",
        "repo1-retention-full": settings.keep.full,
        "repo1-retention-diff": settings.keep.differential,
        **({"repo1-cipher-type": "aes-256-cbc"} if settings.encrypt else {}),
        "compress-type": "zst",
        "process-max": max(1, int(settings.cpu)),
        "start-fast": "y",
        "lock-path": "/tmp/pgbackrest",  # noqa: S108 - in its own container
        "log-level-file": "off",
        "log-level-console": "off",
        "log-level-stderr": "warn",
        "tls-server-address": "*",
        "tls-server-port": _archiver.PORT,
        "tls-server-ca-file": CA_PATH,
        "tls-server-cert-file": CERTIFICATE_PATH,
        "tls-server-key-file": KEY_PATH,
        "tls-server-auth": f"{_archiver.CLIENT}={_archiver.STANZA}",
    }
    here = {
        "pg1-path": cluster,
        "pg1-socket-path": sockets,
        "pg1-port": PORT,
        "pg1-user": BACKUP_ROLE,
        "pg1-database": "postgres",
    }
    sections = {"global": common, _archiver.STANZA: here}
    return "\n".join(
        f"[{name}]\n" + "".join(f"{key}={value}\n" for key, value in its.items()) for name, its in sections.items()
    )
