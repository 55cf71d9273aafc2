"""Pulumi's protocol stubs without the SDK around them: importing the whole of it takes the engine 0.15 s longer.

Only for a process that is the engine and nothing else: in it `pulumi` is an empty package from then on.
"""

from __future__ import annotations

import sys
from importlib.util import find_spec
from pathlib import Path
from types import ModuleType


def without_sdk() -> None:
    """Let `pulumi.runtime.proto` be imported without `pulumi` and `pulumi.runtime` being run."""
    spec = find_spec("pulumi")
    if spec is None or spec.origin is None:
        return  # the import of the stubs will say what is missing
    folder = Path(spec.origin).parent
    for name, path in (("pulumi", folder), ("pulumi.runtime", folder / "runtime")):
        package = ModuleType(name)
        package.__path__ = [str(path)]
        sys.modules[name] = package
