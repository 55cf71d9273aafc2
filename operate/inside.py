"""Runs a command inside a container through the Docker API, with input, output, terminal and exit code passed on.

Secrets go in by environment or input: the API keeps neither, while arguments show in every process list. Reads through
the response's own buffer, because output that comes in one packet with the headers is lost on the bare socket.
"""

from __future__ import annotations

import io
import os
import shutil
import signal
import socket
import ssl
import struct
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from functools import partial
from typing import Any, BinaryIO

from docker.errors import APIError
from docker.models.containers import Container

from operate.errors import OperateError

_HEADER = struct.Struct(">BxxxL")  # stream (1 output, 2 errors) and length, before every piece of output
_ERRORS = 2
_PIECE = 65536
_ENDING_SECONDS = 5.0

Read = Callable[[], bytes]
Write = Callable[[bytes], Any]


@dataclass(frozen=True)
class Done:
    """A command that has ended: exit code, and what it said on either stream."""

    code: int
    out: bytes
    err: bytes

    @property
    def reason(self) -> str:
        """The last line of its errors, for a message."""
        lines = self.err.decode(errors="replace").strip().splitlines()
        return lines[-1] if lines else f"exit code {self.code}"


def capture(
    container: Container,
    command: Sequence[str],
    *,
    user: str = "",
    environment: Mapping[str, str] | None = None,
    given: BinaryIO | None = None,
    out: BinaryIO | None = None,
    seconds: float = 60,
) -> Done:
    """Run to the end with `given` as input; output goes to `out` where given. Raises OperateError on silence."""
    kept, errors = io.BytesIO(), io.BytesIO()
    read = (lambda: given.read(_PIECE)) if given else None
    if read and _is_tls(container):
        raise OperateError(f"input can't be ended over TLS ({container.name}): run this on the Docker host itself")
    run = _Exec(container, command, user=user, environment=environment or {}, takes_input=read is not None)
    code = run.carry(read, (out or kept).write, errors.write, seconds)
    return Done(code, kept.getvalue(), errors.getvalue())


def interact(
    container: Container, command: Sequence[str], *, user: str = "", environment: Mapping[str, str] | None = None
) -> int:
    """Run with this process's own streams, as a terminal where both ends are one; the exit code."""
    terminal = sys.stdin.isatty() and sys.stdout.isatty()
    read: Read | None = partial(os.read, sys.stdin.fileno(), _PIECE)
    if _is_tls(container) and not terminal:
        print("note: input isn't passed on over TLS, only a terminal is", file=sys.stderr)
        read = None
    told = {"TERM": os.environ.get("TERM", "dumb")} if terminal else {}
    environment = {**told, **(environment or {})}
    run = _Exec(container, command, user=user, environment=environment, takes_input=read is not None, terminal=terminal)
    out, err = _writer(sys.stdout.fileno()), _writer(sys.stderr.fileno())
    with _raw_terminal(run) if terminal else nullcontext():
        return run.carry(read, out, err, None)


class _Exec:
    """One command in a container."""

    def __init__(
        self,
        container: Container,
        command: Sequence[str],
        *,
        user: str,
        environment: Mapping[str, str],
        takes_input: bool,
        terminal: bool = False,
    ) -> None:
        self._api: Any = _api(container)
        self._terminal = terminal
        settings: dict[str, Any] = {
            "stdin": takes_input,
            "tty": terminal,
            "user": user,
            "environment": dict(environment),
        }
        try:
            self._id = self._api.exec_create(container.id, list(command), **settings)["Id"]
        except APIError as error:
            raise OperateError(f"nothing can be run in {container.name}: {error.explanation}") from None

    def carry(self, read: Read | None, out: Write, err: Write, seconds: float | None) -> int:
        """Start it, pass everything on, and wait for its end. `seconds`: how long it may say nothing."""
        answer = self._api.exec_start(self._id, socket=True, tty=self._terminal)
        stream, way = answer._response.raw._fp.fp, getattr(answer, "_sock", answer)
        way.settimeout(seconds)
        if read:
            threading.Thread(target=_feed, args=(read, way), daemon=True).start()
        try:
            for errors, data in _pieces(stream, self._terminal):
                (err if errors else out)(data)
        except TimeoutError:
            raise OperateError(f"a command in a container has said nothing for {seconds:g} s; it was left") from None
        finally:
            answer._response.close()
        return self._code()

    def resize(self) -> None:
        """Tell the terminal inside how large the one outside is."""
        columns, lines = shutil.get_terminal_size()
        self._api.exec_resize(self._id, height=lines, width=columns)

    def _code(self) -> int:
        deadline = time.monotonic() + _ENDING_SECONDS
        while (found := self._api.exec_inspect(self._id))["ExitCode"] is None and time.monotonic() < deadline:
            time.sleep(0.05)
        return 1 if found["ExitCode"] is None else int(found["ExitCode"])


def _pieces(stream: BinaryIO, terminal: bool) -> Iterator[tuple[bool, bytes]]:
    """What came, and whether it is on the stream for errors; a terminal has one stream and no headers."""
    while terminal:
        data = stream.read1(_PIECE)  # type: ignore[attr-defined]  # a BufferedReader
        if not data:
            return
        yield False, data
    while len(header := stream.read(_HEADER.size)) == _HEADER.size:
        number, length = _HEADER.unpack(header)
        yield number == _ERRORS, stream.read(length)


def _feed(read: Read, way: socket.socket) -> None:
    """Pass input on, and its end too, so that a command that reads to the end of its input goes on."""
    try:
        while data := read():
            way.sendall(data)
        if not isinstance(way, ssl.SSLSocket):  # one end of TLS can't be closed while the other is read
            way.shutdown(socket.SHUT_WR)
    except OSError:
        return  # it ended before its input did


def _writer(descriptor: int) -> Write:
    def write(data: bytes) -> None:
        while data:
            data = data[os.write(descriptor, data) :]

    return write


def _api(container: Container) -> Any:
    """The client's own layer: what is used of it here, its types don't say."""
    return container.client.api if container.client else None


def _is_tls(container: Container) -> bool:
    return str(_api(container).base_url).startswith("https://")


@contextmanager
def _raw_terminal(run: _Exec) -> Iterator[None]:
    """Keys go inside one by one, also Ctrl-C; the window's size follows."""
    import termios
    import tty

    descriptor = sys.stdin.fileno()
    before = termios.tcgetattr(descriptor)
    old = signal.signal(signal.SIGWINCH, lambda *_: run.resize())
    tty.setraw(descriptor)
    threading.Timer(0.2, run.resize).start()  # the size can be told only once it runs
    try:
        yield
    finally:
        termios.tcsetattr(descriptor, termios.TCSADRAIN, before)
        signal.signal(signal.SIGWINCH, old)
