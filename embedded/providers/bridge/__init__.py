"""What pulumi-terraform-bridge does for a resource type that a small table describes.

Owns the answers that need no server: checked inputs with `__defaults`, differences, planned outputs of a preview, the
bookkeeping keys `__meta` and `__pulumi_raw_state_delta`, inputs after a read. Does not talk to anything; creating and
reading belong to the providers. Facts: calls recorded from the official docker and postgresql plugins.
"""

from embedded.providers.bridge._check import check
from embedded.providers.bridge._diff import diff
from embedded.providers.bridge._refresh import read_inputs
from embedded.providers.bridge._schema import Property, Schema
from embedded.providers.bridge._state import lost, planned, raw_state_delta, sealed, settled

__all__ = [
    "Property",
    "Schema",
    "check",
    "diff",
    "lost",
    "planned",
    "raw_state_delta",
    "read_inputs",
    "sealed",
    "settled",
]
