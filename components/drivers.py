"""How a driver that SQLAlchemy names in a URL takes the same server. Pure.

libpq's own parameters are understood by psycopg and psycopg2. The asyncpg dialect hands every parameter on to
`asyncpg.connect` by name, which has none called sslmode or sslrootcert. But it has `dsn`, and there they are understood
(tried with SQLAlchemy 2.1 and asyncpg 0.32).
"""

from __future__ import annotations

from typing import Literal
from urllib.parse import quote

Driver = Literal["asyncpg", "psycopg", "psycopg2"]


def scheme(driver: Driver | None) -> str:
    """What a URL begins with."""
    return f"postgresql+{driver}" if driver else "postgresql"


def query(driver: Driver | None, parameters: str) -> str:
    """What a URL ends with: libpq's `parameters`, with their question mark, as the driver takes them."""
    if driver != "asyncpg" or not parameters:
        return parameters
    return f"?dsn={quote(f'postgres:///{parameters}', safe='')}"
