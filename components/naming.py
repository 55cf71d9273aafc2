"""The names that follow from other names. Pure; what a name may look like belongs to `config.fields`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

POOLER_PORT: Final = 6432
POOLER_AUTH: Final = "pgbouncer_auth"  # the role that looks up who logs in to a pooler, and the database it does so in
READERS: Final = "data_tier_readers"
"""The role that every reader is a member of: the one name of readers that pg_hba.conf has."""
WATCHDOG_ROLE: Final = "data_tier_watchdog"
EXPORTER_LOGINS: Final = {"a": "data_tier_exporter_a", "b": "data_tier_exporter_b"}
"""The two alternating logins of the exporters, on every server."""
BACKUP_ROLE: Final = "data_tier_backup"
"""The role that makes backups: it comes by the server's socket, as the system's user `backup`, without a password."""
REPLICATION: Final = "data_tier_replication"
"""The role as which the members of a server copy from each other."""
READ_PORT: Final = 5433
"""Where a server with members leads to its standby, and to the primary while there is none."""


@dataclass(frozen=True)
class RoleNames:
    """The roles of one database: who owns, who reads and writes, who logs in."""

    database: str

    @property
    def owner(self) -> str:
        """Owns the database and its objects; nobody logs in as it."""
        return f"{self.database}_owner"

    @property
    def group(self) -> str:
        """Reads and writes rows. Named as the database, because that is what `samerole` in pg_hba.conf matches."""
        return self.database

    @property
    def logins(self) -> tuple[str, str]:
        """The two alternating logins of the app: one serves while the other's password changes."""
        return f"{self.database}_a", f"{self.database}_b"

    def login(self, role: Literal["a", "b", "migrate"]) -> str:
        """One of the roles that log in, by its role's name."""
        return f"{self.database}_{role}"

    @property
    def migrate(self) -> str:
        """The login of migrations: becomes the owner as soon as it is connected."""
        return f"{self.database}_migrate"

    @property
    def all(self) -> tuple[str, ...]:
        """Every role of the database."""
        return self.owner, self.group, *self.logins, self.migrate


@dataclass(frozen=True)
class ReaderNames:
    """The roles of one reader: who may read, who logs in."""

    reader: str

    @property
    def group(self) -> str:
        """Has the privileges; nobody logs in as it."""
        return self.reader

    @property
    def logins(self) -> tuple[str, str]:
        """The two alternating logins."""
        return self.login("a"), self.login("b")

    def login(self, slot: Literal["a", "b"]) -> str:
        """One of the two logins."""
        return f"{self.reader}_{slot}"

    @property
    def all(self) -> tuple[str, ...]:
        """Every role of the reader."""
        return self.group, *self.logins


def tier_network(prefix: str, tier: str) -> str:
    """The name of a tier's network; the prefix keeps two stacks on one host apart."""
    return f"{prefix}-{tier}-tier"


def publish_network(prefix: str, tier: str) -> str:
    """The name of the network through which services of an internal tier publish their ports."""
    return f"{prefix}-{tier}-publish"


def own_network(prefix: str, app: str) -> str:
    """The name of the network that only one app and its own servers are on."""
    return f"{prefix}-{app}-data"


def pooler_name(server: str) -> str:
    """The name of the pooler in front of a PostgreSQL server."""
    return f"{server}-pooler"


def member_name(server: str, number: int) -> str:
    """The container of one of the numbered members of a PostgreSQL server, the first of which has its first volume."""
    return f"{server}-{number}"


def host_way_name(server: str) -> str:
    """The container by which the host comes to the primary of a server with members."""
    return f"{server}-host"


def mongo_login(app: str, slot: Literal["a", "b"]) -> str:
    """One of the two alternating users of an app in its MongoDB database."""
    return f"{app}_{slot}"


def server_key(kind: str, app: str | None = None, purpose: str | None = None) -> str:
    """What a server is called in the outputs: the shared one by its kind, an app's own by kind and app.

    One of a single purpose has a point, which no app's name has.
    """
    return f"{kind}.{purpose}" if purpose else f"{kind}-{app}" if app else kind


def relay_name(prefix: str, app: str) -> str:
    """The container through which an app reaches a server outside of the stack."""
    return f"{prefix}-{app}-postgres"


def outlet_name(relay: str) -> str:
    """The container, and the network that it is on, through which a relay gets out."""
    return f"{relay}-outside"


def exporter_name(server: str) -> str:
    """The container that tells Prometheus about a server."""
    return f"{server}-exporter"


def prometheus_name(prefix: str) -> str:
    """The container of a stack's Prometheus."""
    return f"{prefix}-prometheus"


def monitoring_network(prefix: str) -> str:
    """The network of Prometheus and the exporters."""
    return f"{prefix}-monitoring"


def alertmanager_relay(prefix: str) -> str:
    """The container through which Prometheus reaches an Alertmanager outside of the stack."""
    return f"{prefix}-alertmanager"


def watchdog_name(server: str) -> str:
    """The container that watches the limits on a server."""
    return f"{server}-watchdog"


def backup_name(server: str) -> str:
    """The container that makes and tries backups of a server; its volume is called so too."""
    return f"{server}-backup"


def backup_relay(backup: str) -> str:
    """The container, and the network on which it answers, through which backups reach a repository elsewhere."""
    return f"{backup}-s3"


def short_name(prefix: str, name: str) -> str:
    """A server's name without the stack's prefix: its alias on its network."""
    return name.removeprefix(f"{prefix}-")
