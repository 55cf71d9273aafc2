"""A stack as a picture: who is on which network, which port leads in, and which store an app logs in to."""

from operate.diagram.draw import draw

__all__ = ["draw"]
