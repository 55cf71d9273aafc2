"""A resource as the Python that would declare it: what `import` prints, to be pasted into a program."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from embedded.state import Resource
from embedded.values import Secret

_SECRET = 'pulumi.Config().require_secret("...")'


def python(resource: Resource) -> str:
    """The declaration; a secret is left to the program's configuration."""
    package, module, kind = resource.type.split(":")
    path = f"pulumi_{package}" + ("" if module.lower() in ("index", f"index/{kind}".lower()) else _submodule(module))
    inputs = {key: value for key, value in sorted(resource.inputs.items()) if not key.startswith("__")}
    arguments = [f"    {snake(key)}={_value(value)}," for key, value in inputs.items() if value is not None]
    options = ["    opts=pulumi.ResourceOptions(protect=True),"] if resource.protect else []
    name = resource.urn.rsplit("::", 1)[-1]
    lines = [f"import pulumi\nimport {path}\n", f"{_variable(name)} = {path}.{kind}(", f"    {name!r},"]
    return "\n".join([*lines, *arguments, *options, ")"])


def snake(name: str) -> str:
    """`ipamConfigs` as Python's SDKs spell it: `ipam_configs`."""
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).lower()


def _submodule(module: str) -> str:
    head = module.split("/", maxsplit=1)[0]
    return "" if head == "index" else f".{head}"


def _variable(name: str) -> str:
    text = re.sub(r"\W", "_", name)
    return f"_{text}" if text[:1].isdigit() else text


def _value(value: Any) -> str:
    if isinstance(value, Secret):
        return _SECRET
    if isinstance(value, Mapping):
        items = (f"{snake(key)!r}: {_value(item)}" for key, item in value.items() if not key.startswith("__"))
        return "{" + ", ".join(items) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(_value(item) for item in value) + "]"
    return repr(value)
