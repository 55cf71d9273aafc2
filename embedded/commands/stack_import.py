"""`stack import`: puts an exported state, as a person has edited it, in the place of a stack's own.

Owns what is checked before that. Source: pkg/cmd/pulumi/stack of the CLI for checks and messages; beyond it, a URN of
another project is refused as one of another stack is, and secrets are encrypted under the stack's own salt.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any

import typer

from embedded import environment
from embedded.commands import _shared
from embedded.commands._shared import Opened, StackOption
from embedded.errors import EngineError
from embedded.secrets import PassphraseSecrets
from embedded.state import Checkpoint, integrity
from embedded.state.checkpoint import VERSION, from_deployment, salt_of

Force = Annotated[bool, typer.Option("--force", "-f", help="Import in spite of errors in the state.")]


def import_state(
    stack: StackOption = "",
    file: Annotated[str, typer.Option("--file", help="Read from a file, not from standard input.")] = "",
    force: Force = False,
) -> None:
    """Replace a stack's state with an exported one."""
    opened = _shared.open_stack(stack)
    deployment = _deployment(_read(file), file or "standard input", opened.stack)
    with opened.backend.lock(opened.stack):
        checkpoint = _checkpoint(opened, deployment, file or "standard input")
        _check(opened, checkpoint, force=force)
        for kind, item in checkpoint.pending_operations:
            _warn(f"removing pending operation '{kind}' on '{item.urn}' from snapshot")
        checkpoint.pending_operations = []
        opened.backend.save(opened.stack, checkpoint)
    print("Import complete.")


def _read(file: str) -> str:
    try:
        return Path(file).read_text(encoding="utf-8") if file else sys.stdin.read()
    except OSError as error:
        raise EngineError(f"could not open file: {file}: {error.strerror}") from None
    except UnicodeDecodeError:
        raise EngineError(f"{file or 'standard input'}: not UTF-8 text") from None


def _deployment(text: str, source: str, stack: str) -> dict[str, Any]:
    """What `stack export` has printed, without its frame. Raises EngineError for anything else."""
    try:
        document = json.loads(text)
        version, deployment = document["version"], dict(document["deployment"] or {})
    except (ValueError, KeyError, TypeError) as error:
        at = f" (line {error.lineno}, column {error.colno})" if isinstance(error, json.JSONDecodeError) else ""
        raise EngineError(f"{source}: not what `pulumi stack export` prints{at}") from None
    if version != VERSION:
        raise EngineError(
            f"{source}: deployment version {version}: the embedded engine reads version {VERSION}; the stack '{stack}' "
            "is as it was; use a Pulumi CLI of the release that exported it"
        )
    return deployment


def _checkpoint(opened: Opened, deployment: dict[str, Any], source: str) -> Checkpoint:
    """The deployment under the stack's own secrets. Raises EngineError where it can't be read or decrypted."""
    secrets = opened.secrets(opened.settings)
    salt = salt_of(deployment)
    if salt and salt != secrets.salt:
        _try_passphrase(salt, source)
    try:
        return from_deployment(opened.backend.qualified(opened.stack), deployment, secrets)
    except (KeyError, TypeError, AttributeError, ValueError) as error:
        raise EngineError(f"{source}: could not deserialize deployment: {type(error).__name__} {error}") from None
    except EngineError as error:
        raise EngineError(f"{source}: {error}") from None


def _try_passphrase(salt: str, source: str) -> None:
    try:
        PassphraseSecrets.open(environment.passphrase(), salt)
    except EngineError:
        raise EngineError(
            f"{source}: its secrets are encrypted under another passphrase than this stack's; export it again with "
            "--show-secrets, where it comes from, and import that"
        ) from None


def _check(opened: Opened, checkpoint: Checkpoint, *, force: bool) -> None:
    found = list(_complaints(opened, checkpoint))
    if found and not force:
        advice = "importing this file could be dangerous; rerun with --force to proceed anyway"
        raise EngineError("\n".join([*found, advice]))
    for text in found:
        _warn(text)


def _complaints(opened: Opened, checkpoint: Checkpoint) -> Iterator[str]:
    """What the CLI refuses without --force, in its words."""
    for item in checkpoint.resources:
        stack, project, *_ = [*item.urn.removeprefix("urn:pulumi:").split("::"), ""]
        if stack != opened.stack:
            yield f"resource '{item.urn}' is from a different stack ({stack} != {opened.stack})"
        elif project != opened.project.name:
            yield f"resource '{item.urn}' is from a different project ({project} != {opened.project.name})"
    if problem := integrity.problem(checkpoint.resources):
        yield f"state file contains errors: {problem}"


def _warn(text: str) -> None:
    print(f"warning: {text}", file=sys.stderr)
