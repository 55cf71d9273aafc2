"""What a deployment works on: a stack's program, configuration, secrets and state; opened once per command."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cached_property
from pathlib import Path
from typing import Protocol

from embedded import environment
from embedded.commands._shared import Opened, open_stack
from embedded.engine.processes import interpreter
from embedded.errors import EngineError
from embedded.secrets import PassphraseSecrets
from embedded.state import Change, Checkpoint, Resource


class _Tells(Protocol):
    def message(self, severity: str, text: str, urn: str = "") -> None: ...


class Session:
    """A stack ready to be run. `config` and `secret_keys` are what the program gets."""

    def __init__(self, opened: Opened) -> None:
        self.project, self.backend, self.stack = opened.project, opened.backend, opened.stack
        settings = opened.settings
        salt = settings.encryptionsalt
        self.secrets = PassphraseSecrets(environment.passphrase(), salt) if salt else opened.secrets(settings)
        self.config, self.secret_keys = settings.as_program_config(self.secrets, self.project)

    @cached_property
    def checkpoint(self) -> Checkpoint:
        """The state, read when first asked for: the key takes longer to derive than the program to start.

        Raises EngineError for a wrong passphrase.
        """
        self.secrets.verify()
        return self.backend.load(self.stack, self.secrets)

    def reload(self) -> None:
        """Read the state anew: it may have changed before the stack was locked."""
        self.__dict__.pop("checkpoint", None)

    @property
    def write(self) -> Callable[[Sequence[Change[Resource]]], None]:
        """Takes the changes of a run under the stack's lock, one run for each lock; on the disk when it returns."""
        return self.backend.journal(self.stack, self.checkpoint).append

    def package_config(self) -> dict[str, dict[str, str]]:
        """Configuration of other namespaces than the project's, by package: it configures default providers."""
        found: dict[str, dict[str, str]] = {}
        for key, value in self.config.items():
            namespace, _, name = key.partition(":")
            if namespace not in (self.project.name, "pulumi"):
                found.setdefault(namespace, {})[name] = value
        return found

    def python(self) -> Path:
        """The interpreter that the project names."""
        return interpreter(self.project.root, self.project.runtime_options.get("virtualenv"))

    def program(self) -> Path:
        """The program's folder or file. Raises EngineError where there is none."""
        program = self.project.program.resolve()
        if not (program / "__main__.py" if program.is_dir() else program).is_file():
            raise EngineError(f"no Python program at {program}: __main__.py is missing")
        return program

    def warn_of_pending(self, screen: _Tells) -> None:
        """Say what an earlier run was cut short in, with the CLI's words."""
        pending = self.checkpoint.pending_operations
        if pending:
            listed = "\n".join(f"  * {item.urn}, interrupted while {kind}" for kind, item in pending)
            screen.message(
                "warning",
                f"Attempting to deploy or update resources with {len(pending)} pending operations from previous "
                f"deployment.\n{listed}\nThese resources are in an unknown state because the run was interrupted "
                "while waiting for changes to them to complete. `up`, `refresh` and `destroy` look what is there "
                "before they do anything else to them.",
            )


def open_session(stack: str) -> Session:
    """The session of a stack, or of the selected one where `stack` is "". Raises EngineError for what is missing."""
    return Session(open_stack(stack))
