"""A Docker daemon of the tests' own, which they may kill: nothing of it is shared with the machine's daemon."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import tempfile
import time
from contextlib import suppress
from pathlib import Path

from docker import APIClient
from docker.errors import DockerException

START_SECONDS = 30


class Daemon:
    """A daemon in a folder of its own, without a bridge and without any firewall rule."""

    def __init__(self) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="flt-"))  # short: the path of a socket has 107 characters at most
        self.host = f"unix://{self.folder}/s"
        self._log = (self.folder / "log").open("wb")
        self.start()

    def start(self) -> None:
        """Start it, and wait until it answers."""
        folders = {"--data-root": "data", "--exec-root": "exec", "--pidfile": "pid"}
        own = [part for flag, name in folders.items() for part in (flag, str(self.folder / name))]
        quiet = ("--bridge=none", "--iptables=false", "--ip-forward=false", "--ip-masq=false")
        # in a network namespace of its own: a daemon without a bridge removes docker0, whoever uses it
        command = ["unshare", "--net", "dockerd", "--host", self.host, *own, *quiet]
        self._process = subprocess.Popen(command, stdout=self._log, stderr=self._log, start_new_session=True)
        end = time.monotonic() + START_SECONDS
        while not self._answers():
            assert time.monotonic() < end, (self.folder / "log").read_text()[-2000:]
            time.sleep(0.1)

    def kill(self) -> None:
        """End it as a crash does. What it has made stays."""
        self._process.kill()
        self._process.wait()
        self._forget(self.folder / "pid")
        self._forget(self.folder / "exec/containerd/containerd.pid")

    def pause(self) -> None:
        """It takes connections and answers none, until it is ended."""
        self._process.send_signal(signal.SIGSTOP)

    def proceed(self) -> None:
        """The end of a pause."""
        self._process.send_signal(signal.SIGCONT)

    def client(self) -> APIClient:
        """A client of this daemon."""
        return APIClient(base_url=self.host)

    def close(self) -> None:
        """End it and remove all that it has made."""
        client = self.client()
        for container in client.containers(all=True):
            client.remove_container(container["Id"], force=True, v=True)
        client.close()
        self._process.terminate()
        self._process.wait(START_SECONDS)
        self._log.close()
        mounted = [line.split()[1] for line in Path("/proc/mounts").read_text().splitlines()]
        for path in sorted((path for path in mounted if path.startswith(f"{self.folder}/")), reverse=True):
            subprocess.run(["umount", "-l", path], check=False)
        shutil.rmtree(self.folder)

    def _forget(self, pid: Path) -> None:
        """Take a pid file away, and what it names: its own containerd ends with it, and may stay unreaped for ever."""
        with suppress(ProcessLookupError, FileNotFoundError):
            number = pid.read_text()
            pid.unlink()
            if str(self.folder) in Path(f"/proc/{number}/cmdline").read_text():
                os.kill(int(number), signal.SIGKILL)

    def _answers(self) -> bool:
        try:
            client = self.client()
            client.ping()
            client.close()
        except DockerException:
            return False
        return True
