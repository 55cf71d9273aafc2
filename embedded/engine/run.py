"""One run from start to end: policy packs and program as processes, the monitor between them, the order of it all.

Everything slow starts first: the children import their SDKs while the engine imports its own.
"""

from __future__ import annotations

import socket
from collections.abc import Callable, Mapping
from concurrent.futures import Future
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from embedded.engine import processes
from embedded.engine.cancellation import cancelling

if TYPE_CHECKING:
    from embedded.engine.deployment import Deployment
    from embedded.engine.policies import PolicyPack
    from embedded.engine.policy_config import LocalPack


@dataclass(frozen=True, kw_only=True)
class Job:
    """What is to be run: a program with its configuration, and the packs that judge it."""

    project: str
    stack: str
    root: Path
    program: Path
    python: Path
    preview: bool
    parallel: int
    config: Mapping[str, str]
    secret_keys: list[str]
    packs: list[LocalPack] = field(default_factory=list)


def run(job: Job, make: Callable[[list[PolicyPack]], Deployment], say: Callable[[str], None]) -> Deployment:
    """Run the job to its end. `make` builds the deployment once the packs are there; `say` gets the program's lines.

    Raises EngineError for a pack that can't start; how the run itself ended is in the deployment.
    """
    env = processes.environment(
        project=job.project,
        stack=job.stack,
        preview=job.preview,
        parallel=job.parallel,
        root=job.root,
        config=job.config,
        secret=job.secret_keys,
    )
    started: list[processes.Process] = []
    with _reserved_port() as port:
        address = f"127.0.0.1:{port}"
        try:
            program = processes.start_program(job.python, job.program, env, say)
            started.append(program)
            packs = [processes.Pack(pack.directory, address, env) for pack in job.packs]
            started.extend(pack.process for pack in packs)
            return _serve(job, program, packs, make, port)
        finally:
            for process in started:
                process.stop()


def _serve(
    job: Job,
    program: processes.Process,
    packs: list[processes.Pack],
    make: Callable[[list[PolicyPack]], Deployment],
    port: int,
) -> Deployment:
    """Serve at once, so that the program gets on with its imports; its registrations wait for the deployment."""
    from embedded.engine import monitor
    from embedded.engine.policies import PolicyPack

    promise: Future[Deployment] = Future()
    server = monitor.serve(job, promise, port)
    try:
        program.tell(f"127.0.0.1:{port}")
        ready = [PolicyPack(pack, local) for pack, local in zip(packs, job.packs, strict=True)]
        deployment = make(ready)
        for pack in ready:
            pack.ready(job)
        promise.set_result(deployment)
        with cancelling(deployment.cancel):
            try:
                _wait(program, deployment)
            finally:
                server.stop(grace=0)
                deployment.settle()
    finally:
        promise.cancel()
        server.stop(grace=0)
    return deployment


def _wait(program: processes.Process, deployment: Deployment) -> None:
    """Until the program has ended; one that hangs after the run has failed is ended."""
    while (code := program.wait(0.05 if deployment.failed else 0.5)) is None:
        if deployment.failed and program.wait(processes.GRACE) is None:
            program.stop()
            return
    if not deployment.failed and (code or not deployment.completed):
        what = f"with exit code {code}" if code else "before it had declared everything"
        deployment.fail(f"the program ended {what}", deployment.stack_urn)
    if not deployment.failed:
        deployment.finish()


class _reserved_port:  # noqa: N801  used as a function
    """A free loopback port that stays ours until the server has it: children can be told before it listens."""

    def __enter__(self) -> int:
        self._socket = socket.socket()
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        self._socket.bind(("127.0.0.1", 0))
        return int(self._socket.getsockname()[1])

    def __exit__(self, *exc: object) -> None:
        self._socket.close()
