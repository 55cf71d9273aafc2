"""`stack --show-name | init | ls | select | unselect | output | export`: what can be done with a stack's files alone.

`stack import` and `stack rm` are modules of their own. Not here: tags, rename; people who need them have the CLI.
Source: pkg/cmd/pulumi/stack of the CLI for output and messages.
"""

from __future__ import annotations

import json
import os
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any, Final

import typer

from embedded import environment
from embedded.commands import _shared, stack_import, stack_rm
from embedded.commands._shared import JsonOption, Opened, SecretsOption, StackOption
from embedded.engine.urn import STACK_TYPE
from embedded.errors import EngineError
from embedded.project import Project, StackConfig
from embedded.state import Backend, StackSummary
from embedded.values import SECRET_SIGNATURE, SIGNATURE, reveal

_HIDDEN: Final = "[secret]"
_AGES: Final = ((365 * 86400, "year"), (30 * 86400, "month"), (7 * 86400, "week"), (86400, "day"))
_SHORT_AGES: Final = ((3600, "hour"), (60, "minute"), (1, "second"))

NameArgument = Annotated[str, typer.Argument(help="The stack's name.")]
Provider = Annotated[str, typer.Option("--secrets-provider", help="Only passphrase.")]


def register(app: typer.Typer) -> None:
    """Add the commands."""
    stack = typer.Typer(invoke_without_command=True)
    stack.callback()(show)
    stack.command("init")(init)
    stack.command("new", hidden=True)(init)
    stack.command("ls")(list_stacks)
    stack.command("list", hidden=True)(list_stacks)
    stack.command("select")(select)
    stack.command("unselect")(unselect)
    stack.command("output")(output)
    stack.command("export")(export)
    stack.command("import")(stack_import.import_state)
    stack.command("rm")(stack_rm.remove)
    stack.command("remove", hidden=True)(stack_rm.remove)
    stack.command("delete", hidden=True)(stack_rm.remove)
    app.add_typer(stack, name="stack")


def show(
    context: typer.Context,
    stack: StackOption = "",
    show_name: Annotated[bool, typer.Option("--show-name", help="Print the stack's name only.")] = False,
) -> None:
    """Make, choose, look into, replace and remove stacks."""
    if show_name:
        print(_shared.open_stack(stack).stack)
    elif context.invoked_subcommand is None:
        print(context.get_help())


def init(
    name: NameArgument = "",
    stack: StackOption = "",
    secrets_provider: Provider = "default",
    no_select: Annotated[bool, typer.Option("--no-select", help="Don't make it the selected stack.")] = False,
) -> None:
    """Make an empty stack."""
    project, backend = _shared.open_backend()
    _create(project, backend, _one_name(name, stack), secrets_provider, select=not no_select)


def list_stacks(json: JsonOption = False) -> None:
    """List the project's stacks."""
    project, backend = _shared.open_backend()
    current = backend.selected(project)
    stacks = backend.list_stacks()
    if json:
        _shared.print_json([_summary(item, current) for item in stacks])
        return
    rows = [
        (
            item.name + ("*" if item.name == current else ""),
            _ago(item.last_update),
            "n/a" if item.resource_count is None else str(item.resource_count),
        )
        for item in stacks
    ]
    _shared.print_table(("NAME", "LAST UPDATE", "RESOURCE COUNT"), rows)


def select(
    name: NameArgument = "",
    stack: StackOption = "",
    create: Annotated[bool, typer.Option("--create", "-c", help="Make the stack if there is none.")] = False,
    secrets_provider: Provider = "default",
) -> None:
    """Choose the stack that commands work on."""
    project, backend = _shared.open_backend()
    chosen = _one_name(name, stack)
    if backend.exists(chosen):
        backend.select(project, chosen)
    elif create:
        _create(project, backend, chosen, secrets_provider, select=True)
    else:
        raise EngineError(f"no stack named '{chosen}' found")


def unselect() -> None:
    """Forget which stack is selected."""
    project, backend = _shared.open_backend()
    if backend.unselect(project):
        print("Stack was unselected", file=sys.stderr)


