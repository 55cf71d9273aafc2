"""The numbered members of a PostgreSQL server with a standby: their names, addresses, and what each is started with.

Pure. What a member does with it belongs to `images/postgres/member`; which of them is the primary is nothing that the
program knows, so that a switch is no change of the stack.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from components.naming import REPLICATION, host_way_name, member_name
from components.tls import CA_PATH

FOLDER: Final = "/members"
CURRENT: Final = f"{FOLDER}/current"  # where the socket of the primary is
PASSFILE: Final = "replication"
WELL: Final = (  # of a member that isn't up to being asked, and needn't be
    '[ -e "$PGDATA.copying" ] || '
    f'{{ [ ! -s "$PGDATA/PG_VERSION" ] && read -r named after <{FOLDER}/primary && [ "$named" != "$MEMBER" ]; }} '
    "2>/dev/null"
)
_ROOT: Final = Path(__file__).resolve().parents[2]
_PROGRAM: Final = "/etc/data-tier/member"
_PARTS: Final = {_PROGRAM: "member", f"{_PROGRAM}-follows": "member-follows"}
_WAL_SECONDS: Final = 10  # after which who says nothing counts as gone; PostgreSQL's own 60 s are a long time to wait


@dataclass(frozen=True, kw_only=True)
class Group:
    """The members of the server called `hostname`, by number with their addresses; `count` of them are there.

    All that may be there are told to each, so that one that comes or goes replaces no container. `slot` is in MiB. The
    first one has the server's own volume.
    """

    hostname: str
    addresses: Mapping[int, str]
    count: int
    port: int
    synchronous: bool
    slot: int
    tls: bool

    def name(self, number: int) -> str:
        """The container of a member."""
        return member_name(self.hostname, number)

    @property
    def host_way(self) -> str:
        """The container by which the host comes to the primary."""
        return host_way_name(self.hostname)

    @property
    def names(self) -> list[str]:
        """Those of all that may ever be there: a certificate is for each of them."""
        return [self.name(number) for number in self.addresses]

    def environment(self, number: int) -> dict[str, str]:
        """What a member is told."""
        mode = f"verify-full sslrootcert={CA_PATH}" if self.tls else "disable"
        hosts = {f"MEMBER_HOST_{each}": self.name(each) for each in self.addresses}
        alone = not self.synchronous or self.count == 1
        return {
            **hosts,
            **{f"MEMBER_ADDRESS_{each}": address for each, address in self.addresses.items()},
            "MEMBER": str(number),
            "MEMBER_CONNECTION": f"port={self.port} user={REPLICATION} passfile=/run/secrets/{PASSFILE} sslmode={mode}",
            "MEMBER_SYNCHRONOUS": "0" if alone else "1",
        }

    @property
    def parameters(self) -> dict[str, str]:
        """PostgreSQL's parameters of all members."""
        return {
            "max_slot_wal_keep_size": f"{self.slot}MB",
            "wal_receiver_timeout": f"{_WAL_SECONDS}s",
            "wal_sender_timeout": f"{_WAL_SECONDS}s",
            "wal_retrieve_retry_interval": "500ms",  # of 5 s: a standby asks again at once after a switch
        }

    @property
    def files(self) -> dict[str, str]:
        """The program that decides what a member is."""
        return {path: (_ROOT / "images/postgres" / name).read_text(encoding="utf-8") for path, name in _PARTS.items()}

    @property
    def command(self) -> list[str]:
        """What comes before PostgreSQL's own command line."""
        return ["bash", _PROGRAM]


def passfile(password: str) -> str:
    """What libpq reads the password from."""
    return f"*:*:*:{REPLICATION}:{password}"
