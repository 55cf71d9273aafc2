"""Runs one shell command in the program's folder: what it printed, or why it failed.

Owns its process group, the time it may take, and that no value it was given shows in a message.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import threading
from collections.abc import Iterable, Mapping
from typing import IO, Final

from embedded.providers.base import ProviderError
from embedded.values import Properties, has_unknown

_SHELL: Final = ["/bin/sh", "-c"]
_MASKED_LENGTH: Final = 8  # shorter values are too common in ordinary text to hide
_LAST_WORDS: Final = 5  # seconds that output may still take to arrive after a command was ended


def run(command: str | None, inputs: Properties, previous: Properties, timeout: float | None) -> Properties:
    """`stdout` and `stderr` without their last newline; both empty where there is no command.

    `inputs` are the resource's, `previous` the outputs of the last run; `timeout` is in seconds. Raises ProviderError
    with status and output, in which values of environment and stdin are masked.
    """
    if command is None:
        return {"stdout": "", "stderr": ""}
    if has_unknown(command) or has_unknown(inputs):
        raise ProviderError("the command has inputs that are not known yet")
    own = {name: str(value) for name, value in inputs.get("environment", {}).items()}
    hidden = [*own.values(), *str(inputs.get("stdin") or "").splitlines()]
    process = _start(command, inputs, {**os.environ, **_previous(inputs, previous), **own})
    output = _Output(process, str(inputs.get("stdin") or ""))
    try:
        process.wait(timeout)
    except subprocess.TimeoutExpired:
        end(process)
        raise ProviderError(_masked(f"no end after {timeout:g} s: running {json.dumps(command)}", hidden)) from None
    except BaseException:
        end(process)
        raise
    output.wait()
    if process.returncode:
        said = output.both().rstrip("\n")
        text = f"{_status(process.returncode)}: running {json.dumps(command, ensure_ascii=False)}:\n{said}"
        raise ProviderError(_masked(text, hidden))
    return {"stdout": output.text("stdout").removesuffix("\n"), "stderr": output.text("stderr").removesuffix("\n")}


def end(process: subprocess.Popen[bytes]) -> None:
    """End a command and what it has started."""
    with contextlib.suppress(ProcessLookupError):  # it has just ended by itself
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


class _Output:
    """What a command prints on its two channels, also in the order in which it came."""

    def __init__(self, process: subprocess.Popen[bytes], stdin: str) -> None:
        self._parts: list[tuple[str, bytes]] = []
        pipes = (("stdout", process.stdout), ("stderr", process.stderr))
        self._threads = [threading.Thread(target=self._read, args=pipe, daemon=True) for pipe in pipes]
        if process.stdin is not None:
            self._threads.append(threading.Thread(target=_feed, args=(process.stdin, stdin), daemon=True))
        for thread in self._threads:
            thread.start()

    def _read(self, name: str, pipe: IO[bytes]) -> None:
        with pipe:
            while part := os.read(pipe.fileno(), 65536):
                self._parts.append((name, part))

    def wait(self) -> None:
        """Until both channels are closed; what a command left in the background may hold them open for a while."""
        for thread in self._threads:
            thread.join(_LAST_WORDS)

    def text(self, name: str) -> str:
        """One channel."""
        return b"".join(part for channel, part in self._parts if channel == name).decode(errors="replace")

    def both(self) -> str:
        """Both channels as they came."""
        return b"".join(part for _, part in self._parts).decode(errors="replace")


def _feed(pipe: IO[bytes], text: str) -> None:
    with contextlib.suppress(BrokenPipeError), pipe:  # a command need not read its input
        pipe.write(text.encode())


def _previous(inputs: Properties, outputs: Properties) -> Mapping[str, str]:
    if not outputs or not inputs.get("addPreviousOutputInEnv", True):
        return {}
    return {f"PULUMI_COMMAND_{name.upper()}": str(outputs.get(name) or "") for name in ("stdout", "stderr")}


def _start(command: str, inputs: Properties, env: Mapping[str, str]) -> subprocess.Popen[bytes]:
    interpreter = [str(word) for word in inputs.get("interpreter") or _SHELL]
    try:
        return subprocess.Popen(  # noqa: S603  what the program declares is what is run
            [*interpreter, command],
            cwd=inputs.get("dir"),
            env=env,
            stdin=subprocess.PIPE if "stdin" in inputs else subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            start_new_session=True,  # so that a timeout ends what the command has started too
        )
    except OSError as error:
        raise ProviderError(
            f"{interpreter[0]} can't be started in {inputs.get('dir', '.')}: {error.strerror}"
        ) from None


def _status(code: int) -> str:
    return f"signal {-code}" if code < 0 else f"exit status {code}"


def _masked(text: str, hidden: Iterable[str]) -> str:
    for value in sorted(hidden, key=len, reverse=True):
        if len(value) >= _MASKED_LENGTH:
            text = text.replace(value, "[masked]").replace(json.dumps(value)[1:-1], "[masked]")
    return text
