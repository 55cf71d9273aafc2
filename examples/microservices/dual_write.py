"""Accounts in both databases while auth leaves the monolith: writes to both, finds differences, mends them.

The monolith's database is the one that counts until the move is over: what it doesn't take isn't written at all, and
what only auth's database doesn't take is written, reported, and mended later by `mend`.

    python dual_write.py write EMAIL HASH     exit code 1: nothing was written; 2: auth's database lacks it
    python dual_write.py compare              a line for each difference; exit code 1 when there is one
    python dual_write.py mend                 auth's database as the monolith's is

Exit code 3: a database that is needed for `compare` or `mend` is down.

DATABASE_URL and LEGACY_DATABASE_URL, or files that DATABASE_URL_FILE and LEGACY_DATABASE_URL_FILE name.
"""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import Iterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import asyncpg
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

DOWN = (OSError, SQLAlchemyError, asyncpg.PostgresError, asyncpg.InterfaceError)
TIMEOUT = 5  # seconds
READ = text("SELECT email, password_hash, is_active FROM users ORDER BY email")
DELETE = text("DELETE FROM users WHERE email = :email")
WRITE = text(
    "INSERT INTO users (email, password_hash, is_active) VALUES (:email, :password_hash, :is_active)"
    " ON CONFLICT (email) DO UPDATE SET password_hash = excluded.password_hash, is_active = excluded.is_active"
)

Account = Mapping[str, Any]


class LegacyDownError(Exception):
    """Nothing was written."""


class ServiceDownError(Exception):
    """The monolith's database has it, the service's own hasn't."""


class Accounts:
    """The accounts of both databases; ids are each database's own, so that the address is what names one."""

    def __init__(self, own: AsyncEngine, legacy: AsyncEngine) -> None:
        self.own, self.legacy = own, legacy

    async def write(self, account: Account) -> None:
        """Raises LegacyDownError or ServiceDownError."""
        try:
            await _write(self.legacy, account)
        except DOWN as error:
            raise LegacyDownError(type(error).__name__) from None
        try:
            await _write(self.own, account)
        except DOWN as error:
            raise ServiceDownError(type(error).__name__) from None

    async def differences(self) -> list[tuple[str, str]]:
        """Address and what is wrong, by address."""
        own, legacy = await asyncio.gather(_read(self.own), _read(self.legacy))
        return list(_compared(own, legacy))

    async def mend(self) -> int:
        """Make the service's accounts what the monolith's are; how many weren't."""
        wrong, legacy = await self.differences(), await _read(self.legacy)
        for email, _ in wrong:
            if email in legacy:
                await _write(self.own, legacy[email])
            else:
                async with self.own.begin() as connection:
                    await connection.execute(DELETE, {"email": email})
        return len(wrong)


def _compared(own: Mapping[str, Account], legacy: Mapping[str, Account]) -> Iterator[tuple[str, str]]:
    for email in sorted({*own, *legacy}):
        if email not in own:
            yield email, "missing in the service's database"
        elif email not in legacy:
            yield email, "missing in the monolith's database"
        elif own[email] != legacy[email]:
            yield email, "not the same"


async def _read(engine: AsyncEngine) -> dict[str, Account]:
    async with engine.connect() as connection:
        return {row["email"]: dict(row) for row in (await connection.execute(READ)).mappings()}


async def _write(engine: AsyncEngine, account: Account) -> None:
    async with engine.begin() as connection:
        await connection.execute(WRITE, dict(account))


def _url(name: str) -> str:
    file = os.environ.get(f"{name}_FILE")
    if not file and name not in os.environ:
        raise SystemExit(f"{name} is not set: read it from the file that `./operatew env auth` writes (README.md)")
    return Path(file).read_text().strip() if file else os.environ[name]


@asynccontextmanager
async def opened() -> Any:
    """Both databases, as this process is told of them."""
    engines = [
        create_async_engine(_url(name), connect_args={"timeout": TIMEOUT, "command_timeout": TIMEOUT})
        for name in ("DATABASE_URL", "LEGACY_DATABASE_URL")
    ]
    try:
        yield Accounts(*engines)
    finally:
        for engine in engines:
            await engine.dispose()


async def main(what: str, *given: str) -> int:
    """One command; its exit code."""
    async with opened() as accounts:
        try:
            return await {"write": _written, "compare": _told, "mend": _mended}[what](accounts, *given)
        except DOWN as error:
            print("a database is down:", type(error).__name__)
            return 3


async def _written(accounts: Accounts, email: str, password_hash: str) -> int:
    try:
        await accounts.write({"email": email, "password_hash": password_hash, "is_active": True})
    except LegacyDownError as error:
        print("nothing was written, the monolith's database is down:", error)
        return 1
    except ServiceDownError as error:
        print("written to the monolith's database only, the service's own is down:", error)
        return 2
    return 0


async def _told(accounts: Accounts) -> int:
    found = await accounts.differences()
    print(*(f"{email}: {wrong}" for email, wrong in found), f"{len(found)} differences", sep="\n")
    return 1 if found else 0


async def _mended(accounts: Accounts) -> int:
    print(await accounts.mend(), "mended")
    return 0


if __name__ == "__main__":
    sys.exit(asyncio.run(main(*sys.argv[1:])))
