"""The state of stacks: Pulumi's file backend and its checkpoint format, readable by the CLI and written as it does."""

from embedded.state.backend import Backend, StackSummary
from embedded.state.checkpoint import ENGINE_VERSION, Checkpoint
from embedded.state.codec import Codec
from embedded.state.resource import Resource

__all__ = ["ENGINE_VERSION", "Backend", "Checkpoint", "Codec", "Resource", "StackSummary"]
