"""What the file commands have in common: the stack they work on, tables and JSON as the CLI prints them."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import typer

from embedded import environment
from embedded.errors import EngineError
from embedded.project import Project, StackConfig
from embedded.secrets import PassphraseSecrets
from embedded.state import Backend

StackOption = Annotated[str, typer.Option("--stack", "-s", help="The stack; the selected one by default.")]
JsonOption = Annotated[bool, typer.Option("--json", "-j", help="Print JSON.")]
SecretsOption = Annotated[bool, typer.Option("--show-secrets", help="Show secrets in plain.")]


@dataclass(frozen=True)
class Opened:
    """A project, its backend, and the name of a stack that exists."""

    project: Project
    backend: Backend
    stack: str

    @property
    def settings(self) -> StackConfig:
        """The stack's file, read anew."""
        return StackConfig.load(self.project.stack_file(self.stack))

    def secrets(self, settings: StackConfig) -> PassphraseSecrets:
        """The stack's secrets; a stack file without salt gets one. Raises EngineError for a wrong passphrase."""
        return settings.ensure_secrets(environment.passphrase, self.backend.salt(self.stack))

    def state_secrets(self) -> PassphraseSecrets | None:
        """The secrets that the state is encrypted with; None where it has none."""
        salt = self.backend.salt(self.stack)
        return PassphraseSecrets.open(environment.passphrase(), salt) if salt else None


def open_backend() -> tuple[Project, Backend]:
    """The project of the working directory and its backend."""
    project = Project.load(Path.cwd())
    return project, Backend.from_url(environment.backend_url(project), project.name)


def open_stack(stack: str) -> Opened:
    """The stack of that name, or the selected one. Raises EngineError when there is none."""
    project, backend = open_backend()
    name = stack or backend.selected(project)
    if not name:
        raise EngineError(
            "no stack selected; please use `pulumi stack select` or `pulumi stack init` to choose one, or pass --stack"
        )
    if not backend.exists(name):
        raise EngineError(f"no stack named '{name}' found; `pulumi stack ls` lists them, `pulumi stack init` makes one")
    return Opened(project, backend, backend.stack_name(name))


def confirm(question: str, answer: str, *, yes: bool) -> None:
    """Ask unless --yes was given. Raises EngineError for another answer, or where nobody can be asked."""
    if yes:
        return
    if "PULUMI_NON_INTERACTIVE" in os.environ or not sys.stdin.isatty():
        raise EngineError("non-interactive mode requires --yes flag")
    if input(question).strip().lower() != answer.lower():
        raise EngineError("confirmation declined")


def print_json(value: Any) -> None:
    """Two spaces deep, keys as given."""
    print(json.dumps(value, indent=2, ensure_ascii=False))


def print_table(headers: Sequence[str], rows: Sequence[Sequence[str]], prefix: str = "") -> None:
    """Columns two spaces apart; a cell may have several lines."""
    lines = [list(headers)]
    for row in rows:
        cells = [cell.split("\n") for cell in row]
        height = max(len(cell) for cell in cells)
        lines += [[cell[at] if at < len(cell) else "" for cell in cells] for at in range(height)]
    widths = [max(len(line[column]) for line in lines) for column in range(len(headers))]
    for line in lines:
        cells_of_line = [*(cell.ljust(width) for cell, width in zip(line[:-1], widths, strict=False)), line[-1]]
        print(prefix + "  ".join(cells_of_line))
