"""The commands that look after what runs: status, start, stop, restart, logs, reach, doctor, explain, watchdog.

Owns their arguments, exit codes and which of table or JSON is printed; what they do is in modules of their names.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from functools import partial
from typing import Annotated, Any, Final

import typer
from rich.console import RenderableType

from operate import printing
from operate.options import Json, Stack

_STOP_SECONDS: Final = 90  # longer than the longest time that a server gets to stop

What = Annotated[str, typer.Argument(metavar="APP|all", help="The app, as in the stack file, or all of the stack.")]


def register(app: typer.Typer) -> None:
    """Add the commands."""
    for command in (status, start, stop, restart, logs, reach, doctor, explain, watchdog):
        app.command()(command)


def status(stack: Stack = "dev", json: Json = False) -> None:
    """Say what runs, what should, and who is connected; fails where something should run and doesn't."""
    from operate import daemon, status
    from operate import stack as stacks

    report = status.gather(stacks.read(stack), daemon.connect())
    _show(report.as_json(), partial(status.render, report), json=json, well=not report.problems)


def start(what: What, stack: Stack = "dev", json: Json = False) -> None:
    """Start an app's containers, or all, servers first, and wait until they are healthy."""
    _containers("start", what, stack, json=json)


def stop(what: What, stack: Stack = "dev", json: Json = False) -> None:
    """Stop an app's containers, or all, servers last; they stay stopped until `start` or `make up`."""
    _containers("stop", what, stack, json=json)


def restart(what: What, stack: Stack = "dev", json: Json = False) -> None:
    """Stop an app's containers, or all, and start them again."""
    _containers("restart", what, stack, json=json)


def logs(
    what: Annotated[str | None, typer.Argument(metavar="[APP|SERVER]", help="Everything where left out.")] = None,
    stack: Stack = "dev",
    json: Annotated[bool, typer.Option("--json", help="A JSON object for each line.")] = False,
    follow: Annotated[bool, typer.Option("--follow", "-f", help="Go on with what comes.")] = False,
    tail: Annotated[int | None, typer.Option("--tail", "-n", min=0, help="The last lines of each container.")] = None,
    since: Annotated[str | None, typer.Option("--since", help="30s, 10m, 2h, 1d ago, or a time.")] = None,
) -> None:
    """Print what an app's containers, a server or everything has logged."""
    from operate import daemon
    from operate import logs as its
    from operate import stack as stacks

    begin = its.when(since, datetime.now().astimezone()) if since else None
    wanted = its.Wanted(tail=tail, since=begin, follow=follow)
    names = its.names(stacks.read(stack), what)
    its.show(daemon.connect(), names, wanted, as_json=json)


def reach(stack: Stack = "dev", json: Json = False) -> None:
    """Try every way to every data port and published port; fails where one is other than the design says."""
    from operate import daemon, prometheus, reach
    from operate import stack as stacks

    its, client = stacks.read(stack), daemon.connect()
    pairs = reach.look(its, client)
    if its.monitoring:
        prometheus.Prometheus.of(its, client).tell("reach", reach.as_metrics(pairs, datetime.now().astimezone()))
    found = reach.as_json(pairs)
    _show(found, partial(reach.render, pairs), json=json, well=not found["surprises"])


def doctor(stack: Stack = "dev", json: Json = False) -> None:
    """Look at Docker, this machine, the stack file and the state, and say what to do; fails on a `fail`."""
    from operate import doctor

    findings = doctor.examine(stack)
    well = all(finding.level != "fail" for finding in findings)
    document = {"stack": stack, "ok": well, "findings": [finding.as_json() for finding in findings]}
    _show(document, partial(doctor.render, findings), json=json, well=well)


def explain(
    server: Annotated[str | None, typer.Argument(metavar="[SERVER]", help="All servers where left out.")] = None,
    stack: Stack = "dev",
    json: Json = False,
) -> None:
    """Print each size of the servers with its rule and source, and what the running server has."""
    from operate import explain

    told = explain.gather(explain.settings_of(stack), server, explain.client_if_there())
    document = {"stack": stack, "servers": [one.as_json() for one in told]}
    _show(document, partial(explain.render, told), json=json, well=True)


def watchdog(
    stack: Stack = "dev",
    json: Json = False,
    since: Annotated[str | None, typer.Option("--since", help="30s, 10m, 2h, 1d ago, or a time.")] = None,
) -> None:
    """Say which logins broke the limits of their apps, and what the watchdogs did about it."""
    from operate import daemon, logs, watchdog
    from operate import stack as stacks

    begin = logs.when(since, datetime.now().astimezone()) if since else None
    watches = watchdog.look(stacks.read(stack), daemon.connect(), begin)
    well = all(watch.running for watch in watches)
    _show(watchdog.as_json(stack, watches), partial(watchdog.render, watches), json=json, well=well)


def _containers(verb: str, what: str, stack: str, *, json: bool) -> None:
    from operate import containers, daemon
    from operate import stack as stacks

    do = {"start": containers.start, "stop": containers.stop, "restart": containers.restart}[verb]
    steps = do(stacks.read(stack), what, daemon.connect(_STOP_SECONDS), partial(printing.progress, json=json))
    if json:
        printing.document({"stack": stack, "containers": [step.as_json() for step in steps]})


def _show(document: dict[str, Any], render: Callable[[], RenderableType], *, json: bool, well: bool) -> None:
    if json:
        printing.document(document)
    else:
        printing.console().print(render())
    if not well:
        raise typer.Exit(1)
