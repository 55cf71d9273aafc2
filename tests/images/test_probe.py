"""What the probe reports, in a process of its own, against stores and APIs that this file plays."""

from __future__ import annotations

import json
import os
import runpy
import socket
import socketserver
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from components import drivers
from components.tls import authority
from images.recipes import HERE

PROBE = str(HERE / "probe/probe")
PASSWORD = "quite-secret-words"
Report = tuple[int, dict[str, Any], str]
Start = Callable[..., Callable[[], Report]]


class FakeRedis(socketserver.StreamRequestHandler):
    """Keeps keys of every connection together and lets in who knows the server's password."""

    def handle(self) -> None:
        while words := self.words():
            name = words[0].upper()
            if name in ("AUTH", "HELLO"):  # newer clients send the password with HELLO
                self.wfile.write(b"+OK\r\n" if self.server.password in words else b"-WRONGPASS no\r\n")  # type: ignore[attr-defined]
            elif name == "GET":
                self.wfile.write(b"$1\r\n1\r\n" if words[1] in self.server.keys else b"$-1\r\n")  # type: ignore[attr-defined]
            else:
                if name == "SET":
                    self.server.keys[words[1]] = words[3:]  # type: ignore[attr-defined]
                self.wfile.write(b"+OK\r\n")

    def words(self) -> list[str]:
        count = self.rfile.readline()
        if not count.startswith(b"*"):
            return []
        return [self.rfile.read(int(self.rfile.readline()[1:]) + 2)[:-2].decode() for _ in range(int(count[1:]))]


@pytest.fixture
def redis_server() -> Iterator[socketserver.ThreadingTCPServer]:
    server = socketserver.ThreadingTCPServer(("127.0.0.1", 0), FakeRedis)
    server.daemon_threads = True
    server.password, server.keys = PASSWORD, {}  # type: ignore[attr-defined]
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server
    server.shutdown()
    server.server_close()


