"""What each image is made of: names, packages, files, run-time settings. How it is put together is not known here."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

HERE: Final = Path(__file__).parent
DATA_UID: Final = 999  # postgres and redis in the official images: their volumes can be taken over
PROBE_UID: Final = 1000
POOLER_UID: Final = 998
MONITORING_UID: Final = 997
FOLLOWER_UID: Final = 997  # no volume is shared with one of the monitoring
RECIPE_LABEL: Final = "data-tier.recipe"
STAND_IN_LABEL: Final = "data-tier.stand-in"  # on an image that isn't the server that its name says
_REVISION: Final = 2  # raised when the way of putting images together changes what is in them

POSTGRES_OF_SUITE: Final = {"trixie": 17, "bookworm": 15}
REDIS_OF_SUITE: Final = {"trixie": 8, "bookworm": 7}
PROBE_TAG: Final = "data-tier/probe:1"
POOLER_TAG: Final = "data-tier/pgbouncer:1"
MONITORING_TAG: Final = "data-tier/monitoring:1"
FOLLOWER_TAG: Final = "data-tier/haproxy:1"
_STAND_IN: Final = "SecantusDB"


@dataclass(frozen=True, kw_only=True)
class Recipe:
    """One image from Debian packages.

    `users` are made before packages are installed (name to uid and home), `files` are copied in (source below this
    folder to target), `changes` are Dockerfile instructions for the import. Daemons refuse STOPSIGNAL there: who runs
    PostgreSQL asks for SIGINT. `wheels` is a list of Python packages below this folder, pinned by hashes, which go into
    `/opt/stand-in`.
    """

    tag: str
    suite: str
    packages: Sequence[str]
    files: Mapping[str, str]
    users: Mapping[str, tuple[int, str]] = field(default_factory=dict)
    folders: Mapping[str, str] = field(default_factory=dict)  # path to owner
    changes: Sequence[str] = ()
    wheels: str = ""

    @property
    def digest(self) -> str:
        """Changes when anything that goes into the image from here does."""
        hasher = hashlib.sha256(repr((_REVISION, self.tag, self.suite, self.packages)).encode())
        hasher.update(repr((self.users, self.folders, self.changes)).encode())
        for source, target in sorted(self.files.items()):
            hasher.update(target.encode() + (HERE / source).read_bytes())
        if self.wheels:
            hasher.update((HERE / self.wheels).read_bytes())
        return hasher.hexdigest()[:16]


def postgres(suite: str = "trixie") -> Recipe:
    """PostgreSQL with pgvector (trixie only), pgaudit and pgBackRest, by the official image's contract."""
    major = POSTGRES_OF_SUITE[suite]
    vector = [f"postgresql-{major}-pgvector"] if suite == "trixie" else []
    return Recipe(
        tag=f"data-tier/postgres:{major}",
        suite=suite,
        packages=[f"postgresql-{major}", *vector, f"postgresql-{major}-pgaudit", "pgbackrest"],
        users={"postgres": (DATA_UID, "/var/lib/postgresql")},
        files={
            "postgres/docker-entrypoint.sh": "/usr/local/bin/docker-entrypoint.sh",
            "postgres/createcluster.conf": "/etc/postgresql-common/createcluster.conf",
        },
        folders={
            "/var/lib/postgresql/data": "postgres",
            "/docker-entrypoint-initdb.d": "root",
            "/run/postgresql": "postgres",  # for a start without root, which could not make it
        },
        changes=[
            f"ENV PATH=/usr/local/sbin:/usr/local/bin:/usr/lib/postgresql/{major}/bin:/usr/sbin:/usr/bin:/sbin:/bin",
            "ENV LANG=C.UTF-8",
            f"ENV PG_MAJOR={major}",
            "ENV PGDATA=/var/lib/postgresql/data",
            'ENTRYPOINT ["docker-entrypoint.sh"]',
            'CMD ["postgres"]',
            "EXPOSE 5432",
            "VOLUME /var/lib/postgresql/data",
        ],
    )


def backup(suite: str = "trixie") -> Recipe:
    """What makes and tries backups of that PostgreSQL: the server's own programs, pgBackRest, and Python for schedules.

    Its user is `backup`, which Debian's base has in every image: the server knows the name that comes by its socket.
    """
    server = postgres(suite)
    return Recipe(
        tag=f"data-tier/backup:{POSTGRES_OF_SUITE[suite]}",
        suite=suite,
        packages=[*server.packages, "openssl", "python3-minimal", "python3-psycopg"],
        users={"postgres": (DATA_UID, "/var/lib/postgresql")},
        files={"postgres/createcluster.conf": "/etc/postgresql-common/createcluster.conf"},
        folders={"/var/lib/pgbackrest": "backup", "/var/lib/data-tier": "backup"},
        changes=[
            *(change for change in server.changes if change.startswith("ENV ") and "PGDATA" not in change),
            "ENV PYTHONUNBUFFERED=1",
            "ENTRYPOINT []",
            'CMD ["python3"]',
        ],
    )


