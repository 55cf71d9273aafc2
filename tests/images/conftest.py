"""A Docker daemon and commands that aren't real: for tests that need no Docker, no root and no Debian."""

from __future__ import annotations

import json
import os
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

Answer = tuple[int, dict[str, Any]]


class FakeDaemon:
    """Speaks as much of the Docker API as the decision needs; `answers` has status and content by end of path."""

    def __init__(self) -> None:
        self.answers: dict[str, Answer] = {}
        self.asked: list[str] = []
        self.release = threading.Event()
        daemon = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                self.rfile.read(int(self.headers.get("Content-Length", 0)))
                self.do_GET()

            def do_GET(self) -> None:
                daemon.asked.append(self.path)
                status, content = daemon.answer(self.path.partition("?")[0])
                body = json.dumps(content).encode()
                self.send_response(status)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, format: str, *args: object) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"tcp://127.0.0.1:{self.server.server_port}"

    def answer(self, path: str) -> Answer:
        if path.endswith("/version"):
            return 200, {"ApiVersion": "1.41"}
        for end, answer in self.answers.items():
            if path.endswith(end):
                if answer[0] == 0:  # never answers while the test goes on
                    self.release.wait(30)
                    return 500, {}
                return answer
        return 404, {"message": "no such image"}


@pytest.fixture
def fake_daemon(monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeDaemon]:
    """A daemon that has no images and whose registry can't be found, until the test says otherwise."""
    daemon = FakeDaemon()
    thread = threading.Thread(target=daemon.server.serve_forever, daemon=True)
    thread.start()
    monkeypatch.setenv("DOCKER_HOST", daemon.url)
    monkeypatch.delenv("DOCKER_TLS_VERIFY", raising=False)
    yield daemon
    daemon.release.set()
    daemon.server.shutdown()
    daemon.server.server_close()


@pytest.fixture
def command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str, str], Path]:
    """Puts a shell script before the real command of that name; gives the folder where it can leave things."""
    folder = tmp_path / "bin"
    folder.mkdir()
    monkeypatch.setenv("PATH", f"{folder}:{os.environ['PATH']}")

    def put(name: str, script: str) -> Path:
        (folder / name).write_text(f"#!/bin/sh\n{script}\n")
        (folder / name).chmod(0o755)
        return folder

    return put
