"""Connections to one server: opened when first needed, kept per database, tried again where PostgreSQL asks for it.

Owns what can go wrong on the way: no server, collisions in the catalogue, connections that a restart has cut.
"""

from __future__ import annotations

import threading
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, Final, TypeVar

import psycopg
from psycopg import errors, sql

from embedded.providers.base import ProviderError, UncertainError
from embedded.providers.postgresql._settings import Settings

Connection = psycopg.Connection[tuple[Any, ...]]
Result = TypeVar("Result")

_IDLE: Final = 4
_TRIES: Final = 6
_FIRST_PAUSE: Final = 0.05  # seconds; doubled at every try
_COLLISIONS: Final = (
    errors.DeadlockDetected,
    errors.SerializationFailure,
    errors.UniqueViolation,  # two sessions made the same catalogue row
)  # not ObjectInUse: PostgreSQL itself waits 5 s for sessions that are ending (CountOtherDBBackends)


class Server:
    """One server as the providers' threads share it."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self._idle: list[tuple[str, Connection]] = []  # the one used last comes last
        self._lock = threading.Lock()
        self._slots = threading.BoundedSemaphore(settings.max_connections)
        self._grants: dict[str, threading.Lock] = defaultdict(threading.Lock)

    def run(self, what: str, work: Callable[[Connection], Result], database: str | None = None) -> Result:
        """The result of `work` on a connection, tried again when it collided with another session.

        `what` begins the message of a ProviderError, which holds PostgreSQL's own words and never a statement; it is
        an UncertainError where the connection was lost on the way.
        """
        pause = _FIRST_PAUSE
        for attempt in range(_TRIES):
            try:
                with self._connection(database or self.settings.database) as connection:
                    return work(connection)
            except errors.Error as error:
                if _cut(error):
                    raise UncertainError(f"{what}: {_words(error)}; try again when the server is up") from None
                if not _collided(error) or attempt == _TRIES - 1:
                    raise ProviderError(f"{what}: {_words(error)}") from None
                time.sleep(pause)
                pause *= 2
        raise AssertionError("the last try returns or raises")

    @contextmanager
    def one_at_a_time(self, database: str) -> Iterator[None]:
        """Grants on one database change the same catalogue rows: never two of them at once."""
        with self._lock:
            lock = self._grants[database]
        with lock:
            yield

    def forget(self, database: str) -> None:
        """Close idle connections to a database that is going to be dropped."""
        with self._lock:
            gone = [connection for name, connection in self._idle if name == database]
            self._idle = [entry for entry in self._idle if entry[0] != database]
        for connection in gone:
            connection.close()

    @contextmanager
    def _connection(self, database: str) -> Iterator[Connection]:
        with self._slots:
            connection = self._take(database) or self._open(database)
            try:
                yield connection
            except BaseException:
                connection.close()  # nobody knows in which state it is
                raise
            self._keep(database, connection)

    def _keep(self, database: str, connection: Connection) -> None:
        """Idle ones stay few, however many databases there are: the server's connections belong to the apps."""
        with self._lock:
            self._idle.append((database, connection))
            spare = self._idle[:-_IDLE]
            self._idle = self._idle[-_IDLE:]
        for _, oldest in spare:
            oldest.close()

    def _take(self, database: str) -> Connection | None:
        while True:
            with self._lock:
                entry = next((entry for entry in reversed(self._idle) if entry[0] == database), None)
                if entry is None:
                    return None
                self._idle.remove(entry)
            connection = entry[1]
            try:
                connection.execute("SELECT 1")
            except psycopg.OperationalError:
                connection.close()  # cut by a restart: the next one, or a new one
                continue
            return connection

    def _open(self, database: str) -> Connection:
        settings = self.settings
        try:
            return psycopg.connect(
                host=settings.host,
                port=settings.port,
                user=settings.username,
                password=settings.password,
                dbname=database,
                sslmode=settings.sslmode,
                sslrootcert=settings.sslrootcert,
                connect_timeout=settings.connect_timeout,
                application_name="data-tier",
                autocommit=True,
            )
        except errors.Error as error:
            where = f"PostgreSQL at {settings.host}:{settings.port}"
            if "FATAL:" in str(error):  # the server has spoken
                told = str(error).partition("FATAL:")[2].strip().splitlines()[0]
                raise ProviderError(f"{where} refuses '{settings.username}' in '{database}': {told}") from None
            raise ProviderError(f"{where} does not answer: {_words(error)}; is the container up?") from None


def _collided(error: errors.Error) -> bool:
    return isinstance(error, _COLLISIONS) or (
        isinstance(error, errors.InternalError_) and "concurrently" in str(error.diag.message_primary)
    )


def _cut(error: errors.Error) -> bool:
    """Whether the connection was lost, or ended by a shutdown (class 57P), before the answer was there."""
    lost = isinstance(error, errors.OperationalError) and error.sqlstate is None
    return lost or str(error.sqlstate).startswith("57P")


def _words(error: errors.Error) -> str:
    """PostgreSQL's message, or libpq's: the first line, without the statement."""
    text = error.diag.message_primary or str(error).strip().splitlines()[0]
    if isinstance(error, errors.DependentObjectsStillExist) and error.diag.message_detail:
        text = f"{text}: {'; '.join(error.diag.message_detail.splitlines())}"  # names of objects only
    return text.strip()


def execute(connection: Connection, statement: str, *names: str, **values: object) -> psycopg.Cursor[tuple[Any, ...]]:
    """Run a statement: `{}` are identifiers given as `names`, `{name}` are literals given as `values`."""
    literals = {key: sql.Literal(value) for key, value in values.items()}
    query = sql.SQL(statement).format(*(sql.Identifier(name) for name in names), **literals)
    return connection.execute(query)
