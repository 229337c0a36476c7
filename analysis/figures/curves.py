"""Ranking quality as a function of the size of the top."""

from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import FuncFormatter, NullFormatter
from numpy.typing import NDArray

from analysis.figures.style import CEILING, draw_line, method_style
from analysis.metrics.ranking import kendall_tau
from analysis.metrics.topk import membership
from analysis.statistics.ceiling import noise_limit
from analysis.tables.evaluation import comparable, scored_part
from benchmark.errors import MissingError
from benchmark.records import RunRecord
from benchmark.truth import AccuracyKey, TruthTable

TAU_TOPS = (1, 2, 3, 5, 7, 10, 15, 20, 30, 50, 70, 100)  # percent
PRECISION_TOPS = (0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 50)  # percent

# from scores [n] to the metric for each size of the top
Measure = Callable[[NDArray[np.float64]], NDArray[np.float64]]


class Curve(NamedTuple):
    """A metric of one method over the size of the top."""

    name: str  # the method
    place: int  # its place in the order of rows, which decides its colour
    mean: NDArray[np.float64]  # over seeds, one for each top; NaN where a seed leaves it undefined
    low: NDArray[np.float64]  # the lowest of the seeds
    high: NDArray[np.float64]  # the highest


class CurvesData(NamedTuple):
    """Curves of all methods."""

    tops: NDArray[np.float64]  # sizes of the top, percent of the architectures, rising
    curves: tuple[Curve, ...]  # one per method
    # the metric of the table's validation accuracy taken as scores; None without one. It is no
    # ceiling: it may come from the same weights as the truth
    validation: NDArray[np.float64] | None
    chance: NDArray[np.float64]  # the expectation of a random order, one for each top
    key: AccuracyKey  # the accuracy that is the truth
    ceiling: float | None = None  # tau of perfect scores over all architectures, if known


def tau_over_top_data(
    records: Sequence[RunRecord], table: TruthTable, key: AccuracyKey, order: Sequence[str]
) -> CurvesData:
    """Return Kendall's tau-b inside the true best few percent, including ties at the boundary."""
    table = scored_part(table, comparable(records))
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

    Arguments and errors are those of `tau_over_top_data`; ties count by expectation.
    """
    table = scored_part(table, comparable(records))
    truth = table.accuracy(key)
    sizes = _places(truth, PRECISION_TOPS)
    tops = [membership(truth, places) for places in sizes]

    def measure(scores: NDArray[np.float64]) -> NDArray[np.float64]:
        found = [
            np.sum(membership(scores, k) * top) / k for k, top in zip(sizes, tops, strict=True)
        ]
        return np.array(found, np.float64)

    chance = np.array(sizes) / truth.size
    return _curves(records, table, key, order, np.array(PRECISION_TOPS), measure, chance)


def validation_key(table: TruthTable, key: AccuracyKey) -> AccuracyKey | None:
    """Return the validation accuracy that belongs to a test accuracy, if the table has it."""
    other = AccuracyKey(key.dataset, "valid", key.epochs)
    return other if key.split == "test" and other in table.keys else None


def draw_curves(data: CurvesData, ax: Axes, *, label: str) -> Axes:
    """Draw a metric over the size of the top, on a log axis, with the range over seeds."""
    for curve in data.curves:
        ax.fill_between(
            data.tops,
            curve.low,
            curve.high,
            color=method_style(curve.place).color,
            alpha=0.15,
            linewidth=0,
        )
        draw_line(
            ax,
            data.tops,
            curve.mean,
            curve.place,
            linewidth=1.2,
            label=curve.name,
            zorder=3 - 0.05 * curve.place,  # where two are equal, both markers are seen
        )
    if data.ceiling is not None:
        ax.axhline(data.ceiling, **CEILING)
    if data.validation is not None:
        dots = (0, (1, 1))
        ax.plot(data.tops, data.validation, color="0.4", linewidth=1.2, ls=dots, label="validation")
    ax.plot(data.tops, data.chance, color="0.6", linewidth=0.8, label="chance")
    ax.set(xscale="log", ylabel=label)
    ax.set_xticks([top for top in (0.1, 1, 10, 100) if data.tops[0] <= top <= data.tops[-1]])
    ax.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}%"))
    ax.xaxis.set_minor_formatter(NullFormatter())
    ax.yaxis.set_major_formatter("{x:.2f}")  # of one width: other ticks do not move the layout
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