def redis(suite: str = "trixie") -> Recipe:
    """Redis, by the official image's contract."""
    return Recipe(
        tag=f"data-tier/redis:{REDIS_OF_SUITE[suite]}",
        suite=suite,
        packages=["redis-server", "redis-tools"],
        users={"redis": (DATA_UID, "/data")},
        files={"redis/docker-entrypoint.sh": "/usr/local/bin/docker-entrypoint.sh"},
        folders={"/data": "redis"},
        changes=[
            "ENV LANG=C.UTF-8",
            'ENTRYPOINT ["docker-entrypoint.sh"]',
            'CMD ["redis-server"]',
            "EXPOSE 6379",
            "VOLUME /data",
            "WORKDIR /data",
        ],
    )


def probe() -> Recipe:
    """The stand-in for apps; with socat, which forwards a loopback port to a server where that is asked for."""
    return Recipe(
        tag=PROBE_TAG,
        suite="trixie",
        packages=["python3-minimal", "python3-psycopg", "python3-pymongo", "python3-redis", "socat"],
        users={"probe": (PROBE_UID, "/")},
        files={"probe/probe": "/usr/local/bin/probe"},
        changes=["ENV LANG=C.UTF-8", "ENV PYTHONUNBUFFERED=1", 'CMD ["probe"]', "USER probe", "EXPOSE 8000"],
    )


def pooler() -> Recipe:
    """PgBouncer, and psql and openssl to ask each of its processes; its configuration comes with the container, the
    pools of apps in a folder of their own.

    Always from trixie: before 1.21, bookworm's 1.18 among them, prepared statements fail in transaction mode.
    """
    return Recipe(
        tag=POOLER_TAG,
        suite="trixie",
        packages=["openssl", "pgbouncer", f"postgresql-client-{POSTGRES_OF_SUITE['trixie']}"],
        users={"pgbouncer": (POOLER_UID, "/")},
        files={
            "pgbouncer/docker-entrypoint.sh": "/usr/local/bin/docker-entrypoint.sh",
            "pgbouncer/answers": "/usr/local/bin/answers",
            "pgbouncer/pools.ini": "/var/lib/pgbouncer/pools.ini",
        },
        folders={"/var/lib/pgbouncer": "pgbouncer", "/run/pgbouncer": "pgbouncer"},
        changes=[
            "ENV LANG=C.UTF-8",
            'ENTRYPOINT ["docker-entrypoint.sh"]',
            'CMD ["/etc/pgbouncer/process-1.ini"]',
            "USER pgbouncer",
            "EXPOSE 6432",
        ],
    )


def monitoring() -> Recipe:
    """Prometheus and its exporters for PostgreSQL and Redis, with Python for what those don't know.

    What runs comes with the container, which is Prometheus or the exporter of one server.
    """
    return Recipe(
        tag=MONITORING_TAG,
        suite="trixie",
        packages=[
            "prometheus",
            "prometheus-postgres-exporter",
            "prometheus-redis-exporter",
            "python3-minimal",
            "python3-psycopg",
        ],
        users={"monitoring": (MONITORING_UID, "/")},
        files={},
        folders={"/var/lib/monitoring": "monitoring", "/etc/monitoring": "monitoring"},
        changes=[
            "ENV LANG=C.UTF-8",
            "ENV PYTHONUNBUFFERED=1",
            'CMD ["prometheus", "--version"]',
            "USER monitoring",
            "EXPOSE 9090",
        ],
    )


def follower() -> Recipe:
    """HAProxy, which leads to whichever member of a PostgreSQL server is its primary; its configuration comes with the
    container.
    """
    return Recipe(
        tag=FOLLOWER_TAG,
        suite="trixie",
        packages=["haproxy"],
        users={"follower": (FOLLOWER_UID, "/")},
        files={},
        changes=[
            "ENV LANG=C.UTF-8",
            'CMD ["haproxy", "-db", "-f", "/etc/data-tier/haproxy.cfg"]',
            "USER follower",
            "EXPOSE 5432",
        ],
    )


def mongo(major: int) -> Recipe:
    """What stands in for MongoDB, which Debian hasn't got: SecantusDB (GPL), in this image only and for trying only.

    By the official image's contract, as far as this project uses it.
    """
    return Recipe(
        tag=f"data-tier/mongo:{major}",
        suite="trixie",
        packages=["python3-minimal", "python3", "openssl"],
        users={"mongodb": (DATA_UID, "/data/db")},
        files={"mongo/stand-in": "/usr/local/bin/docker-entrypoint.sh", "mongo/answers": "/usr/local/bin/answers"},
        folders={"/data/db": "mongodb", "/data/configdb": "mongodb"},
        changes=[
            "ENV LANG=C.UTF-8",
            "ENV PYTHONUNBUFFERED=1",
            f"LABEL {STAND_IN_LABEL}={_STAND_IN}",
            'ENTRYPOINT ["docker-entrypoint.sh"]',
            'CMD ["mongod"]',
            "EXPOSE 27017",
            "VOLUME /data/db",
            "VOLUME /data/configdb",
        ],
        wheels="mongo/requirements.txt",
    )
