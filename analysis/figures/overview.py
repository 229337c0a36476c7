"""The means of all methods in all metrics, as a shaded table."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import pandas as pd
import seaborn as sns
from matplotlib.axes import Axes
from numpy.typing import NDArray

from analysis.metrics.ranking import METRICS
from analysis.tables import summarise_methods
from analysis.tables.cells import UNDEFINED, rounded


class Overview(NamedTuple):
    """Means over seeds."""

    methods: tuple[str, ...]  # names of rows
    metrics: tuple[str, ...]  # names of columns, of ``METRICS``
    means: NDArray[np.float64]  # in each metric's unit, NaN where undefined, [methods, metrics]
    shades: NDArray[np.float64]  # each mean scaled from the worst of its column, 0, to the best, 1


def overview_data(runs: pd.DataFrame, order: Sequence[str]) -> Overview:
    """Return the mean of every metric for every method; equal means all have the shade 1."""
    summary = summarise_methods(runs, order)
    means = summary[[f"{name}_mean" for name in METRICS]].to_numpy(np.float64)
    signs = np.array([1 if metric.higher_is_better else -1 for metric in METRICS.values()])
    good = means * signs
    shades = np.full(good.shape, np.nan)
    for column in range(good.shape[1]):
        known = ~np.isnan(good[:, column])
        if known.any():
            values = good[known, column]
            width = values.max() - values.min()
            shades[known, column] = (values - values.min()) / width if width else 1.0
    return Overview(tuple(order), tuple(METRICS), means, shades)


def draw_overview(data: Overview, ax: Axes) -> Axes:
    """Draw means as a table whose cells are the darker, the better they are in their column."""
    metrics = [METRICS[name] for name in data.metrics]
    texts = [
        [
            UNDEFINED if np.isnan(mean) else rounded(mean, metric.digits)
            for mean, metric in zip(row, metrics, strict=True)
        ]
        for row in data.means
    ]
    sns.heatmap(
        np.nan_to_num(data.shades),  # seaborn does not annotate NaN cells
        annot=np.array(texts),
        fmt="",
        ax=ax,
        cmap="Blues",
        vmin=0,
        vmax=1.8,  # so that black letters are legible on the darkest
        cbar=False,
        linewidths=0.8,
        annot_kws={"size": 7, "color": "black"},
        xticklabels=[metric.label for metric in metrics],
        yticklabels=list(data.methods),
    )
    ax.tick_params(length=0, labelsize=7)
    ax.xaxis.tick_top()
    ax.set_xticklabels(ax.get_xticklabels(), rotation=35, ha="left", rotation_mode="anchor")
    ax.set_yticklabels(ax.get_yticklabels(), rotation=0)
    return ax
