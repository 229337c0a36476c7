"""Matrices of gradient distances side by side, as many as can be read on a page."""

import textwrap
from collections.abc import Mapping, Sequence
from enum import StrEnum
from typing import NamedTuple

import matplotlib as mpl
from matplotlib.figure import Figure

from analysis.figures.distances import DistanceMatrix, draw_distances
from analysis.figures.signs import sign_of
from analysis.figures.style import PAGE_WIDTH, style

# all lengths are in inches
_NAME, _BAR = 0.27, 0.7  # width of the names of splits, at the left, and of the colour bar
_CELL, _LETTER = 0.13, 0.06  # what a number in a matrix and a letter of a title need
_SIGN_LETTER, _SIGN_MARGIN = 0.055, 0.06  # width of a letter of a sign, and around it
_TITLE, _TITLE_LINE = 0.19, 0.11  # height of a title, and of each line more
_FEWEST, _MOST = 4, 10  # columns
_PAGE = 9.4  # height of a page


class Shown(StrEnum):
    """Which matrices a figure shows, in words."""

    ALL = "all"
    SPLIT = "decisions that were split somewhere"
    CUT = "the decision of each split"


class PlacedMatrix(NamedTuple):
    """A matrix in the figure."""

    matrix: DistanceMatrix
    line: int
    column: int
    title: str


class DistanceGrid(NamedTuple):
    """Where matrices stand in the figure."""

    placed: tuple[PlacedMatrix, ...]
    shown: Shown  # which there are
    columns: int
    lines: int
    gap: float  # between two matrices, for signs
    node_lines: Mapping[str, int]  # first line of each split; empty where titles name splits

    @property
    def side(self) -> float:
        """Height and width of a matrix."""
        return _side(self.columns, self.gap)

    @property
    def title(self) -> float:
        """Height of titles."""
        return _TITLE + _TITLE_LINE * max(one.title.count("\n") for one in self.placed)

    @property
    def height(self) -> float:
        """Height of the figure."""
        return (self.side + self.title + self.gap) * self.lines + 0.1


def distance_grid(data: Sequence[DistanceMatrix], signs: Mapping[str, str]) -> DistanceGrid:
    """Return where matrices stand: all, or if these need more than a page, those that matter.

    A split has lines of its own and a decision one column, if that fits a page. If it does not,
    each split's own matrix is shown alone.
    """
    split = {one.decision for one in data if one.cuts}
    letters = max(len(sign_of(option, signs)) for one in data for option in one.options)
    gap = letters * _SIGN_LETTER + _SIGN_MARGIN
    grid = _by_decision(data, Shown.ALL, gap)
    if grid.height > _PAGE and split:
        grid = _by_decision([one for one in data if one.decision in split], Shown.SPLIT, gap)
    if grid.height > _PAGE and split:
        return _in_a_row([one for one in data if one.cuts], gap)
    return grid


def _by_decision(data: Sequence[DistanceMatrix], shown: Shown, gap: float) -> DistanceGrid:
    """Return a grid with lines for each split and a column for each decision."""
    decisions = list(dict.fromkeys(one.decision for one in data))
    nodes = list(dict.fromkeys(one.node for one in data))
    columns = _columns(data, len(decisions), gap)
    of_split = -(-len(decisions) // columns)
    node_lines = {node: place * of_split for place, node in enumerate(nodes)}
    placed = []
    for one in data:
        line, column = divmod(decisions.index(one.decision), columns)
        title = _wrapped(_title(one), _side(columns, gap) + gap)
        placed.append(PlacedMatrix(one, node_lines[one.node] + line, column, title))
    return DistanceGrid(tuple(placed), shown, columns, len(nodes) * of_split, gap, node_lines)


def _in_a_row(data: Sequence[DistanceMatrix], gap: float) -> DistanceGrid:
    """Return a grid of matrices one after the other, whose titles name their splits."""
    columns = _columns(data, len(data), gap)
    placed = tuple(
        PlacedMatrix(
            one,
            *divmod(place, columns),
            f"{one.node}\n{_wrapped(_title(one), _side(columns, gap) + gap)}",
        )
        for place, one in enumerate(data)
    )
    return DistanceGrid(placed, Shown.CUT, columns, -(-len(data) // columns), gap, {})


def _columns(data: Sequence[DistanceMatrix], wanted: int, gap: float) -> int:
    """Return how many matrices stand side by side, so that their numbers can be read."""
    most = max(len(one.options) for one in data)
    fit = int((PAGE_WIDTH - _NAME - _BAR) / (most * _CELL + gap))
    return max(1, min(max(_FEWEST, wanted), fit, _MOST))


def _side(columns: int, gap: float) -> float:
    """Return the height and width of a matrix."""
    return (PAGE_WIDTH - _NAME - _BAR) / columns - gap


def _title(data: DistanceMatrix) -> str:
    return f"{data.decision}, cut" if data.cuts else data.decision


def _wrapped(title: str, width: float) -> str:
    return "\n".join(textwrap.wrap(title, int(width / _LETTER)))


def distance_figure(data: Sequence[DistanceMatrix], signs: Mapping[str, str]) -> Figure:
    """Draw matrices in their grid with one scale of colour; ``signs`` stand for options."""
    grid = distance_grid(data, signs)
    highest = max(float(one.matrix.distances.max()) for one in grid.placed)
    side, title, height = grid.side, grid.title, grid.height
    with style():
        # fixed margins: a constrained layout of so many axes takes seconds
        figure = Figure((PAGE_WIDTH, height))
        axes = figure.subplots(
            grid.lines,
            grid.columns,
            squeeze=False,
            gridspec_kw={
                "left": (_NAME + grid.gap) / PAGE_WIDTH,
                "right": 1 - _BAR / PAGE_WIDTH,
                "bottom": (grid.gap + 0.05) / height,
                "top": 1 - (title + 0.05) / height,
                "wspace": grid.gap / side,
                "hspace": (title + grid.gap) / side,
            },
        )
        for ax in axes.flat:
            ax.set_axis_off()
        for one in grid.placed:
            ax = axes[one.line, one.column]
            ax.set_axis_on()
            draw_distances(one.matrix, ax, highest=highest, signs=signs)
            ax.set_title(one.title, size=7, weight="bold" if one.matrix.cuts else None, pad=2.5)
        for node, line in grid.node_lines.items():
            ax = axes[line, 0]
            ax.text(
                -(grid.gap + 0.04) / side,
                0.5,
                node,
                transform=ax.transAxes,
                rotation=90,
                va="center",
                ha="right",
                size=7,
            )
        scale = mpl.cm.ScalarMappable(mpl.colors.Normalize(0, highest), "cividis_r")
        bar = figure.colorbar(scale, cax=figure.add_axes((0.92, 0.2, 0.012, 0.6)))
        bar.set_label("gradient distance, 1 − cosine", size=7)
        bar.ax.tick_params(labelsize=6)
    return figure
