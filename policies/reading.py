"""Reading a resource's properties where some are not known yet.

Reading an unknown value raises; one of them must not hide what the others show. So each is read by itself, and the
first unknown is raised again at the end: the SDK makes an advisory of it, and the engine asks again before it creates.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, TypeVar

from pulumi_policy.proxy import UnknownValueError

T = TypeVar("T")


class Reader:
    """Reads item by item and remembers the first value that isn't known."""

    def __init__(self) -> None:
        self.unknown: UnknownValueError | None = None

    def read(self, read: Callable[[], T], otherwise: T) -> T:
        """What `read` returns, or `otherwise` where it meets an unknown value."""
        try:
            return read()
        except UnknownValueError as error:
            self.unknown = self.unknown or error
            return otherwise

    def get(self, item: Any, key: str, unknown: Any = None) -> Any:
        """The value at `key`, None where it is missing, `unknown` where it isn't known yet."""
        return self.read(lambda: item.get(key), unknown) if isinstance(item, Mapping) else None

    def items(self, parent: Any, key: str) -> Iterator[tuple[int, Any]]:
        """Position and value of each known item of the list at `key`."""
        values = self.get(parent, key)
        if isinstance(values, Sequence) and not isinstance(values, str):
            for position in range(len(values)):
                value = self.read(lambda at=position: values[at], None)  # type: ignore[misc]
                if value is not None:
                    yield position, value

    def finish(self) -> None:
        """Raise the first unknown value that was met, if any."""
        if self.unknown is not None:
            raise self.unknown
