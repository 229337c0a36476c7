"""How well scores rank architectures, measured against their true accuracies.

Directions: a score goes up with quality, whatever its unit; truth is accuracy in percent; regret is
never negative and zero is best; every other metric is better when higher. Metrics in accuracy's
unit are percent, regret is percentage points, all others are pure numbers.

Ties: tau is tau-b and rho uses average ranks; a top-k metric is its expectation over random order
among equal scores and, independently, among equal truths. All are functions of the values alone.

Missing: a metric that the data leave undefined is NaN, never a number that looks like a result.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import stats

from analysis.metrics.topk import expected_best, finite_vectors, membership
from benchmark.errors import InputError


@dataclass(frozen=True)
class RankMetrics:
    """Every metric of one ranking; the module docstring fixes directions, units and ties.

    Attributes:
        kendall_tau: tau-b, -1 to 1; NaN if all scores or all truths are equal.
        spearman_rho: -1 to 1; NaN where tau is.
        precision_at_1pct: share of the predicted best 1 % that is in the true best 1 %, 0 to 1.
        precision_at_5pct: the same for 5 %.
        precision_at_10pct: the same for 10 %.
        tau_top_10pct: tau-b inside the true best 10 %, including everything tied at its boundary
            (a cut through equals would depend on their order); NaN if all scores or all truths in
            it are equal.
        predicted_best: true accuracy of the architecture with the highest score, percent.
        best_of_top_10: true accuracy of the best among the ten highest scores, percent.
        regret: highest accuracy there is minus ``predicted_best``, percentage points.
    """

    kendall_tau: float
    spearman_rho: float
    precision_at_1pct: float
    precision_at_5pct: float
    precision_at_10pct: float
    tau_top_10pct: float
    predicted_best: float
    best_of_top_10: float
    regret: float


@dataclass(frozen=True)
class Metric:
    """How a field of ``RankMetrics`` is named, shown and compared.

    Attributes:
        name: the field.
        title: the heading in tables and figures.
        unit: "%", "points", or "" for a pure number.
        higher_is_better: the direction of improvement.
        bounds: the lowest and the highest value there can be.
    """

    name: str
    title: str
    unit: str = ""
    higher_is_better: bool = True
    bounds: tuple[float, float] = (0.0, 1.0)

    def of(self, metrics: RankMetrics) -> float:
        """Return this metric's value.

        Example:
            >>> METRICS["regret"].of(rank_metrics([1, 2, 3], [90, 93, 91]))
            2.0
        """
        value: float = getattr(metrics, self.name)
        return value


def rank_metrics(scores: ArrayLike, truth: ArrayLike) -> RankMetrics:
    """Compare a ranking with the truth.

    Args:
        scores: one per architecture, higher is better, shape [n].
        truth: accuracies of the same architectures in the same order, percent, shape [n].

    Returns:
        All metrics; undefined ones are NaN.

    Raises:
        InputError: not finite vectors of one length, at least 1.

    Example:
        >>> result = rank_metrics(scores=[1, 2, 3, 4], truth=[90, 91, 94, 93])
        >>> round(result.kendall_tau, 3), result.predicted_best, result.regret
        (0.667, 93.0, 1.0)
    """
    predicted, accuracy = finite_vectors(scores=scores, truths=truth)
    return _rank_metrics(predicted, accuracy)


def kendall_tau(scores: ArrayLike, truth: ArrayLike) -> float:
    """Return Kendall's tau-b alone, where nothing else is asked for.

    Args:
        scores: one per architecture, higher is better, shape [n].
        truth: accuracies of the same architectures in the same order, percent, shape [n].

    Returns:
        -1 to 1; NaN if all scores or all truths are equal.

    Raises:
        InputError: not finite vectors of one length, at least 1.

    Example:
        >>> round(kendall_tau([1, 2, 3, 4], [90, 91, 94, 93]), 3)
        0.667
    """
    return _tau(*finite_vectors(scores=scores, truths=truth))


def _rank_metrics(scores: NDArray[np.float64], truth: NDArray[np.float64]) -> RankMetrics:
    first = membership(scores, 1)
    tenth = _places(truth.size, percent=10)
    top = truth >= np.partition(truth, -tenth)[-tenth]
    return RankMetrics(
        kendall_tau=_tau(scores, truth),
        spearman_rho=_rho(scores, truth),
        precision_at_1pct=_precision(scores, truth, percent=1),
        precision_at_5pct=_precision(scores, truth, percent=5),
        precision_at_10pct=_precision(scores, truth, percent=10),
        tau_top_10pct=_tau(scores[top], truth[top]),
        predicted_best=float(first @ truth),
        best_of_top_10=expected_best(scores, truth, min(10, scores.size)),
        # a sum of non-negative terms: rounding cannot make it negative
        regret=float(first @ (truth.max() - truth)),
    )


def _places(size: int, *, percent: int) -> int:
    """Return how many items the top ``percent`` holds, rounded down in integers, at least 1."""
    return max(1, percent * size // 100)


def _precision(scores: NDArray[np.float64], truth: NDArray[np.float64], *, percent: int) -> float:
    k = _places(scores.size, percent=percent)
    return float(membership(scores, k) @ membership(truth, k)) / k


def _tau(scores: NDArray[np.float64], truth: NDArray[np.float64]) -> float:
    if _all_equal(scores) or _all_equal(truth):
        return float("nan")
    return float(stats.kendalltau(scores, truth).statistic)


def _rho(scores: NDArray[np.float64], truth: NDArray[np.float64]) -> float:
    if _all_equal(scores) or _all_equal(truth):
        return float("nan")
    return float(np.corrcoef(stats.rankdata(scores), stats.rankdata(truth))[0, 1])


def _all_equal(values: NDArray[np.float64]) -> bool:
    return bool(values.min() == values.max())


def _registry(*metrics: Metric) -> Mapping[str, Metric]:
    named = {metric.name: metric for metric in metrics}
    if len(named) < len(metrics):
        raise InputError("two metrics share a name: give each its own")
    return MappingProxyType(named)


# The metrics of a table that has no room for all.
BRIEF = ("kendall_tau", "spearman_rho", "precision_at_5pct", "predicted_best", "regret")
METRICS: Mapping[str, Metric] = _registry(
    Metric("kendall_tau", "Kendall τ-b", bounds=(-1, 1)),
    Metric("spearman_rho", "Spearman ρ", bounds=(-1, 1)),
    Metric("precision_at_1pct", "P@1%"),
    Metric("precision_at_5pct", "P@5%"),
    Metric("precision_at_10pct", "P@10%"),
    Metric("tau_top_10pct", "τ-b in the true top 10%", bounds=(-1, 1)),
    Metric("predicted_best", "Predicted best", "%", bounds=(0, 100)),
    Metric("best_of_top_10", "Best of predicted top 10", "%", bounds=(0, 100)),
    Metric("regret", "Regret", "points", higher_is_better=False, bounds=(0, 100)),
)
"""The metrics by name, in the order of tables; a new one is a field above and a line here."""
