"""Drivers that apps use, at work on the host during a rotation: asyncpg, and SQLAlchemy with its pool.

Each reads the app's secret file when it connects, where Docker keeps it. A transaction counts as failed when an error
reaches it after it has begun, or when it can't begin at the second attempt.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import asyncpg
import psycopg
import sqlalchemy
from sqlalchemy.exc import DBAPIError

_WORK = "INSERT INTO worked (client) VALUES ('driver') RETURNING session_user::text"


@dataclass
class Counted:
    """What one driver has done: users as it met them."""

    done: int = 0
    failed: int = 0
    users: list[str] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)

    @property
    def pause(self) -> float:
        """Seconds before the next transaction: as an app, quiet at times, which is when a drain sends it away."""
        return 0.02 if self.done % 20 else 1.5

    def add(self, user: str) -> None:
        self.done += 1
        if user not in self.users:
            self.users.append(user)

    def fail(self, error: BaseException) -> None:
        self.failed += 1
        self.errors.append(f"{type(error).__name__}: {error}")


@dataclass(frozen=True)
class Secret:
    """An app's secret files on the host, and the address that the name in its URL stands for."""

    folder: Path
    address: str

    @property
    def url(self) -> str:
        """The URL as it is now."""
        return (self.folder / "database_url").read_text().strip()

    def libpq(self) -> psycopg.Connection[Any]:
        """As an app connects that verifies the server by name."""
        return psycopg.connect(self.url, hostaddr=self.address, sslrootcert=str(self.folder / "ca.crt"))

    async def asyncpg(self) -> asyncpg.Connection:
        """By address: asyncpg can't be given both."""
        parts = urlsplit(self.url)
        return await asyncpg.connect(
            host=self.address,
            port=parts.port,
            user=parts.username,
            password=parts.password,
            database=parts.path.strip("/"),
            ssl="require",
        )


async def _asyncpg(secret: Secret, counted: Counted, over: threading.Event) -> None:
    client = await secret.asyncpg()
    while not over.is_set():
        try:
            try:
                transaction = client.transaction()
                await transaction.start()
            except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError):
                client = await secret.asyncpg()
                transaction = client.transaction()
                await transaction.start()
            user = await client.fetchval(_WORK)
            await transaction.commit()
            counted.add(user)
        except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError) as error:
            counted.fail(error)
        await asyncio.sleep(counted.pause)
    await client.close()


def _sqlalchemy(secret: Secret, counted: Counted, over: threading.Event) -> None:
    """As its documentation says for connections that may be closed from the other side: `pool_pre_ping`."""
    engine = sqlalchemy.create_engine("postgresql+psycopg://", creator=secret.libpq, pool_size=2, pool_pre_ping=True)
    while not over.wait(counted.pause):
        try:
            with engine.begin() as connection:
                counted.add(connection.execute(sqlalchemy.text(_WORK)).scalar_one())
        except DBAPIError as error:
            counted.fail(error)
    engine.dispose()


@contextmanager
def drivers_of(folder: Path, address: str) -> Iterator[dict[str, Any]]:
    """Both at work; what they have counted is there when the block has ended."""
    secret, over, told = Secret(folder, address), threading.Event(), dict[str, Any]()
    counted = {"asyncpg": Counted(), "sqlalchemy": Counted()}
    work = {
        "asyncpg": lambda: asyncio.run(_asyncpg(secret, counted["asyncpg"], over)),
        "sqlalchemy": lambda: _sqlalchemy(secret, counted["sqlalchemy"], over),
    }
    threads = [threading.Thread(target=one) for one in work.values()]
    for thread in threads:
        thread.start()
    try:
        yield told
    finally:
        over.set()
        for thread in threads:
            thread.join(timeout=30)
        told.update({name: asdict(its) for name, its in counted.items()})
