"""The screen after `make up`: what came up, how to reach it, where the secrets are, what to do next."""

from __future__ import annotations

import sys
from typing import Any

from rich.console import Console
from rich.table import Table

NEXT = (
    ("curl http://127.0.0.1:{port}/", "ask a backend whether it reaches its stores"),
    ("$EDITOR Pulumi.{stack}.yaml && make preview", "change something and see what it would do"),
    ("make down", "take it away again, data stays"),
)


def show(stack: str, outputs: dict[str, Any], console: Console | None = None) -> None:
    """Print the screen for a stack's outputs."""
    wide = None if sys.stdout.isatty() else 160  # a log has no width: nothing is cut there
    console = console or Console(highlight=False, width=wide)
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


def _table(title: str, *columns: str) -> Table:
    table = Table(title=title, title_justify="left", title_style="bold", box=None, pad_edge=False, padding=(0, 2, 0, 0))
    for column in columns:
        table.add_column(column, overflow="fold")
    return table


def _servers(outputs: dict[str, Any]) -> Table:
    table = _table("\nServers", "kind", "container", "address", "network", "data volume")
    for kind, server in outputs["servers"].items():
        address = f"{server['address']}:{server['port']}"
        table.add_row(f"{kind} {server['major']}", server["name"], address, server["network"], server["volume"])
    return table


def _databases(outputs: dict[str, Any]) -> Table:
    table = _table("\nDatabases", "app", "database", "extensions", "roles")
    for app, its in outputs["databases"].items():
        suffixes = [role.removeprefix(its["database"]) for role in its["roles"]]
        roles = f"{its['database']}{{{','.join(suffixes)}}}"
        table.add_row(app, its["database"], ", ".join(its["extensions"]) or "-", roles)
    return table


def _networks(outputs: dict[str, Any]) -> Table:
    table = _table("\nNetworks", "tier", "network", "reach")
    for tier, its in outputs["networks"].items():
        reach = "internal" if its["internal"] else "not internal"
        if its["publish"]:
            through = f" through {its['publish_network']}" if its["publish_network"] else ""
            reach += f", published on {its['publish']}{through}"
        table.add_row(tier, its["name"], reach)
    return table


def _services(outputs: dict[str, Any]) -> Table:
    table = _table("\nServices", "app", "container", "tiers", "address")
    for app, its in outputs["services"].items():
        reach = f"{its['url']} ({its['publish']})" if its["url"] else "-"
        table.add_row(app, its["name"], ", ".join(its["tiers"]), reach)
    return table


def _how(stack: str, outputs: dict[str, Any]) -> list[str]:
    postgres, redis = outputs["servers"]["postgres"], outputs["servers"]["redis"]
    ports = [its["url"].rstrip("/").rpartition(":")[2] for its in outputs["services"].values() if its["secrets"]]
    lines = [
        "",
        "[bold]Connect[/bold]",
        f"  docker exec -it -u postgres {postgres['name']} psql -U {postgres['admin']} postgres",
        f"  docker exec -it {redis['name']} sh -c "
        "'REDISCLI_AUTH=$(cat /run/secrets/redis_admin) redis-cli --user admin'",
        "",
        "[bold]Secrets[/bold]",
        "  in each container under /run/secrets, from a volume of its own; for you:",
        f"  ./pulumiw stack output secrets --show-secrets --stack {stack}",
        "  state and passphrase: .state/ unless PULUMI_BACKEND_URL and PULUMI_CONFIG_PASSPHRASE say otherwise",
        "",
        "[bold]Next[/bold]",
    ]
    port = next(iter(ports), "4000")
    return lines + [f"  {command.format(port=port, stack=stack):<50} {what}" for command, what in NEXT]
