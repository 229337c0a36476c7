"""Gradient distances between the operations of every edge, and the split that was chosen."""

from collections.abc import Sequence
from typing import NamedTuple

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from numpy.typing import NDArray

from analysis.figures.style import PAGE_WIDTH, style
from analysis.figures.traces import reading_trace
from benchmark.errors import MissingError
from benchmark.records import RunRecord
from benchmark.spaces.nb201 import EDGES, OPERATIONS

SIGNS = ("0", "id", "1×1", "3×3", "avg")  # of the operations, for narrow places
_DARK = 0.5  # of the largest distance: above, letters are white


class DistanceMatrix(NamedTuple):
    """The distances on one edge at one split."""

    node: str  # the supernet that is split
    edge: int  # index into `EDGES`
    operations: tuple[int, ...]  # indices into `OPERATIONS` in the order of rows, by group
    distances: NDArray[np.float64]  # 1 − cosine of gradients, [n, n]
    cuts: tuple[int, ...]  # sizes of the groups if this edge was chosen, else empty


def distance_data(record: RunRecord) -> tuple[DistanceMatrix, ...]:
    """Return every matrix that a run computed, split by split, edge by edge."""
    found = []
    for split in record.trace.get("splits", ()):
        groups = [[OPERATIONS.index(name) for name in group] for group in split["groups"]]
        grouped = [operation for group in groups for operation in group]
        for edge, name in enumerate("{}→{}".format(*ends) for ends in EDGES):
            matrix = split.get("distances", {}).get(name)
            if matrix is None:
                continue
            own = name == split["edge"]
            with reading_trace(record):
                order, shown = _ordered(np.array(matrix, np.float64), grouped if own else None)
            cuts = tuple(map(len, groups)) if own else ()
            found.append(DistanceMatrix(str(split["node"]), edge, order, shown, cuts))
    if not found:
        raise MissingError("no run recorded gradient distances: run gm")
    return tuple(found)


def _ordered(
    distances: NDArray[np.float64], grouped: Sequence[int] | None
) -> tuple[tuple[int, ...], NDArray[np.float64]]:
    """Return operations in the order of rows, and the matrix [n, n] in that order."""
    size = len(distances)
    order = range(size) if grouped is None else grouped
    if not 0 < size == len(set(order)) <= len(OPERATIONS) or distances.shape != (size, size):
        raise ValueError("the matrix does not have one row per operation")
    rows = [sorted(order).index(operation) for operation in order]
    return tuple(order), distances[np.ix_(rows, rows)]


def draw_distances(data: DistanceMatrix, ax: Axes, *, highest: float) -> Axes:
    """Draw one matrix on axes; ``highest`` is the darkest distance; groups that stay are framed."""
    size = len(data.distances)
    ax.imshow(data.distances, cmap="cividis_r", vmin=0, vmax=highest)
    for row, column in np.ndindex(size, size):
        value = data.distances[row, column]
        if row != column:
            ax.text(
                column,
                row,
                f"{value:.1f}".removeprefix("0"),
                ha="center",
                va="center",
                size=5.8,
                color="white" if value > _DARK * highest else "black",
            )
    signs = [SIGNS[operation] for operation in data.operations]
    ax.set_xticks(range(size), signs, size=6, rotation=90)
    ax.set_yticks(range(size), signs, size=6)
    ax.tick_params(length=0, pad=1.5)
    ax.spines[:].set_visible(False)
    start = 0
    for group in data.cuts:
        frame = Rectangle((start - 0.5, start - 0.5), group, group, fill=False)
        frame.set(edgecolor="#d55e00", linewidth=1.6, clip_on=False, zorder=3)
        ax.add_patch(frame)
        start += group
    return ax


def distance_figure(data: Sequence[DistanceMatrix]) -> Figure:
    """Draw matrices in a grid: a row per split, a column per edge, one scale of colour."""
    nodes = list(dict.fromkeys(one.node for one in data))
    highest = max(float(one.distances.max()) for one in data)
    height = 1.18 * len(nodes) + 0.2
    with style():
        # fixed margins: a constrained layout of so many axes takes seconds
        figure = Figure((PAGE_WIDTH, height))
        axes = figure.subplots(
            len(nodes),
            len(EDGES),
            squeeze=False,
            gridspec_kw={
                "left": 0.08,
                "right": 0.9,
                "bottom": 0.26 / height,
                "top": 1 - 0.18 / height,
                "wspace": 0.3,
                "hspace": 0.5,
            },
        )
        for ax in axes.flat:
            ax.set_axis_off()
        for one in data:
            ax = axes[nodes.index(one.node), one.edge]
            ax.set_axis_on()
            draw_distances(one, ax, highest=highest)
            bold = "bold" if one.cuts else "normal"
            name = "{}→{}".format(*EDGES[one.edge])
            ax.set_title(f"{name}, cut" if one.cuts else name, size=7, weight=bold, pad=2.5)
        for row, node in enumerate(nodes):
            ax = axes[row, 0]
            ax.text(
                -0.4,
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
