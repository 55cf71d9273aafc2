"""What the monitoring needs beside its containers: Prometheus' files, and an exporter that serves as its next login.

Run as `python -m operate.monitoring configure|turned`, with everything in the environment. For configure:
MONITORING_CONTAINER, MONITORING_FILES (JSON, texts by name, the configuration last). For turned: EXPORTER_CONTAINER,
EXPORTER_LOGIN.
"""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Callable, Mapping
from typing import Final

from docker.errors import DockerException
from docker.models.containers import Container

from operate import archive, daemon, inside, step
from operate.archive import File
from operate.errors import OperateError
from operate.step import Environment

FOLDER: Final = "/etc/monitoring"
_UID: Final = 997
_SECONDS: Final = 60.0
_PAUSE: Final = 0.5
_CHECK: Final = ["promtool", "check", "config", f"{FOLDER}/new/prometheus.yml"]
_PLACE: Final = f"""
set -e
cd {FOLDER}
for file in new/*; do [ "$file" = new/prometheus.yml ] || mv "$file" .; done
mv new/prometheus.yml .
rmdir new"""
_LOADED: Final = """
import sys, urllib.request
text = urllib.request.urlopen("http://127.0.0.1:9090/metrics", timeout=5).read().decode()
values = dict(line.rsplit(" ", 1) for line in text.splitlines() if line.startswith("prometheus_config_last_reload"))
good = float(values["prometheus_config_last_reload_successful"]) == 1
print(float(values["prometheus_config_last_reload_success_timestamp_seconds"]) if good else 0)"""


def put(container: Container, folder: str, files: Mapping[str, str]) -> None:
    """Copy texts into a folder of the container, which is made. Raises OperateError."""
    found = {f"{folder}/{name}": File(data=text.encode(), mode=0o644, owner=_UID) for name, text in files.items()}
    try:
        container.put_archive(FOLDER, archive.pack({folder: File(data=None, mode=0o755, owner=_UID), **found}))
    except DockerException as error:
        raise OperateError(f"{container.name}: files can't be put there ({type(error).__name__})") from None


def configure(name: str, files: Mapping[str, str]) -> None:
    """Give Prometheus its files and wait until it has read them; refused ones change nothing. Raises OperateError."""
    container = daemon.running(daemon.connect(), name)
    put(container, "new", {file: text.replace(f"{FOLDER}/", f"{FOLDER}/new/") for file, text in files.items()})
    done = inside.capture(container, _CHECK, seconds=_SECONDS)
    if done.code:
        raise OperateError(f"{name}: Prometheus refuses its configuration: {done.reason}")
    put(container, "new", files)
    before = _loaded(container)
    done = inside.capture(container, ["sh", "-c", _PLACE], seconds=_SECONDS)
    if done.code:
        raise OperateError(f"{name}: its files can't be put in place: {done.reason}")
    _wait(lambda: _loaded(container) > before, f"{name} hasn't read its configuration; its log says why")


def _loaded(container: Container) -> float:
    """When Prometheus has last read its configuration, 0 where it hasn't or refuses it."""
    done = inside.capture(container, ["python3", "-c", _LOADED], seconds=_SECONDS)
    return float(done.out) if done.code == 0 else 0.0


def turned(name: str, login: str) -> None:
    """Wait until the exporter called `name` serves as `login`. Raises OperateError."""
    container = daemon.running(daemon.connect(), name)

    def serves() -> bool:
        done = inside.capture(container, ["cat", "/dev/shm/serving"], seconds=_SECONDS)  # noqa: S108 - the container's
        return done.out.decode().strip() == login

    _wait(serves, f"{name} doesn't serve as {login}; its log says why")


def _wait(until: Callable[[], bool], why: str) -> None:
    deadline = time.monotonic() + _SECONDS
    while not until():
        if time.monotonic() > deadline:
            raise OperateError(why)
        time.sleep(_PAUSE)


def _configure(environment: Environment) -> None:
    files: dict[str, str] = json.loads(environment["MONITORING_FILES"])
    configure(environment["MONITORING_CONTAINER"], files)


def _turned(environment: Environment) -> None:
    turned(environment["EXPORTER_CONTAINER"], environment["EXPORTER_LOGIN"])


STEPS: Final = {"configure": _configure, "turned": _turned}


if __name__ == "__main__":
    sys.exit(step.main("monitoring", STEPS, sys.argv[1:], os.environ))
