"""Pictures as SVG, without a drawing program: shapes and labels in colours that follow the reader's light or dark."""

from operate.drawing.canvas import Canvas
from operate.drawing.text import first_that_fits, fit, width
from operate.drawing.theme import kind_class

__all__ = ["Canvas", "first_that_fits", "fit", "kind_class", "width"]
