"""The state of stacks: Pulumi's file backend and its checkpoint format, readable by the CLI and written as it does.

A run's journal is this engine's own; the CLI sees the checkpoint before the run, or after it.
"""

from embedded.state.backend import Backend, StackSummary
from embedded.state.changes import Change
from embedded.state.checkpoint import ENGINE_VERSION, Checkpoint
from embedded.state.codec import Codec
from embedded.state.resource import Resource

__all__ = ["ENGINE_VERSION", "Backend", "Change", "Checkpoint", "Codec", "Resource", "StackSummary"]
