"""A socket in front of the Docker daemon that carries everything, and loses the answer to one request."""

from __future__ import annotations

import shutil
import socket
import tempfile
import threading
from contextlib import suppress
from pathlib import Path

DAEMON = "/var/run/docker.sock"


class LossySocket:
    """Loses the first answer to a request whose head has `lost`: it got through, and nobody will ever hear of it."""

    def __init__(self, lost: str) -> None:
        self._lost: bytes | None = lost.encode()
        self._folder = tempfile.mkdtemp(prefix="flt-")
        self.host = f"unix://{self._folder}/s"
        self._server = socket.socket(socket.AF_UNIX)
        self._server.bind(f"{self._folder}/s")
        self._server.listen()
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self) -> None:
        """Take no more connections."""
        self._server.close()
        shutil.rmtree(Path(self._folder))

    def _accept(self) -> None:
        with suppress(OSError):  # closed
            while True:
                client, _ = self._server.accept()
                daemon = socket.socket(socket.AF_UNIX)
                daemon.connect(DAEMON)
                deaf = threading.Event()
                threading.Thread(target=self._requests, args=(client, daemon, deaf), daemon=True).start()
                threading.Thread(target=_answers, args=(daemon, client, deaf), daemon=True).start()

    def _requests(self, client: socket.socket, daemon: socket.socket, deaf: threading.Event) -> None:
        with suppress(OSError):
            while part := client.recv(65536):
                if self._lost and self._lost in part.split(b"\r\n", 1)[0]:
                    self._lost = None
                    deaf.set()
                daemon.sendall(part)
            daemon.shutdown(socket.SHUT_WR)


def _answers(daemon: socket.socket, client: socket.socket, deaf: threading.Event) -> None:
    with suppress(OSError), daemon, client:
        while part := daemon.recv(65536):
            if deaf.is_set():
                client.shutdown(socket.SHUT_RDWR)  # the daemon has done its work: this is its answer
                return
            client.sendall(part)
