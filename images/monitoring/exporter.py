"""The exporter of one server: Debian's exporter for its kind, and beside it what that one doesn't know.

Runs in a container of its own. It answers on the network of the monitoring alone, for what
it tells of one app is nobody else's business on the data network. A new password is used as soon as its file has it:
another exporter is started, and serves when the server has let it in, so that no scrape meets one that starts.

Owns how an exporter is started and followed by the next one; what is told beside it belongs to `looks`.
"""

from __future__ import annotations

import ipaddress
import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.request
from collections.abc import Callable, Iterable, Mapping
from functools import partial
from http.client import HTTPException
from pathlib import Path
from typing import Final

from images.exposition import Sample, answering
from images.monitoring.looks import CA, MEMORY, Certificate, Login, Looks, Pools, Server, say, volume, written
from images.monitoring.replication import Replication, backups

ALIVE, SERVING = MEMORY / "alive", MEMORY / "serving"
PORT: Final = 9187
_OWN_PORTS: Final = (9201, 9202)  # of the exporters behind it, on loopback
_SECONDS: Final = 8.0  # less than the ten that Prometheus waits at most
_CONNECT: Final = 2  # seconds, also for a name: the answer that a server is away has to come before the scrape is over
_STARTING: Final = 15.0


class Behind:
    """Debian's exporter behind this one, on a port of the loopback."""

    def __init__(self, server: Server, login: Login, port: int) -> None:
        self._server, self.login, self.port = server, login, port
        self._url = f"http://127.0.0.1:{port}/metrics"
        command, environment = _started(server, login, port)
        keep = {key: value for key, value in os.environ.items() if not key.startswith("EXPORTER_")}
        self._process = subprocess.Popen(command, env={**keep, "GOMAXPROCS": "1", **environment})  # noqa: S603

    @property
    def ended(self) -> bool:
        """Whether its process is gone."""
        return self._process.poll() is not None

    def metrics(self, seconds: float = _SECONDS) -> str:
        """What it tells. Raises OSError."""
        with urllib.request.urlopen(self._url, timeout=seconds) as answer:  # noqa: S310 - loopback
            return str(answer.read().decode())

    def let_in(self) -> bool:
        """Whether the server takes its login."""
        try:
            return self._server.well(self.metrics())
        except (OSError, HTTPException):
            return False

    def end(self) -> None:
        """End its process, which has nothing to lose."""
        self._process.terminate()
        try:
            self._process.wait(5)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()


def _started(server: Server, login: Login, port: int) -> tuple[list[str], dict[str, str]]:
    """Command and environment; passwords by files in memory, for both are in process lists."""
    at, host = f"127.0.0.1:{port}", f"{server.host}:{server.port}"
    if server.kind == "postgres":
        tls = f"sslmode=verify-full&sslrootcert={CA}" if server.tls else "sslmode=disable"
        collectors = ["--collector.database_wraparound", "--collector.long_running_transactions"]
        more = f"{tls}&connect_timeout={_CONNECT}&application_name=data-tier-exporter"
        # its log repeats the source where it can't connect, password and all, so that there is none in it
        known = {
            "DATA_SOURCE_NAME": f"postgresql://{login.user}@{host}/postgres?{more}",
            "PGPASSFILE": login.passfile(),
        }
        command = ["prometheus-postgres-exporter", f"--web.listen-address={at}", "--log.level=warn", *collectors]
        return [*command, "--no-collector.stat_user_tables", "--no-collector.statio_user_tables"], known
    address = f"{'rediss' if server.tls else 'redis'}://{host}"
    named = address.replace("://", f"://{login.user}@")
    keys = written(f"{port}.keys", json.dumps({named: login.key, address: login.key}))
    command = ["prometheus-redis-exporter", f"-web.listen-address={at}", f"-redis.addr={address}"]
    command += [f"-redis.user={login.user}", f"-redis.password-file={keys}", "-config-command=-"]
    command += [f"-connection-timeout={_CONNECT}s", "-set-client-name=false", "-exclude-latency-histogram-metrics"]
    return [*command, *([f"-tls-ca-cert-file={CA}"] if server.tls else [])], {}


class Serving:
    """The exporter that answers now, and the change to the next one."""

    def __init__(self, server: Server) -> None:
        self._server = server
        self._now: Behind | None = None

    def login(self) -> Login | None:
        """Who it is on the server."""
        now = self._now
        return now.login if now else None

    def metrics(self) -> str:
        """Raises OSError where none serves."""
        now = self._now
        if now is None:
            raise OSError("no exporter serves yet")
        try:
            return now.metrics()
        except (OSError, HTTPException):
            following = self._now
            if following is None or following is now:
                raise OSError("the exporter doesn't answer") from None
            return following.metrics()  # it was ended while it answered: the next one serves already

    def look(self) -> None:
        """Turn to what the file says, or start again what has ended."""
        login, now = Login.read(), self._now
        if now is not None and now.ended:
            now = None
        if now is not None and now.login == login:
            return
        port = next(port for port in _OWN_PORTS if now is None or port != now.port)
        following = Behind(self._server, login, port)
        self._now = now or following
        until = time.monotonic() + _STARTING
        while not following.let_in() and time.monotonic() < until and Login.read() == login and not following.ended:
            ALIVE.touch()
            time.sleep(1)  # each look is a scrape, on a quarter of a core
        self._now = following
        if now is not None:
            now.end()

    def watch(self) -> None:
        """For ever."""
        while True:
            try:
                self.look()
                now = self._now
                if now is not None and SERVING.read_text() != now.login.user and now.let_in():
                    SERVING.write_text(now.login.user)
                ALIVE.touch()
            except OSError as error:
                say(f"the login can't be read: {type(error).__name__}")
            time.sleep(1)


def apart_from(subnet: str, addresses: Iterable[str]) -> str:
    """The address that isn't in `subnet`. Raises ValueError where there is none."""
    network = ipaddress.ip_network(subnet)
    for address in addresses:
        found = ipaddress.ip_address(address)
        if found not in network and not found.is_loopback:
            return address
    raise ValueError(f"no address outside of {subnet}: the container isn't on the monitoring network")


def own_addresses() -> list[str]:
    """This container's addresses, which its own name leads to on each of its networks."""
    entries = (line.split() for line in Path("/etc/hosts").read_text().splitlines() if not line.startswith("#"))
    return [entry[0] for entry in entries if socket.gethostname() in entry[1:] and ":" not in entry[0]]


def main(environment: Mapping[str, str]) -> int:
    """Serve until the process is ended."""
    signal.signal(signal.SIGTERM, lambda *_: os._exit(0))
    try:
        server, address = Server.of(environment), apart_from(environment["EXPORTER_APART"], own_addresses())
    except KeyError as error:
        say(f"{error.args[0]} is not set in the environment")
        return 2
    serving = Serving(server)
    SERVING.write_text("")
    looks: dict[str, Callable[[], Iterable[Sample]]] = {"certificate": Certificate(server).look, "volume": volume}
    if server.kind == "postgres":
        looks["replication"] = Replication(server, serving.login).look
        looks["pools"] = Pools(server, serving.login).look
        looks["backups"] = partial(backups, server)
    threading.Thread(target=serving.watch, daemon=True).start()
    all_looks = Looks(looks, ("certificate", "replication"))

    def text() -> str:
        found = serving.metrics()
        return found + all_looks.text(let_in=server.well(found))

    answering(address, PORT, text).serve_forever()
    return 0


if __name__ == "__main__":
    sys.exit(main(os.environ))
