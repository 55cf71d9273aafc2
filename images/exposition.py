"""Samples as Prometheus reads them: its text format, and who answers when it asks.

What is told belongs to who tells it. Runs in containers of several images, with Python's own library alone.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

Sample = tuple[str, Mapping[str, str], float]


def exposition(samples: Iterable[Sample], help: Mapping[str, str]) -> str:
    """Samples in Prometheus' text format; `help` explains names, others explain their own."""
    by_name: dict[str, list[str]] = {}
    for name, labels, value in samples:
        inside = ",".join(f'{key}="{escaped(text)}"' for key, text in labels.items())
        by_name.setdefault(name, []).append(f"{name}{{{inside}}} {value!r}" if inside else f"{name} {value!r}")
    lines: list[str] = []
    for name, its in by_name.items():
        lines += [f"# HELP {name} {help[name]}"] if name in help else []
        lines += [f"# TYPE {name} {'counter' if name.endswith('_total') else 'gauge'}", *its]
    return "".join(f"{line}\n" for line in lines)


def escaped(text: str) -> str:
    """A label's value."""
    return text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")


def answering(address: str, port: int, text: Callable[[], str]) -> ThreadingHTTPServer:
    """A server, yet to be started, that answers /metrics with `text`, and with 503 where that raises OSError."""

    class Answer(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            if self.path != "/metrics":
                self.send_error(404)
                return
            try:
                body = text().encode()
            except OSError:
                self.send_error(503)
                return
            self.send_response(200)
            self.send_header("Content-Type", "text/plain; version=0.0.4; charset=utf-8")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            with suppress(ConnectionError):  # who asked has given up
                self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:
            """A line for each scrape would say nothing."""

    return ThreadingHTTPServer((address, port), Answer)
