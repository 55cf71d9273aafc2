"""Both shapes of one stack file side by side: what each declares, and what of it is measured to use now."""

from operate.compare.chart import draw
from operate.compare.measure import Measured, measure
from operate.compare.report import Comparison, render

__all__ = ["Comparison", "Measured", "draw", "measure", "render"]
