"""What a figure of a report is, and what drawing one takes."""

from __future__ import annotations

import math
from dataclasses import dataclass

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from analysis.tables.cells import rounded

LEGEND_COLUMNS = 4


@dataclass(frozen=True, eq=False)
class Picture:
    """A figure, what must be known to read it, and what it shows to who cannot see it."""

    figure: Figure
    caption: str
    alternative: str


def new_axes(width: float, height: float) -> tuple[Figure, Axes]:
    """Return a figure of a width and height in inches, and its only axes."""
    figure = Figure((width, height), layout="constrained")
    return figure, figure.subplots()


def legend_below(figure: Figure) -> None:
    """Put the legend under the axes, where it hides no line."""
    figure.legend(
        loc="outside lower center",
        ncols=LEGEND_COLUMNS,
        frameon=False,
        fontsize="small",
        columnspacing=1,
    )


def arrange(figure: Figure) -> None:
    """Lay a figure out once, so that another drawing of it moves nothing."""
    figure.draw_without_rendering()
    figure.set_layout_engine("none")


def number_text(value: float, digits: int = 3) -> str:
    """Return a number in words that may stand in a sentence."""
    return "undefined" if math.isnan(value) else rounded(float(value), digits)