@pytest.fixture
def api() -> Iterator[str]:
    """Another app's service that answers everything with 418."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_error(418)

        def log_message(self, format: str, *args: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/graphql/"
    server.shutdown()
    server.server_close()


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    """Start a probe with the given environment; what comes back asks it for its report, headers and log included."""
    processes = []

    def begin(path: str = "/graphql/", **env: str) -> Callable[[], Report]:
        port, log = int(env.get("PORT") or free_port()), tmp_path / "log"
        with log.open("w") as file:
            command = [sys.executable, PROBE]
            settings = {"PATH": os.environ["PATH"], **env, "PORT": str(port)}
            processes.append(subprocess.Popen(command, env=settings, stdout=file, stderr=file))
        wait_for_port(port)

        def ask() -> Report:
            try:
                answer = urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=30)
            except urllib.error.HTTPError as error:
                answer = error
            body = answer.read().decode()
            return answer.status, json.loads(body), f"{answer.headers}{body}{log.read_text()}"

        return ask

    yield begin
    for process in processes:
        process.terminate()
        process.wait(10)


def wait_for_port(port: int) -> None:
    end = time.monotonic() + 20
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
            return
        except OSError:
            assert time.monotonic() < end, "the probe does not serve"
            time.sleep(0.05)


def test_stores_that_are_down_give_503_with_the_kind_of_error_and_no_password(start: Start):
    url = f"://shop_a:{PASSWORD}@127.0.0.1:1/0"
    status, report, everything = start(APP_NAME="shop", DATABASE_URL=f"postgresql{url}", REDIS_URL=f"redis{url}")()
    assert status == 503
    assert report["app"] == "shop"
    assert report["database"] == {"ok": False, "error": "OperationalError"}
    assert report["redis"] == {"ok": False, "error": "ConnectionError"}
    assert PASSWORD not in everything
    assert "shop_a" not in everything


def test_further_databases_are_tried_and_reported_by_their_variables(start: Start, tmp_path: Path):
    file = tmp_path / "legacy"
    file.write_text("postgresql+asyncpg://poc_a:quite-secret-words@127.0.0.1:1/poc?dsn=postgres%3A%2F%2F%2F")
    status, report, everything = start(LEGACY_DATABASE_URL_FILE=str(file))()
    assert (status, report["further"]) == (503, {"LEGACY_DATABASE_URL": {"ok": False, "error": "OperationalError"}})
    assert PASSWORD not in everything


@pytest.mark.parametrize(
    ("url", "wanted"),
    [
        ("postgresql://a:b%40@db:5432/x?sslmode=verify-full", "postgresql://a:b%40@db:5432/x?sslmode=verify-full"),
        ("postgresql:///x?host=/run/postgresql", "postgresql:///x?host=/run/postgresql"),
        ("postgresql+psycopg://a:b@db/x?sslmode=require", "postgresql://a:b@db/x?sslmode=require"),
        (
            f"postgresql+asyncpg://a:b%40@db:5432/x{drivers.query('asyncpg', authority.POSTGRES_QUERY)}",
            f"postgresql://a:b%40@db:5432/x{authority.POSTGRES_QUERY}",
        ),
    ],
)
def test_a_url_of_sqlalchemy_is_read_as_libpq_reads_it(url: str, wanted: str):
    assert runpy.run_path(PROBE)["plain"](url) == wanted


def test_an_app_without_stores_is_well_and_reports_none(start: Start):
    status, report, _ = start(path="/api/")()
    assert status == 200
    assert "database" not in report
    assert "redis" not in report


def test_it_serves_while_its_stores_are_down(start: Start):
    assert start(path="/healthz", DATABASE_URL="postgresql://127.0.0.1:1/x")()[:2] == (200, {"serving": True})


def test_redis_is_used_by_a_key_of_the_apps_own_that_expires(
    start: Start, redis_server: socketserver.ThreadingTCPServer
):
    url = f"redis://shop:{PASSWORD}@127.0.0.1:{redis_server.server_address[1]}/2"
    status, report, _ = start(REDIS_URL=url)()
    assert (status, report["redis"]) == (200, {"ok": True, "db": 2, "user": "shop"})
    assert redis_server.keys == {"shop:probe": ["EX", "60"]}  # type: ignore[attr-defined]


def test_a_rotated_password_is_picked_up_from_the_file_without_a_restart(
    start: Start, redis_server: socketserver.ThreadingTCPServer, tmp_path: Path
):
    file = tmp_path / "redis_url"
    port = redis_server.server_address[1]
    file.write_text(f"redis://shop:of-yesterday@127.0.0.1:{port}/0\n")
    ask = start(REDIS_URL_FILE=str(file))
    status, report, everything = ask()
    assert (status, report["redis"]) == (503, {"ok": False, "error": "AuthenticationError"})
    assert "of-yesterday" not in everything
    file.write_text(f"redis://shop:{PASSWORD}@127.0.0.1:{port}/0\n")
    assert ask()[0] == 200


def test_a_secret_file_that_is_missing_is_a_store_that_is_down(start: Start, tmp_path: Path):
    status, report, _ = start(DATABASE_URL_FILE=str(tmp_path / "nothing"))()
    assert (status, report["database"]) == (503, {"ok": False, "error": "FileNotFoundError"})


def test_any_answer_of_an_api_counts_as_reached_and_none_does_not_fail_the_app(start: Start, api: str):
    status, report, _ = start(SALEOR_API_URL=api, WAGTAIL_API_URL="http://127.0.0.1:1/")()
    assert status == 200
    assert report["apis"]["SALEOR_API_URL"] == {"ok": True, "status": 418}
    assert report["apis"]["WAGTAIL_API_URL"] == {"ok": False, "error": "URLError"}


def test_only_what_a_browser_reads_is_shown_as_given(start: Start):
    _, report, everything = start(
        API_URI="http://localhost:4003/graphql/",
        MONGODB_URI=f"mongodb://shop:{PASSWORD}@127.0.0.1/shop",
        OTHER_API_URI=f"http://shop:{PASSWORD}@127.0.0.1/",
    )()
    assert report["browser"] == {"API_URI": "http://localhost:4003/graphql/"}
    assert PASSWORD not in everything


def test_the_health_check_says_by_its_exit_code_whether_anything_serves(start: Start):
    port = free_port()
    start(PORT=str(port))
    assert subprocess.run([sys.executable, PROBE, "--health", str(port)], check=False).returncode == 0
    assert subprocess.run([sys.executable, PROBE, "--health", "1"], check=False).returncode == 1


def test_the_health_check_imports_no_client_of_a_store():
    done = subprocess.run(
        [sys.executable, "-X", "importtime", PROBE, "--health", "1"], check=False, capture_output=True, text=True
    )
    imported = {line.rpartition("|")[2].strip() for line in done.stderr.splitlines()}
    assert "socket" in imported
    assert not imported & {"psycopg", "redis", "urllib.request", "json"}


def test_a_request_that_is_no_http_does_not_end_it(start: Start):
    port = free_port()
    ask = start(PORT=str(port))
    with socket.create_connection(("127.0.0.1", port), 5) as connection:
        connection.sendall(b"\x16\x03\x01 nonsense\r\n\r\n")
        connection.recv(1000)
    status, _, everything = ask()
    assert status == 200
    assert "Traceback" not in everything
