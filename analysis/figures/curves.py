"""How ranking quality changes with the size of the top that is looked at."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import FuncFormatter, NullFormatter
from numpy.typing import NDArray

from analysis.figures.style import CEILING, look
from analysis.metrics.ranking import kendall_tau
from analysis.metrics.topk import membership
from analysis.statistics.ceiling import noise_limit
from benchmark.errors import MissingError
from benchmark.records import RunRecord
from benchmark.truth import AccuracyKey, TruthTable

TAU_TOPS = (1, 2, 3, 5, 7, 10, 15, 20, 30, 50, 70, 100)  # percent
PRECISION_TOPS = (0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 50)  # percent

# for each size of the top, what scores give
Measure = Callable[[NDArray[np.float64]], NDArray[np.float64]]


class Curve(NamedTuple):
    """A metric over the size of the top.

    Attributes:
        name: The method.
        place: Its place in the order of rows, which decides its look.
        mean: Over seeds, one for each top; NaN where a seed leaves it undefined.
        low: The lowest of the seeds.
        high: The highest.
    """

    name: str
    place: int
    mean: NDArray[np.float64]
    low: NDArray[np.float64]
    high: NDArray[np.float64]


class CurvesData(NamedTuple):
    """Curves of all methods.

    Attributes:
        tops: Sizes of the top, percent of the architectures, rising.
        curves: One a method.
        validation: The same metric of the table's validation accuracy taken as scores, or None
            where it has none. It is no ceiling: it may come from the same weights as the truth.
        chance: What a random order would reach, one for each top.
        key: Which accuracy is the truth.
        ceiling: What perfect scores would reach over all architectures, where the metric is tau
            and the table's seeds tell; else None.
    """

    tops: NDArray[np.float64]
    curves: tuple[Curve, ...]
    validation: NDArray[np.float64] | None
    chance: NDArray[np.float64]
    key: AccuracyKey
    ceiling: float | None = None


def tau_over_top_data(
    records: Sequence[RunRecord], table: TruthTable, key: AccuracyKey, order: Sequence[str]
) -> CurvesData:
    """Return Kendall's tau-b inside the true best few percent, everything tied at the edge with it.

    Args:
        records: The runs.
        table: The truth.
        key: Which accuracy of it.
        order: Methods in the order of rows.

    Returns:
        A curve a method.

    Raises:
        MissingError: The table lacks the accuracy.
    """
    truth = table.accuracy(key)
    tops = [truth >= np.partition(truth, -places)[-places] for places in _places(truth, TAU_TOPS)]

    def measure(scores: NDArray[np.float64]) -> NDArray[np.float64]:
        return np.array([kendall_tau(scores[top], truth[top]) for top in tops])

    chance = np.zeros(len(TAU_TOPS))
    curves = _curves(records, table, key, order, np.array(TAU_TOPS, np.float64), measure, chance)
    return curves._replace(ceiling=noise_limit(table, key))


def precision_data(
    records: Sequence[RunRecord], table: TruthTable, key: AccuracyKey, order: Sequence[str]
) -> CurvesData:
    """Return the share of the predicted best few percent that is among the true ones.

    Args and errors are those of `tau_over_top_data`; ties count by expectation.
    """
    truth = table.accuracy(key)
    sizes = _places(truth, PRECISION_TOPS)
    tops = [membership(truth, places) for places in sizes]

    def measure(scores: NDArray[np.float64]) -> NDArray[np.float64]:
        found = [membership(scores, k) @ top / k for k, top in zip(sizes, tops, strict=True)]
        return np.array(found, np.float64)

    chance = np.array(sizes) / truth.size
    return _curves(records, table, key, order, np.array(PRECISION_TOPS), measure, chance)


def validation_key(table: TruthTable, key: AccuracyKey) -> AccuracyKey | None:
    """Return the validation accuracy after as much training, if the table has it beside a test."""
    other = AccuracyKey(key.dataset, "valid", key.epochs)
    return other if key.split == "test" and other in table.keys else None


def draw_curves(data: CurvesData, ax: Axes, *, label: str) -> Axes:
    """Draw a metric over the size of the top, on a log axis, with the range over seeds.

    Args:
        data: What to draw.
        ax: Where.
        label: What the metric is called.

    Returns:
        ``ax``.
    """
    for curve in data.curves:
        color, marker, linestyle = look(curve.place)
        ax.fill_between(data.tops, curve.low, curve.high, color=color, alpha=0.15, linewidth=0)
        ax.plot(
            data.tops,
            curve.mean,
            color=color,
            marker=marker,
            linestyle=linestyle,
            markersize=3.5,
            linewidth=1.2,
            label=curve.name,
            zorder=3 - 0.05 * curve.place,  # where two are equal, both signs are seen
        )
    if data.ceiling is not None:
        ax.axhline(data.ceiling, **CEILING)
    if data.validation is not None:
        ax.plot(
            data.tops,
            data.validation,
            color="0.4",
            linewidth=1.2,
            linestyle=(0, (1, 1)),
            label="validation",
        )
    ax.plot(data.tops, data.chance, color="0.6", linewidth=0.8, label="chance")
    ax.set(xscale="log", ylabel=label)
    ax.set_xticks([top for top in (0.1, 1, 10, 100) if data.tops[0] <= top <= data.tops[-1]])
    ax.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}%"))
    ax.xaxis.set_minor_formatter(NullFormatter())
    ax.yaxis.set_major_formatter("{x:.2f}")  # as wide whichever ticks laying out chooses
    ax.margins(x=0.02)
    return ax


def _curves(
    records: Sequence[RunRecord],
    table: TruthTable,
    key: AccuracyKey,
    order: Sequence[str],
    tops: NDArray[np.float64],
    measure: Measure,
    chance: NDArray[np.float64],
) -> CurvesData:
    curves = []
    for place, method in enumerate(order):
        of_seeds = [measure(one.scores_of(table.codes)) for one in records if one.name == method]
        if not of_seeds:
            raise MissingError(f"no run of {method}: run it, or leave it out of the order")
        values = np.array(of_seeds)
        curves.append(
            Curve(method, place, values.mean(axis=0), values.min(axis=0), values.max(axis=0))
        )
    other = validation_key(table, key)
    validation = None if other is None else measure(table.accuracy(other))
    return CurvesData(tops, tuple(curves), validation, chance, key)


def _places(truth: NDArray[np.float64], tops: Sequence[float]) -> list[int]:
    """Return how many architectures each top holds, rounded down, at least 1."""
    return [max(1, int(percent * truth.size / 100 + 1e-9)) for percent in tops]