def output(
    name: Annotated[str, typer.Argument(help="One output.")] = "",
    stack: StackOption = "",
    json: JsonOption = False,
    show_secrets: SecretsOption = False,
) -> None:
    """Show a stack's outputs."""
    outputs = _outputs(_shared.open_stack(stack), show_secrets=show_secrets)
    if name and name not in outputs:
        raise EngineError(f"current stack does not have output property '{name}'")
    if json:
        _shared.print_json(outputs[name] if name else outputs)
    elif name:
        print(_line(outputs[name]))
    else:
        print(f"Current stack outputs ({len(outputs)}):")
        if not outputs:
            print("    No output values currently in this stack")
            return
        _shared.print_table(("OUTPUT", "VALUE"), [(key, _line(value)) for key, value in outputs.items()], "    ")


def export(
    stack: StackOption = "",
    file: Annotated[str, typer.Option("--file", help="Write to a file.")] = "",
    show_secrets: SecretsOption = False,
) -> None:
    """Print the stack's state."""
    opened = _shared.open_stack(stack)
    if show_secrets:
        secrets = opened.state_secrets()
        document = opened.backend.load(opened.stack, secrets).deployment_json(show_secrets=True)
    else:
        document = {"version": 3, "deployment": opened.backend.deployment(opened.stack) or None}
    text = json.dumps(document, indent=4, ensure_ascii=False)
    if file:
        _write_private(Path(file), text + "\n")
    else:
        print(text)


def _one_name(argument: str, option: str) -> str:
    if argument and option:
        raise EngineError("only one of --stack or argument stack name may be specified, not both")
    if not (argument or option):
        raise EngineError("missing stack name")
    return argument or option


def _create(project: Project, backend: Backend, name: str, provider: str, *, select: bool) -> None:
    if provider not in ("default", "passphrase"):
        raise EngineError(f"--secrets-provider {provider}: the embedded engine has passphrase only; use the Pulumi CLI")
    plain = backend.stack_name(name)
    if backend.exists(plain):
        raise EngineError(f"stack '{backend.qualified(plain)}' already exists")
    settings = StackConfig.load(project.stack_file(plain))
    backend.create(plain, settings.ensure_secrets(environment.passphrase))
    print(f"Created stack '{plain}'")
    if select:
        backend.select(project, plain)


def _outputs(opened: Opened, *, show_secrets: bool) -> dict[str, Any]:
    if show_secrets:
        loaded = opened.backend.load(opened.stack, opened.state_secrets())
        roots = [item.outputs for item in loaded.resources if item.type == STACK_TYPE]
        found = {key: reveal(value) for key, value in (roots[0] if roots else {}).items()}
    else:
        resources = opened.backend.deployment(opened.stack).get("resources") or ()
        written = [item.get("outputs") or {} for item in resources if item.get("type") == STACK_TYPE]
        found = _blinded(written[0]) if written else {}
    return dict(sorted(found.items()))


def _blinded(value: Any) -> Any:
    """A written value with its secrets hidden, without decrypting any."""
    if isinstance(value, dict):
        if value.get(SIGNATURE) == SECRET_SIGNATURE:
            return _HIDDEN
        return {key: _blinded(item) for key, item in value.items()}
    return [_blinded(item) for item in value] if isinstance(value, list) else value


def _line(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def _summary(item: StackSummary, current: str) -> dict[str, Any]:
    made: dict[str, Any] = {"name": item.name, "current": item.name == current}
    if item.last_update:
        made["lastUpdate"] = _time(item.last_update).strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "Z"
    if item.resource_count is not None:
        made["resourceCount"] = item.resource_count
    return made


def _time(text: str) -> datetime:
    """An RFC 3339 time of any precision, in UTC."""
    return datetime.fromisoformat(text).astimezone(UTC)  # drops digits beyond microseconds


def _ago(last_update: str) -> str:
    if not last_update:
        return "n/a"
    seconds = int((datetime.now(UTC) - _time(last_update)).total_seconds())
    for size, unit in (*_AGES, *_SHORT_AGES):
        if seconds >= size:
            count = seconds // size
            return f"{count} {unit}{'s' if count > 1 else ''} ago"
    return "now"


def _write_private(path: Path, text: str) -> None:
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(handle, "w", encoding="utf-8") as target:
            os.fchmod(target.fileno(), 0o600)
            target.write(text)
    except OSError as error:
        raise EngineError(f"could not open file {path}: {error.strerror}") from None
