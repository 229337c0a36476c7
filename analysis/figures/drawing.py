"""Drawing scores against true accuracies: one panel on given axes, and a figure of many."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import LogNorm
from matplotlib.figure import Figure
from matplotlib.ticker import EngFormatter

from analysis.figures.panels import LOWEST, Panel, window
from analysis.figures.style import style
from analysis.tables.facts import describe
from analysis.tables.text import decimals
from benchmark.errors import InputError

COLUMNS = 3  # panels in a row at most
PANEL = (2.0, 1.9)  # inches; three in a row fill the width of a printed page
LETTERS = 14  # of a note in an inch
HEXAGONS = (40, 24)  # across a panel and up
STRIP = 0.12  # of a panel's height, below the hexagons, for what is not shown
_NOTE: dict[str, Any] = {"ha": "right", "size": "small", "color": "0.3"}


def draw_scores_against_truth(panel: Panel, ax: Axes) -> Axes:
    """Draw how densely architectures lie over score and truth; colours count on a log scale.

    Args:
        panel: The run.
        ax: Where to draw.

    Returns:
        ``ax``.
    """
    view = window(panel)
    scores, truth = _padded(view.scores), _padded(view.truth)
    ax.hexbin(
        panel.scores[view.inside],
        panel.truth[view.inside],
        gridsize=HEXAGONS,
        extent=(*scores, *truth),
        norm=LogNorm(),
        mincnt=1,
        cmap="viridis",
        linewidths=0.1,
    )
    tau = "undefined" if np.isnan(panel.tau) else decimals(panel.tau, 2)
    ax.set(
        title=f"{panel.method}, seed {panel.seed}, τ = {tau}",
        xlabel="score (higher is better)",
        ylabel=_truth_label(panel),
        xlim=scores,
        ylim=(truth[0] - STRIP * (truth[1] - truth[0]), truth[1]),
    )
    if max(map(abs, scores)) >= 10_000:
        ax.xaxis.set_major_formatter(EngFormatter(sep=""))  # 1.5M
    outside = int((~view.inside).sum())
    ax.text(0.98, 0.03, f"{outside:,} not shown", transform=ax.transAxes, **_NOTE)
    return ax


def comparison_figure(panels: Sequence[Panel]) -> Figure:
    """Lay panels out in a grid with one scale of colour; a last row that is not full is centred.

    Args:
        panels: What `scores_against_truth_data` returns, at least one.

    Returns:
        The figure.

    Raises:
        InputError: There is no panel.
    """
    if not panels:
        raise InputError("there is no panel to draw: give at least one run")
    rows = -(-len(panels) // COLUMNS)
    columns = -(-len(panels) // rows)
    width, height = columns * PANEL[0] + 1.2, rows * PANEL[1] + 0.9
    with style():
        figure = Figure((width, height), layout="constrained")
        grid = figure.add_gridspec(rows, 2 * columns)  # a panel takes two: rows can shift by one
        for place, panel in enumerate(panels):
            row, column = divmod(place, columns)
            first = columns - min(columns, len(panels) - row * columns) + 2 * column
            ax = draw_scores_against_truth(panel, figure.add_subplot(grid[row, first : first + 2]))
            ax.set(xlabel="", ylabel="")
            ax.tick_params(labelleft=column == 0)
        figure.supylabel(_truth_label(panels[0]), fontsize="medium", multialignment="center")
        note = textwrap.fill(_note(panels[0]), round(LETTERS * width))
        figure.supxlabel(f"score (higher is better)\n{note}", fontsize="medium")
        _share_colours(figure)
        figure.draw_without_rendering()
        figure.set_layout_engine("none")  # arranged once: another drawing moves nothing
    return figure


def _padded(limits: tuple[float, float]) -> tuple[float, float]:
    low, high = limits
    size = max(abs(low), abs(high))
    # all equal, or as good as: any room will do
    margin = 0.03 * (high - low) if high - low > 1e-9 * size else (size or 1.0)
    return low - margin, high + margin


def _truth_label(panel: Panel) -> str:
    what, where = describe(panel.key).split(", ", 1)
    return f"true {what} (%)\n{where}"


def _note(panel: Panel) -> str:
    lowest = f"the lowest {LOWEST}% by score or by accuracy."
    disconnected = int((~panel.connected).sum())
    if disconnected in (0, panel.connected.size):
        return f"Not shown: {lowest}"
    return f"Not shown: {disconnected:,} disconnected architectures, and of the others {lowest}"


def _share_colours(figure: Figure) -> None:
    """Let one colour mean one count in all panels, and say which."""
    hexagons = [collection for ax in figure.axes for collection in ax.collections]
    most = max(int(np.max(np.asarray(collection.get_array()))) for collection in hexagons)
    for collection in hexagons:
        collection.set_norm(LogNorm(1, max(most, 10)))
    bar = figure.colorbar(hexagons[0], ax=figure.axes, aspect=40, pad=0.02, format="{x:,.0f}")
    bar.set_label("architectures in a hexagon")
