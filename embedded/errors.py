"""The one exception that a person sees as a single line. Owns nothing else; providers have errors of their own."""

from __future__ import annotations


class EngineError(Exception):
    """What went wrong, where, and what to do; printed as `error: …` without a traceback.

    `exit_code` is the process's exit code: 1 for every failure, as recorded from the CLI. Never holds a secret.
    """

    def __init__(self, message: str, exit_code: int = 1) -> None:
        super().__init__(message)
        self.exit_code = exit_code
