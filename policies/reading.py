"""Reading a resource's properties where some are not known yet.

Reading an unknown value raises; one of them must not hide what the others show. So each is read by itself, and the
first unknown is raised again at the end: the SDK makes an advisory of it, and the engine asks again before it creates.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, TypeVar

from pulumi_policy.proxy import UnknownValueError

T = TypeVar("T")


class NotKnownYet(UnknownValueError):  # noqa: N818  the SDK's name for it ends in Error
    """The first value that a rule needed and couldn't read; its message says when it will be read."""

    def __init__(self, first: UnknownValueError) -> None:
        super().__init__(first.unknown_type_sentinel, first.props)
        self.message = f"{'.'.join(first.props)} cannot be known yet, checked again before creation"


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

    def path(self, item: Any, *keys: str, unknown: Any = None) -> Any:
        """The value at the end of `keys`, None where anything on the way is missing."""
        for key in keys[:-1]:
            item = self.get(item, key)
        return self.get(item, keys[-1], unknown)

    def items(self, parent: Any, key: str) -> Iterator[tuple[int, Any]]:
        """Position and value of each known item of the list at `key`."""
        return self.each(self.get(parent, key))

    def each(self, values: Any) -> Iterator[tuple[int, Any]]:
        """Position and value of each known item of a list; nothing where it is none."""
        if isinstance(values, Sequence) and not isinstance(values, str):
            for position in range(len(values)):
                value = self.read(lambda at=position: values[at], None)  # type: ignore[misc]
                if value is not None:
                    yield position, value

    def entries(self, parent: Any, key: str) -> Iterator[tuple[str, Any]]:
        """Key and value of each known entry of the map at `key`; None stands for a value that isn't known."""
        values = self.get(parent, key)
        if isinstance(values, Mapping):
            for name in values:
                yield str(name), self.get(values, name)

    def finish(self) -> None:
        """Raise the first unknown value that was met, if any. Raises NotKnownYet."""
        if self.unknown is not None:
            raise NotKnownYet(self.unknown)
