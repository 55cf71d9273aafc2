"""The connection to the daemon: made on first use, its errors turned into one clear message."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

import requests
from docker import APIClient
from docker.errors import APIError, DockerException, ImageNotFound, NotFound
from docker.utils import kwargs_from_env

from embedded.providers.base import ProviderError, UncertainError

_ADVICE: Final = {
    "port is already allocated": "free the port or choose another",
    "address already in use": "free the port or choose another",
    "Pool overlaps": "choose a subnet that no other network has (docker network inspect)",
    "volume is in use": "remove the containers that use it first",
    "executable file not found": "check command and entrypoints against the image",
    "no space left on device": "free disk space (docker system df)",
}


class Connection:
    """One daemon. `host` overrides DOCKER_HOST; nothing is opened before `client` is called."""

    def __init__(self, host: str | None = None) -> None:
        self._host = host
        self._client: APIClient | None = None
        self._lock = threading.Lock()

    @property
    def address(self) -> str:
        """Where the daemon is expected, for messages."""
        return self._host or os.environ.get("DOCKER_HOST") or "unix:///var/run/docker.sock"

    def client(self) -> APIClient:
        """The client of the daemon; ProviderError when none answers."""
        with self._lock:
            if self._client is None:
                self._client = self._connect()
            return self._client

    def _connect(self) -> APIClient:
        settings: dict[str, Any] = dict(kwargs_from_env())
        if self._host:
            settings["base_url"] = self._host
        try:
            return APIClient(version="auto", **settings)
        except (DockerException, requests.RequestException, OSError, ValueError) as error:
            root = _root(error)
            if root.startswith("PermissionError"):
                raise ProviderError(
                    f"the Docker daemon at {self.address} may not be used by this user; run as root or as a member "
                    f"of the group docker"
                ) from error
            raise ProviderError(
                f"no Docker daemon answers at {self.address}; start it (systemctl start docker, or dockerd), "
                f"or set DOCKER_HOST or docker:host to where it listens ({root})"
            ) from error


def _root(error: BaseException) -> str:
    """The innermost reason in one line: `FileNotFoundError: No such file or directory`."""
    while error.__cause__ or error.__context__:
        error = error.__cause__ or error.__context__ or error
    return f"{type(error).__name__}: {getattr(error, 'strerror', None) or error}".splitlines()[0]


@contextmanager
def explained(what: str) -> Iterator[None]:
    """Turns the SDK's errors into ProviderError; `what` says what was being done, without values.

    A request whose answer never came may have got through: UncertainError.
    """
    try:
        yield
    except APIError as error:
        said = reason(error)
        advice = "".join(f"; {what_to_do}" for sign, what_to_do in _ADVICE.items() if sign in said)
        raise ProviderError(f"{what}: {said}{advice}") from error
    except (DockerException, requests.RequestException) as error:
        raise UncertainError(f"{what}: the Docker daemon stopped answering ({_root(error)}); try again") from error


def reason(error: APIError) -> str:
    """What the daemon said."""
    return str(error.explanation or error).strip()


__all__ = ["APIError", "Connection", "ImageNotFound", "NotFound", "explained", "reason"]
