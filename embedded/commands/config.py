"""`config`, `config get | set | rm`: the stack file's values.

A value that isn't on the command line is read from standard input, so that a secret needs to be in no argument list.
Not here: config cp, refresh, set-all, environments; people who need them have the CLI.
Source: pkg/cmd/pulumi/config of the CLI for output and messages.
"""

from __future__ import annotations

import getpass
import os
import re
import sys
from collections.abc import Callable
from typing import Annotated, Any, Final

import typer

from embedded import _config_values as values
from embedded.commands import _shared
from embedded.commands._shared import JsonOption, Opened, SecretsOption, StackOption
from embedded.errors import EngineError
from embedded.stack_config import StackConfig

_HIDDEN: Final = "[secret]"
_SECRET_KEY: Final = re.compile(r"(?i)passwd|pass|password|pass_phrase|secret|token|api_?key|private_?key|pwd")
_SECRET_LENGTH: Final = 12  # of a value under such a key that is taken for one

KeyArgument = Annotated[str, typer.Argument(help="The key: <name> or <namespace>:<name>.")]
PathOption = Annotated[bool, typer.Option("--path", help="The key is a path into a structure: outer.inner, names[0].")]


def register(app: typer.Typer) -> None:
    """Add the commands."""
    config = typer.Typer(help="Read and change the stack's configuration.", invoke_without_command=True)
    config.callback()(list_values)
    config.command("get")(get)
    config.command("set")(set_value)
    config.command("rm")(remove)
    config.command("remove", hidden=True)(remove)
    app.add_typer(config, name="config")


def list_values(
    context: typer.Context, stack: StackOption = "", json: JsonOption = False, show_secrets: SecretsOption = False
) -> None:
    """List the configuration; secrets are hidden unless --show-secrets is given."""
    if context.invoked_subcommand:
        context.obj = stack
        return
    opened = _shared.open_stack(stack)
    settings = opened.settings
    raw = settings.raw(opened.project)
    decrypt = _decrypt(opened, settings) if show_secrets else _hide
    plain = {key: values.opened(value, decrypt) for key, value in raw.items()}
    if json:
        entries = {key: _entry(raw[key], plain[key], hide=not show_secrets) for key in raw}
        _shared.print_json(entries)
        return
    own = f"{opened.project.name}:"
    _shared.print_table(("KEY", "VALUE"), [(key.removeprefix(own), values.text(item)) for key, item in plain.items()])


def get(
    context: typer.Context,
    key: KeyArgument,
    stack: StackOption = "",
    json: JsonOption = False,
    path: PathOption = False,
) -> None:
    """Print one value; a secret is decrypted."""
    opened = _shared.open_stack(stack or context.obj or "")
    settings = opened.settings
    try:
        found = settings.get(key, opened.project, path=path)
    except KeyError:
        raise EngineError(f"configuration key '{key}' not found for stack '{opened.stack}'") from None
    plain = values.opened(found, _decrypt(opened, settings))
    if json:
        _shared.print_json(_entry(found, plain, hide=False))
    else:
        print(values.text(plain))


def set_value(
    context: typer.Context,
    key: KeyArgument,
    value: Annotated[str | None, typer.Argument(help="The value; read from standard input if left out.")] = None,
    stack: StackOption = "",
    secret: Annotated[bool, typer.Option("--secret", help="Encrypt the value.")] = False,
    plaintext: Annotated[bool, typer.Option("--plaintext", help="Save it in plain even if it looks secret.")] = False,
    path: PathOption = False,
) -> None:
    """Set one value."""
    if secret and plaintext:
        raise EngineError("only one of --secret and --plaintext may be given")
    opened = _shared.open_stack(stack or context.obj or "")
    settings = opened.settings
    new = _read_value(hidden=secret) if value is None else value
    if not (secret or plaintext) and _looks_secret(key, new):
        raise EngineError(
            f"config value for '{key}' looks like a secret; rerun with --secret to encrypt it, "
            "or --plaintext if you meant to store in plaintext"
        )
    seal = opened.secrets(settings).encrypt if secret else None
    settings.set(key, new, opened.project.name, path=path, seal=seal)
    settings.save()


def remove(context: typer.Context, key: KeyArgument, stack: StackOption = "", path: PathOption = False) -> None:
    """Remove one value."""
    opened = _shared.open_stack(stack or context.obj or "")
    settings = opened.settings
    settings.remove(key, opened.project.name, path=path)
    settings.save()


def _decrypt(opened: Opened, settings: StackConfig) -> Callable[[str], str]:
    """Opens the secrets when the first one is met: a list without any needs no passphrase."""
    return lambda ciphertext: opened.secrets(settings).decrypt(ciphertext)


def _hide(_: str) -> str:
    return _HIDDEN


def _entry(raw: Any, plain: Any, *, hide: bool) -> dict[str, Any]:
    secret = values.has_secret(raw)
    if secret and hide:
        return {"secret": True}
    made: dict[str, Any] = {"value": values.text(plain)}
    if isinstance(plain, (dict, list)):
        made["objectValue"] = plain
    return {**made, "secret": secret}


def _read_value(*, hidden: bool) -> str:
    if not sys.stdin.isatty():
        return sys.stdin.read().rstrip("\r\n")
    if "PULUMI_NON_INTERACTIVE" in os.environ:
        raise EngineError("config value must be specified in non-interactive mode")
    return getpass.getpass("value: ") if hidden else input("value: ")


def _looks_secret(key: str, value: str) -> bool:
    """Long values without blanks under keys that name a password or token. The CLI measures strength; this is near."""
    return bool(_SECRET_KEY.search(key)) and len(value) >= _SECRET_LENGTH and not re.search(r"\s", value)
