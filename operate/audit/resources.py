"""What a source holds, in the shape in which rules read it: resources as the provider's inputs, and where they stand.

Owns no rule and no reading of a source.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Final

from pulumi_policy.proxy import UNKNOWN_OBJECT_VALUE, UNKNOWN_STRING_VALUE, unknown_checking_proxy

from policies.rule import Subject

UNKNOWN: Final = UNKNOWN_STRING_VALUE
UNKNOWN_ITEM: Final = UNKNOWN_OBJECT_VALUE
NETWORK: Final = "docker:index/network:Network"
VOLUME: Final = "docker:index/volume:Volume"


@dataclass(frozen=True, kw_only=True)
class Resource:
    """One resource. `places` says where a property stands in the source, by its path; missing means the same path.

    `protect` is Pulumi's; what knows no such thing is never blamed for the lack of it.
    """

    type: str
    name: str
    urn: str
    props: Mapping[str, Any]
    protect: bool = True
    custom: bool = True
    provider: str = ""
    places: Mapping[str, str] = field(default_factory=dict)

    def subject(self) -> Subject:
        """A fresh subject: each rule has a reader of its own, so that each says itself what it couldn't read."""
        return Subject(self.type, self.name, self.urn, self._wrapped, self.protect, self.custom, self.provider)

    @cached_property
    def _wrapped(self) -> Mapping[str, Any]:
        wrapped: Mapping[str, Any] = unknown_checking_proxy(dict(self.props))
        return wrapped

    def place(self, path: str) -> str:
        """Where the property at `path` stands in the source: the longest known beginning, then the rest."""
        for end in range(len(path), 0, -1):
            if path[:end] in self.places and path[end : end + 1] in ("", ".", "["):
                return self.places[path[:end]] + path[end:]
        return path


@dataclass(frozen=True, kw_only=True)
class Source:
    """Something that was audited: `kind` is state, docker or compose; `notes` say what couldn't be looked at."""

    kind: str
    name: str
    resources: Sequence[Resource]
    notes: Sequence[str] = ()


def urn(stack: str, project: str, kind: str, name: str) -> str:
    """The name by which exceptions and reports know a resource that isn't Pulumi's."""
    return f"urn:pulumi:{stack}::{project}::{kind}::{name}"
