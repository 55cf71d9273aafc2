"""Runs a Pulumi program in a process of its own: `python -m embedded.engine.launch PROGRAM`, address on stdin.

Does what the CLI's language host does, with the SDK's own entry points. Importing the SDK starts before the engine's
address is known, so that the two start side by side; config comes by PULUMI_CONFIG as from the CLI.
"""

from __future__ import annotations

import asyncio
import gc
import logging
import os
import runpy
import sys
import traceback
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import grpc
import pulumi
from pulumi import runtime
from pulumi.runtime import stack
from pulumi.runtime.proto import engine_pb2, engine_pb2_grpc

from embedded.engine import guard

SHOWN = 32  # the program has already said what is wrong


def main() -> int:
    """Run the program named on the command line; 0, or the exit code that the language host would give."""
    gc.disable()  # a program keeps what it makes: looking for garbage is a tenth of its time, for 3 % of memory
    program = sys.argv[1]
    address = _address()
    if not address:
        return 1
    guard.watch()
    runtime.set_all_config(runtime.get_config_env(), runtime.get_config_secret_keys_env())
    parallel = int(os.environ["PULUMI_PARALLEL"])
    runtime.configure(
        runtime.Settings(
            project=os.environ["PULUMI_PROJECT"],
            stack=os.environ["PULUMI_STACK"],
            monitor=address,
            engine=_Engine(address),
            parallel=parallel,
            dry_run=os.environ["PULUMI_DRY_RUN"] == "true",
            organization=os.environ["PULUMI_ORGANIZATION"],
            root_directory=os.environ["PULUMI_ROOT_DIRECTORY"],
        )
    )
    logging.getLogger("asyncio").setLevel(logging.CRITICAL)  # futures left over by a failed program are not news
    sys.argv = [program]
    vars(stack)["asyncio"] = _Waiting()
    loop = asyncio.new_event_loop()
    asyncio.set_event_loop(loop)
    loop.set_default_executor(ThreadPoolExecutor(parallel * 4))
    try:
        loop.run_until_complete(runtime.run_in_stack(lambda: _run(program)))
    except pulumi.RunError as error:
        pulumi.log.error(str(error))
        return 1
    except Exception:
        pulumi.log.error("Program failed with an unhandled exception:\n" + _own_part(traceback.format_exc()))
        return SHOWN
    return 0


def _address() -> str:
    """One line of standard input, read byte by byte: what comes after it is the guard's."""
    line = b""
    while not line.endswith(b"\n"):
        byte = os.read(0, 1)
        if not byte:
            return ""
        line += byte
    return line.decode().strip()


class _Engine:
    """The engine's stub without debug lines: the SDK writes several for each resource and nobody reads them."""

    def __init__(self, address: str) -> None:
        self._stub = engine_pb2_grpc.EngineStub(grpc.insecure_channel(address))

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stub, name)

    def Log(self, request: Any) -> None:  # noqa: N802  the protocol's name
        if request.severity != engine_pb2.DEBUG:
            self._stub.Log(request)


class _Waiting:
    """asyncio for the SDK's wait for all outputs, which asks again after each one: for thousands that is quadratic.

    Asking again only when all are there, or one has failed, means the same: it looks for new ones each time. Measured
    with 1,000 resources: 3 s of the program's 4 s.
    """

    def __getattr__(self, name: str) -> Any:
        return getattr(asyncio, name)

    @staticmethod
    async def wait(futures: Any, *, return_when: str) -> Any:  # noqa: ARG004  the signature of asyncio.wait
        return await asyncio.wait(futures, return_when=asyncio.FIRST_EXCEPTION)


def _run(program: str) -> None:
    runpy.run_path(program, run_name="__main__")


def _own_part(text: str) -> str:
    """The traceback without the frames of this launcher and runpy."""
    head, _, tail = text.rpartition("<frozen runpy>")
    return text if not head else "Traceback (most recent call last):\n" + tail.split("\n", 1)[-1]


if __name__ == "__main__":
    code = main()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)  # threads that wait for a stopped monitor must not hold the process
