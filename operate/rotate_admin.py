"""Give the admins of servers new passwords: one generation further in the stack file, and an `up`, which does the rest.

What is half done goes on where it stopped: a server whose generation in the file is already one further than the last
`up` has recorded isn't raised again. The passwords of apps belong to `rotate`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from typing import Any

from operate import lifecycle, pulumi
from operate import stack as stacks
from operate.errors import OperateError
from operate.stack import Server, Stack

_ALL = "all"

Progress = Callable[[str], None]


@dataclass(frozen=True, kw_only=True)
class AdminTurn:
    """One server whose admin turns to its next generation, which `path` of the stack file says once it is `written`."""

    server: str
    name: str
    path: str
    generation: int
    written: bool

    def as_json(self) -> dict[str, Any]:
        """The server as --json has it."""
        return {key: value for key, value in asdict(self).items() if key in {"server", "name", "generation"}}


def prepare(stack: str, what: str) -> tuple[Stack, list[AdminTurn]]:
    """What is to be done, before anything is; `what` is a server's key or name, or all. Raises OperateError."""
    found, file = stacks.read(stack), lifecycle.own_keys(stack)
    if not found.running:
        raise OperateError(f"{stack} is down and its servers can't be asked: `make up STACK={stack}` first")
    chosen = {key: server for key, server in found.servers.items() if what in {_ALL, key, server.name}}
    if not chosen:
        known = ", ".join(found.servers) or "none"
        raise OperateError(f"stack {stack} has no server {what}; its servers: {known}, or all of them by `{_ALL}`")
    return found, [_turn(key, server, file) for key, server in chosen.items()]


def carry(stack: Stack, turns: list[AdminTurn], said: Progress, *, quiet: bool) -> None:
    """Write the generations and run `up`. Raises OperateError; run again to go on."""
    for turn in turns:
        if not turn.written:
            path, generation = f"{lifecycle.PROJECT}:{turn.path}", str(turn.generation)
            pulumi.run("config", "set", "--path", path, generation, "--stack", stack.name, to_errors=True)
        said(f"{turn.server}: admin, generation {turn.generation}")
    pulumi.run("up", "--yes", "--skip-preview", "--suppress-outputs", "--stack", stack.name, to_errors=quiet)


def path(server: Server) -> str:
    """Where the stack file says the generation of a server's admin."""
    if server.app:
        own = "redis_server" if server.kind == "redis" else f"{server.kind}.server"
        return f'apps["{server.app}"].{own}.generation'
    if server.purpose:
        return f'redis.servers["{server.purpose}"].generation'
    return f"{server.kind}.generation"


def _turn(key: str, server: Server, file: Mapping[str, Any]) -> AdminTurn:
    was, written = server.generation, _written(server, file)
    if written not in {was, was + 1}:
        shown = ".".join(_parts(server))
        raise OperateError(f"data-tier:{shown} = {written}: the last run left it at {was}; write {was} or {was + 1}")
    return AdminTurn(server=key, name=server.name, path=path(server), generation=was + 1, written=written == was + 1)


def _parts(server: Server) -> list[str]:
    return path(server).replace('["', ".").replace('"]', "").split(".")


def _written(server: Server, file: Mapping[str, Any]) -> Any:
    """What the file says, 1 where it says nothing; `config set` writes text. What is no number stays as it is."""
    found: Any = file
    for part in _parts(server):
        found = found.get(part) if isinstance(found, Mapping) else None
    return int(found) if str(found).isdigit() else 1 if found is None else str(found)
