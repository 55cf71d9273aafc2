"""What real clients do through a pooler in transaction mode: many at once, each statement prepared, whichever server
connection a transaction gets.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any

import asyncpg
import psycopg
import sqlalchemy
from sqlalchemy.ext.asyncio import create_async_engine

CLIENTS, TURNS = 24, 5  # of clients more than any pool here has server connections
_ADD = "SELECT {}::int + {}::int"


async def psycopg_pipelined(login: Mapping[str, Any]) -> int:
    """Pipelines of prepared statements in a transaction each; how many answers were right."""

    async def one(number: int) -> int:
        async with await psycopg.AsyncConnection.connect(**login, prepare_threshold=0, autocommit=True) as client:
            right = 0
            for turn in range(TURNS):
                async with client.transaction(), client.pipeline():
                    cursors = [await client.execute(_ADD.format("%s", "%s"), (number, it)) for it in (turn, -turn)]
                    rows = [await cursor.fetchone() for cursor in cursors]
                right += rows == [(number + turn,), (number - turn,)]
            return right

    return sum(await asyncio.gather(*(one(number) for number in range(CLIENTS))))


async def asyncpg_cached(login: Mapping[str, Any]) -> int:
    """asyncpg as it is: its statement cache prepares what is asked again under a name; how many answers were right."""
    named = {"host": login["host"], "port": login["port"], "user": login["user"], "password": login["password"]}

    async def one(number: int) -> int:
        client = await asyncpg.connect(**named, database=login["dbname"], ssl="require", timeout=60)
        try:
            return sum(
                [await client.fetchval(_ADD.format("$1", "$2"), number, turn) == number + turn for turn in range(TURNS)]
            )
        finally:
            await client.close()

    return sum(await asyncio.gather(*(one(number) for number in range(CLIENTS))))


def sqlalchemy_pooled(login: Mapping[str, Any], driver: str) -> int:
    """An engine with a pool of its own, whose sessions come back to it reset; how many answers were right."""
    url = sqlalchemy.URL.create(
        f"postgresql+{driver}", login["user"], login["password"], login["host"], login["port"], login["dbname"]
    )
    if driver == "asyncpg":
        return asyncio.run(_engine(url))
    engine = sqlalchemy.create_engine(url, pool_size=4, max_overflow=0, connect_args={"prepare_threshold": 0})
    right = 0
    for number in range(CLIENTS):
        with engine.begin() as connection:
            right += connection.execute(_added(), {"one": number, "other": 1}).scalar() == number + 1
    engine.dispose()
    return right


async def _engine(url: sqlalchemy.URL) -> int:
    engine = create_async_engine(url, pool_size=4, max_overflow=0, connect_args={"ssl": "require"})

    async def one(number: int) -> bool:
        async with engine.begin() as connection:
            found = await connection.execute(_added(), {"one": number, "other": 1})
            return bool(found.scalar() == number + 1)

    try:
        return sum(await asyncio.gather(*(one(number) for number in range(CLIENTS))))
    finally:
        await engine.dispose()


def _added() -> sqlalchemy.TextClause:
    return sqlalchemy.text("SELECT CAST(:one AS int) + CAST(:other AS int)")
