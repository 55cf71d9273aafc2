"""Who has the log of a PostgreSQL server beside itself: its standbys, the archive, and the backups made from it."""

from __future__ import annotations

import re
import urllib.request
from collections.abc import Iterator
from typing import Any, Final

import psycopg

from images.exposition import Sample
from images.monitoring.looks import Login, Server, Who

BACKUP_PORT: Final = 9188
_SECONDS: Final = 2.0
_LAG: Final = """
    SELECT application_name, coalesce(extract(epoch FROM replay_lag), 0)::float
      FROM pg_stat_replication WHERE state = 'streaming'"""
_SLOTS: Final = """
    SELECT slot_name, active::int FROM pg_replication_slots WHERE slot_type = 'physical' AND NOT temporary"""
_ARCHIVE: Final = """
    SELECT coalesce(extract(epoch FROM now() - min(modification)), 0)::float
      FROM pg_ls_archive_statusdir() WHERE name LIKE '%.ready' HAVING current_setting('archive_mode') <> 'off'"""
_SAMPLE: Final = re.compile(r"(data_tier_\w+)\{(.*)\} (\S+)")
_LABEL: Final = re.compile(r'(\w+)="([^"\\]*)"')


class Replication:
    """Standbys and archive, by one connection that stays open."""

    def __init__(self, server: Server, serving: Who) -> None:
        self._server, self._serving = server, serving
        self._open: psycopg.Connection[Any] | None = None
        self._login: Login | None = None

    def look(self) -> Iterator[Sample]:
        """Raises psycopg.Error."""
        login = self._serving()
        if login is None:
            return
        server = self._connected(login)
        try:
            lag, slots, archive = (server.execute(one.encode()).fetchall() for one in (_LAG, _SLOTS, _ARCHIVE))
        except psycopg.Error:
            server.close()
            raise
        for name, seconds in lag:
            yield "data_tier_standby_lag_seconds", {"standby": str(name)}, float(seconds)
        for name, active in slots:
            yield "data_tier_standby_up", {"standby": str(name)}, active
        for (seconds,) in archive:
            yield "data_tier_archive_waiting_seconds", {}, max(0.0, float(seconds))

    def _connected(self, login: Login) -> psycopg.Connection[Any]:
        if self._open is None or self._open.closed or self._login != login:
            if self._open is not None:
                self._open.close()
            self._open = self._server.connect(login, self._server.host, self._server.port, "postgres")
            self._login = login
            self._open.execute("SET statement_timeout = '2s'")
        return self._open


def backups(server: Server) -> Iterator[Sample]:
    """What the container that backs the server up tells, which is on no network of Prometheus; whether it does."""
    if not server.backup:
        return
    url = f"http://{server.backup}:{BACKUP_PORT}/metrics"
    try:
        with urllib.request.urlopen(url, timeout=_SECONDS) as answer:
            text = answer.read().decode()
    except OSError:
        yield "data_tier_backup_up", {}, 0
        return
    yield "data_tier_backup_up", {}, 1
    yield from samples(text)


def samples(text: str) -> Iterator[Sample]:
    """Its own metrics; whose they are is said by Prometheus, by the key that the server has everywhere."""
    for name, inside, value in _SAMPLE.findall(text):
        yield name, {key: its for key, its in _LABEL.findall(inside) if key != "server"}, float(value)
