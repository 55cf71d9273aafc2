"""The screen after `make up`: what came up, how to reach it, where the secrets are, what to do next."""

from __future__ import annotations

from typing import Any

from rich.console import Console
from rich.table import Table

from operate import printing
from operate.printing import table

NEXT = (
    ("$EDITOR Pulumi.{stack}.yaml && make preview{of}", "change something and see what it would do"),
    ("./operatew status{option}", "see what runs, and who is connected"),
    ("make down{of}", "take it away again, data stays"),
)


def of_stack(stack: str) -> str:
    """What `make` has to be told to work on a stack."""
    return "" if stack == "dev" else f" STACK={stack}"


def _option(stack: str) -> str:
    return "" if stack == "dev" else f" --stack {stack}"


def show(stack: str, outputs: dict[str, Any], console: Console | None = None) -> None:
    """Print the screen for a stack's outputs."""
    console = console or printing.console()
    console.print()
    console.print(f"[bold]{outputs['prefix']}[/bold] is up (stack {stack}).")
    console.print(_servers(outputs))
    console.print(_databases(outputs))
    console.print(_networks(outputs))
    console.print(_services(outputs))
    if outputs["stand_ins"]:
        console.print(
            f"The probe stands in for {', '.join(outputs['stand_ins'])}: their images come from a registry or are not "
            "named. It serves their ports and reports what it reaches."
        )
    for line in _how(stack, outputs):
        console.print(line, soft_wrap=True)


def _servers(outputs: dict[str, Any]) -> Table:
    made = table("\nServers", "server", "container", "address", "network", "data volume")
    for key, server in outputs["servers"].items():
        address = f"{server['address']}:{server['port']}"
        made.add_row(f"{key} {server['major']}", server["name"], address, server["network"], server["volume"])
    return made


def _databases(outputs: dict[str, Any]) -> Table:
    made = table("\nDatabases", "app", "database", "extensions", "roles")
    for app, its in outputs["databases"].items():
        suffixes = [role.removeprefix(its["database"]) for role in its["roles"]]
        roles = f"{its['database']}{{{','.join(suffixes)}}}"
        made.add_row(app, its["database"], ", ".join(its["extensions"]) or "-", roles)
    return made


def _networks(outputs: dict[str, Any]) -> Table:
    made = table("\nNetworks", "tier", "network", "reach")
    for tier, its in outputs["networks"].items():
        reach = "internal" if its["internal"] else "not internal"
        if its["publish"]:
            through = f" through {its['publish_network']}" if its["publish_network"] else ""
            reach += f", published on {its['publish']}{through}"
        made.add_row(tier, its["name"], reach)
    return made


def _services(outputs: dict[str, Any]) -> Table:
    made = table("\nServices", "app", "container", "tiers", "address")
    for app, its in outputs["services"].items():
        reach = f"{its['url']} ({its['publish']})" if its["url"] else "-"
        made.add_row(app, its["name"], ", ".join(its["tiers"]), reach)
    return made


def _shells(stack: str, outputs: dict[str, Any]) -> list[str]:
    """A shell on a store of each kind, as an app that is in use."""
    option = _option(stack)
    used = {app for app, its in outputs["apps"].items() if not its["retired"]}
    apps = {"psql": outputs["databases"], "redis": outputs["redis_users"]}
    return [
        f"  ./operatew {command} {next(app for app in its if app in used)}{option}"
        for command, its in apps.items()
        if used.intersection(its)
    ]


def _how(stack: str, outputs: dict[str, Any]) -> list[str]:
    ports = [
        its["url"].rstrip("/").rpartition(":")[2]
        for its in outputs["services"].values()
        if its["secrets"] and its["url"]
    ]
    lines = [
        "",
        "[bold]Connect[/bold]",
        *_shells(stack, outputs),
        "",
        "[bold]Secrets[/bold]",
        "  in each container under /run/secrets, from a volume of its own; for you:",
        f"  ./pulumiw stack output secrets --show-secrets --stack {stack}",
        "  state and passphrase: .state/ unless PULUMI_BACKEND_URL and PULUMI_CONFIG_PASSPHRASE say otherwise",
        "",
        "[bold]Next[/bold]",
    ]
    steps = [(f"curl http://127.0.0.1:{port}/", "ask a backend whether it reaches its stores") for port in ports[:1]]
    steps += [(text.format(stack=stack, of=of_stack(stack), option=_option(stack)), what) for text, what in NEXT]
    return lines + [f"  {command:<50} {what}" for command, what in steps]
