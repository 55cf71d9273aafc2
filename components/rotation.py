"""Which of an app's two logins serves, and which generation made each password: all follows from one number.

Pure. Odd generations log in with `a`, even ones with `b`, and each generation makes a new password for the login that
it turns to. So the login in use never changes under its clients, and the same number always declares the same stack.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Slot = Literal["a", "b"]


@dataclass(frozen=True, kw_only=True)
class Rotation:
    """An app's generation; with `overlap` the login before stays open beside the current one."""

    generation: int = 1
    overlap: bool = False

    @property
    def turned(self) -> bool:
        """Whether there is a login before: in the first generation nobody has ever been given the other one."""
        return self.generation > 1

    @property
    def current(self) -> Slot:
        """The login that the app's URL names."""
        return "a" if self.generation % 2 else "b"

    @property
    def former(self) -> Slot:
        """The login of the generation before."""
        return "b" if self.generation % 2 else "a"

    def keepers(self, slot: Slot | None = None) -> dict[str, str] | None:
        """The keepers of a login's password: the generation that made it; without a slot every generation does.

        None for a password that no rotation has touched, so that a stack that never rotated has none to change.
        """
        behind = 0 if slot in (None, self.current) else 1
        made = self.generation - behind
        return {"generation": str(made)} if made > 1 else None
