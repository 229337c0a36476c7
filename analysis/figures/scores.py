"""Scores against true accuracies, a panel per method.

Both axes start at a low percentile of the connected architectures: a few failures would compress
everything else.
"""

import textwrap
from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import LogNorm
from matplotlib.figure import Figure
from matplotlib.ticker import EngFormatter
from numpy.typing import NDArray

from analysis.figures.style import style
from analysis.metrics.ranking import kendall_tau
from analysis.tables.captions import describe
from analysis.tables.evaluation import comparable, scored_part
from analysis.tables.text_table import decimals
from benchmark.errors import InputError
from benchmark.records import RunRecord
from benchmark.truth import AccuracyKey, TruthTable

LOWEST = 0.5  # percentile of the connected architectures at which an axis starts
COLUMNS = 3  # panels in a row at most
PANEL = (2.0, 1.9)  # inches; three in a row fill the width of a printed page
LETTERS = 14  # of a note per inch
HEXAGONS = (40, 24)  # across a panel and up
STRIP = 0.12  # of a panel's height, below the hexagons, for the note
_NOTE: dict[str, Any] = {"ha": "right", "size": "small", "color": "0.3"}


class Panel(NamedTuple):
    """One run against the truth."""

    method: str  # its name
    seed: int  # its seed
    scores: NDArray[np.float64]  # higher is better, in the method's own unit, shape [n]
    truth: NDArray[np.float64]  # true accuracies of the same architectures, percent, shape [n]
    connected: NDArray[np.bool_]  # whether a signal reaches the output, shape [n]
    tau: float  # Kendall's tau-b over all n, NaN where it is undefined
    key: AccuracyKey  # the accuracy


class PanelWindow(NamedTuple):
    """The visible part of a panel."""

    scores: tuple[float, float]  # lowest and highest score
    truth: tuple[float, float]  # lowest and highest accuracy, percent
    inside: NDArray[np.bool_]  # which architectures lie within both, shape [n]


def scores_against_truth_data(
    records: Iterable[RunRecord], table: TruthTable, key: AccuracyKey
) -> tuple[Panel, ...]:
    """Return a panel for each method's lowest seed, methods in the order of their records.

    Only architectures that were scored and are in the table are shown.
    """
    runs = comparable(records)
    table = scored_part(table, runs)
    truth = table.accuracy(key)
    connected = table.space.works(table.codes)
    first: dict[str, RunRecord] = {}
    for record in runs:
        if record.seed < first.setdefault(record.name, record).seed:
            first[record.name] = record
    panels = []
    for record in first.values():
        scores = record.scores_of(table.codes)
        tau = kendall_tau(scores, truth)
        panels.append(Panel(record.name, record.seed, scores, truth, connected, tau, key))
    return tuple(panels)


def window(panel: Panel) -> PanelWindow:
    """Return the visible part of a panel; where no architecture is connected, all count."""
    counted = panel.connected if panel.connected.any() else np.ones_like(panel.connected)
    scores, truth = (
        (float(np.percentile(values[counted], LOWEST)), float(values[counted].max()))
        for values in (panel.scores, panel.truth)
    )
    inside = counted & (panel.scores >= scores[0]) & (panel.truth >= truth[0])
    return PanelWindow(scores, truth, inside)


def draw_scores_against_truth(panel: Panel, ax: Axes) -> Axes:
    """Draw the density of architectures over score and truth, on a log scale of colour."""
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
    """Draw panels in a grid with one scale of colour; an incomplete last row is centred."""
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
        figure.set_layout_engine("none")  # laid out once: drawing again moves nothing
    return figure


def _padded(limits: tuple[float, float]) -> tuple[float, float]:
    low, high = limits
    size = max(abs(low), abs(high))
    # any margin will do where all are equal up to rounding
    margin = 0.03 * (high - low) if high - low > 1e-9 * size else (size or 1.0)
    return low - margin, high + margin


def _truth_label(panel: Panel) -> str:
    accuracy, where = describe(panel.key).split(", ", 1)
    return f"true {accuracy} (%)\n{where}"


def _note(panel: Panel) -> str:
    lowest = f"the lowest {LOWEST}% by score or by accuracy."
    disconnected = int((~panel.connected).sum())
    if disconnected in (0, panel.connected.size):
        return f"Not shown: {lowest}"
    return f"Not shown: {disconnected:,} disconnected architectures, and of the others {lowest}"


def _share_colours(figure: Figure) -> None:
    """Give all panels one scale of colour, with a colour bar."""
    hexagons = [collection for ax in figure.axes for collection in ax.collections]
    most = max(int(np.max(np.asarray(collection.get_array()))) for collection in hexagons)
    for collection in hexagons:
        collection.set_norm(LogNorm(1, max(most, 10)))
    bar = figure.colorbar(hexagons[0], ax=figure.axes, aspect=40, pad=0.02, format="{x:,.0f}")
    bar.set_label("architectures in a hexagon")
