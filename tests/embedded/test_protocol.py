"""The engine's process has the protocol's stubs and not the SDK."""

from __future__ import annotations

import subprocess
import sys

CODE = """
import sys
from embedded.protocol import without_sdk
without_sdk()
import embedded.engine.monitor
assert "pulumi.runtime.proto.resource_pb2" in sys.modules
print(sorted(name for name in sys.modules if name.startswith("pulumi.") and not name.startswith("pulumi.runtime")))
"""


def test_the_stubs_come_without_the_sdk() -> None:
    done = subprocess.run([sys.executable, "-c", CODE], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]", "each part of the SDK costs every run of the engine"
