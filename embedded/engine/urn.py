"""URNs: the names that the engine gives to resources. Source: recorded states; pulumi.com/docs on resource names."""

from __future__ import annotations

STACK_TYPE = "pulumi:pulumi:Stack"
PROVIDER_PREFIX = "pulumi:providers:"


def make(stack: str, project: str, parent: str, type: str, name: str) -> str:
    """The URN of a resource; `parent` is the parent's URN, or "". The stack itself never shows in the type path."""
    path = type
    if parent and type_of(parent) != STACK_TYPE:
        path = f"{parent.split('::', 3)[2]}${type}"
    return f"urn:pulumi:{stack}::{project}::{path}::{name}"


def type_of(urn: str) -> str:
    """The resource's own type, without the types of its parents."""
    return urn.split("::", 3)[2].rsplit("$", 1)[-1]


def name_of(urn: str) -> str:
    """The resource's name in the program."""
    return urn.split("::", 3)[3]


def is_provider(type: str) -> bool:
    """Whether a type is a provider resource's."""
    return type.startswith(PROVIDER_PREFIX)


def is_default_provider(urn: str) -> bool:
    """Whether it is a provider that the engine made itself: kept in the state, never shown."""
    return is_provider(type_of(urn)) and name_of(urn).startswith("default_")


def short_type(type: str) -> str:
    """A type as screens show it: `docker:index/container:Container` becomes `docker:index:Container`."""
    package, _, rest = type.partition(":")
    module, _, leaf = rest.partition(":")
    return f"{package}:{module.split('/')[0]}:{leaf}" if leaf else type
