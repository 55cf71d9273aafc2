"""A stub that speaks Vault's HTTP API for reading its key-value store, version 2: no real Vault is here."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

TOKEN = "hvs.stub"


@contextmanager
def serving(secrets: Mapping[str, Mapping[str, Any]], *, status: int = 200) -> Iterator[tuple[str, list[str]]]:
    """The stub's address and the paths that it was asked for; `status` other than 200 answers everything."""
    asked: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            path = self.path.split("?")[0]
            asked.append(path)
            if status != 200:
                self._answer(status, {"errors": ["Vault is sealed"]})
            elif self.headers.get("X-Vault-Token") != TOKEN:
                self._answer(403, {"errors": ["permission denied"]})
            elif (name := path.removeprefix("/v1/secret/data/")) in secrets:
                metadata = {
                    "version": 1,
                    "created_time": "2026-11-21T00:00:00Z",
                    "deletion_time": "",
                    "destroyed": False,
                }
                self._answer(200, {"data": {"data": secrets[name], "metadata": metadata}})
            else:
                self._answer(404, {"errors": []})

        def _answer(self, code: int, body: Any) -> None:
            content = json.dumps(body).encode()
            self.send_response(code)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, format: str, *args: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}", asked
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
