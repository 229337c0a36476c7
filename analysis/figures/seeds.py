"""A metric of every run, with the mean of each method and its interval."""

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from numpy.typing import NDArray

from analysis.figures.style import CEILING, method_style
from analysis.metrics.ranking import METRICS
from analysis.tables import summarise_methods


class SeedValues(NamedTuple):
    """One method's runs."""

    name: str  # the method
    place: int  # its place in the order of rows
    seeds: NDArray[np.int64]  # ascending, [n]
    values: NDArray[np.float64]  # the metric at each seed, [n]
    mean: float  # over seeds
    low: float  # lower end of the bootstrap interval of the mean; NaN for one seed
    high: float  # upper end


def by_seed_data(runs: pd.DataFrame, metric: str, order: Sequence[str]) -> tuple[SeedValues, ...]:
    """Return a metric of every run of `evaluate`, by method in the order of rows."""
    summary = summarise_methods(runs, order).set_index("method")
    found = []
    for place, method in enumerate(order):
        mine = runs[runs["method"] == method].sort_values("seed")
        columns = [f"{metric}_{part}" for part in ("mean", "low", "high")]
        mean, low, high = np.asarray(summary.loc[method, columns], np.float64)
        found.append(
            SeedValues(
                method,
                place,
                mine["seed"].to_numpy(np.int64),
                mine[metric].to_numpy(np.float64),
                float(mean),
                float(low),
                float(high),
            )
        )
    return tuple(found)


def draw_by_seed(
    data: Sequence[SeedValues], ax: Axes, *, metric: str, limit: float | None = None
) -> Axes:
    """Draw the runs of each method in a row, mean and interval below; ``limit``: noise ceiling."""
    if limit is not None:
        ax.axvline(limit, **CEILING)
    for row, one in enumerate(data):
        color, marker, _ = method_style(one.place)
        ax.scatter(
            one.values,
            np.full(one.values.size, row - 0.16),
            color=color,
            marker=marker,
            s=16,
            linewidths=0.9,
        )
        if not math.isnan(one.low):
            ax.plot([one.low, one.high], [row + 0.18] * 2, color=color, linewidth=2.4)
            ax.plot([one.mean], [row + 0.18], marker="|", markersize=8, color="black")
    ax.set(
        yticks=range(len(data)),
        yticklabels=[one.name for one in data],
        xlabel=METRICS[metric].label,
        ylim=(len(data) - 0.5, -0.5),
    )
    ax.grid(axis="x", linewidth=0.4, color="0.85")
    ax.set_axisbelow(True)
    return ax
