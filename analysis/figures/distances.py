"""Gradient distances between the options of decisions, and the split that was chosen."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
from matplotlib.axes import Axes
from matplotlib.patches import Rectangle
from numpy.typing import NDArray

from analysis.figures.signs import sign_of
from analysis.figures.traces import reading_trace
from benchmark.errors import MissingError
from benchmark.records import RunRecord
from benchmark.spaces.base import JOINED
from benchmark.spaces.subspaces.splits import subspaces_of

_DARK = 0.5  # of the largest distance: above, letters are white


class DistanceMatrix(NamedTuple):
    """The distances on one decision at one split, or on several that are split together."""

    node: str  # the supernet that is split
    decision: str  # its name, or theirs joined
    options: tuple[str, ...]  # in the order of rows, by group
    distances: NDArray[np.float64]  # 1 − cosine of gradients, [n, n]
    cuts: tuple[int, ...]  # sizes of the groups if this decision was chosen, else empty


def distance_data(record: RunRecord) -> tuple[DistanceMatrix, ...]:
    """Return every matrix that a run computed, split by split, in the order of decisions."""
    found = []
    with reading_trace(record):
        splits = record.trace.get("splits", ())
        subspaces = subspaces_of(splits, record.space)
        for split in splits:
            subspace, matrices = subspaces[split["node"]], split.get("distances", {})
            for name in sorted(matrices, key=record.space.find):
                decisions = record.space.find(name)
                options = [subspace.names(decisions, one) for one in subspace.options(decisions)]
                groups = split["groups"] if name == JOINED.join(split["decisions"]) else []
                order = [option for group in groups for option in group] or options
                shown = _ordered(np.array(matrices[name], np.float64), options, order)
                cuts = tuple(map(len, groups))
                found.append(DistanceMatrix(split["node"], name, tuple(order), shown, cuts))
    if not found:
        raise MissingError("no run recorded gradient distances: run gm")
    return tuple(found)


def _ordered(
    distances: NDArray[np.float64], options: Sequence[str], order: Sequence[str]
) -> NDArray[np.float64]:
    """Return the matrix [n, n] of options with its rows and columns in another order."""
    size = len(options)
    if distances.shape != (size, size):
        raise ValueError("the matrix does not have one row per option")
    rows = [options.index(option) for option in order]
    return distances[np.ix_(rows, rows)]


def draw_distances(
    data: DistanceMatrix, ax: Axes, *, highest: float, signs: Mapping[str, str]
) -> Axes:
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
    shown = [sign_of(option, signs) for option in data.options]
    ax.set_xticks(range(size), shown, size=6, rotation=90)
    ax.set_yticks(range(size), shown, size=6)
    ax.tick_params(length=0, pad=1.5)
    ax.spines[:].set_visible(False)
    start = 0
    for group in data.cuts:
        frame = Rectangle((start - 0.5, start - 0.5), group, group, fill=False)
        frame.set(edgecolor="#d55e00", linewidth=1.6, clip_on=False, zorder=3)
        ax.add_patch(frame)
        start += group
    return ax
