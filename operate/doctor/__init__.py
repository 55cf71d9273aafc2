"""`operate doctor`: everything that a stack needs of its machine, looked at without changing anything.

Works without a stack and without Docker: each check says what it couldn't look at. The checks are in modules by what
they ask; this one runs them and prints.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

import docker
from rich.table import Table

from operate import daemon, printing
from operate.doctor import alerts, engine, limits, machine, poolers, servers, state, taken
from operate.doctor import docker_host as host
from operate.doctor.finding import Finding, fail, warn
from operate.doctor.stack_file import StackFile
from operate.errors import OperateError

__all__ = ["Finding", "examine", "render"]

_COLOURS = {"ok": "green", "warn": "yellow", "fail": "red"}


def examine(stack: str) -> list[Finding]:
    """All the findings for a stack, whether it is there or not."""
    file = StackFile.read(stack)
    client, unreachable = _connect()
    checks: list[Callable[[], Sequence[Finding]]] = [
        machine.python,
        machine.packages,
        engine.pulumi,
        lambda: _docker(client, unreachable, file),
        lambda: [file.finding],
        lambda: taken.ports(file, client),
        lambda: taken.subnets(file, client),
        lambda: poolers.findings(client, file),
        lambda: alerts.findings(client, file),
        lambda: state.findings(stack),
        lambda: limits.findings(file, client),
        lambda: servers.findings(stack, file, client),
    ]
    return list(_guarded(checks))


def render(findings: Sequence[Finding]) -> Table:
    """The table for people."""
    table = printing.table("", "", "check", "found", "what to do")
    for one in findings:
        mark = f"[{_COLOURS[one.level]}]{one.level}[/{_COLOURS[one.level]}]"
        table.add_row(mark, one.check, one.found.replace("[", "\\["), one.todo.replace("[", "\\["))
    return table


def _connect() -> tuple[docker.DockerClient | None, str]:
    try:
        return daemon.connect(seconds=5), ""
    except OperateError as error:
        return None, str(error)


def _docker(client: docker.DockerClient | None, unreachable: str, file: StackFile) -> list[Finding]:
    context = host.context()
    if client is None:
        return [fail("docker", unreachable.partition(":")[0], host.REMEDY), *context]
    return [*context, *host.findings(client), *host.images(client, file), *machine.disk(host.root(client))]


def _guarded(checks: Sequence[Callable[[], Sequence[Finding]]]) -> Iterator[Finding]:
    """A check that breaks is a finding too: the others are still worth having."""
    for check in checks:
        try:
            yield from check()
        except Exception as error:
            name = getattr(check, "__name__", "check").strip("<>")
            yield warn(name, f"couldn't be looked at ({type(error).__name__})", "report this; the other checks stand")
