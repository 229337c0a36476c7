"""A figure of a report with its caption, and what drawing one needs."""

import math
from dataclasses import dataclass

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from analysis.figures.curves import validation_key
from analysis.report.study import Study
from analysis.statistics.ceiling import noise_limit
from analysis.tables.captions import describe
from analysis.tables.cells import rounded

LEGEND_COLUMNS = 4


@dataclass(frozen=True, eq=False)
class CaptionedFigure:
    """A figure, its caption, and a description for readers who cannot see it."""

    figure: Figure
    caption: str
    alternative: str


def new_axes(width: float, height: float) -> tuple[Figure, Axes]:
    """Return a figure of a width and height in inches, and its only axes."""
    figure = Figure((width, height), layout="constrained")
    return figure, figure.subplots()


def legend_below(figure: Figure) -> None:
    """Put the legend under the axes."""
    figure.legend(
        loc="outside lower center",
        ncols=LEGEND_COLUMNS,
        frameon=False,
        fontsize="small",
        columnspacing=1,
    )


def fix_layout(figure: Figure) -> None:
    """Lay a figure out once, so that drawing it again moves nothing."""
    figure.draw_without_rendering()
    figure.set_layout_engine("none")


def number_text(value: float, digits: int = 3) -> str:
    """Return a number for a sentence."""
    return "undefined" if math.isnan(value) else rounded(float(value), digits)


def limit_of(study: Study) -> float | None:
    """Return the tau of perfect scores, where the table's seeds determine it."""
    return noise_limit(study.table, study.key)


def limit_text(study: Study) -> str:
    """Explain the line of the noise ceiling; empty where there is none."""
    limit = limit_of(study)
    if limit is None:
        return ""
    return (
        f" Noise ceiling: τ = {number_text(limit)} is what perfect scores would reach over all "
        "architectures, as the table's own accuracies vary with their seeds."
    )


def validation_text(study: Study) -> str:
    """Explain the curve of the validation accuracy, or why there is none."""
    other = validation_key(study.table, study.key)
    if other is None:
        return f"The table {study.table.name} has no validation accuracy to take as scores."
    return (
        f"Validation: the table's own {describe(other)}, taken as scores; it is no "
        "ceiling, as it may come from the same trained weights as the truth."
    )
