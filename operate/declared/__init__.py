"""What a stack file declares, in either shape: the containers, networks and volumes that `up` would make."""

from operate.declared.inventory import STORES, Container, Inventory, Network, Port, Totals, Volume
from operate.declared.run import declare
from operate.declared.shapes import SHAPES, StackFile, read

__all__ = [
    "SHAPES",
    "STORES",
    "Container",
    "Inventory",
    "Network",
    "Port",
    "StackFile",
    "Totals",
    "Volume",
    "declare",
    "read",
]
