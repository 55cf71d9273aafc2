"""What a secret value that can't be had is answered with."""

from __future__ import annotations


class SecretNotFoundError(Exception):
    """Why a value can't be had, and what to do; never the value."""

    def __init__(self, rule: str, remedy: str) -> None:
        self.rule, self.remedy = rule, remedy
        super().__init__(rule)
