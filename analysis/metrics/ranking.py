"""How well scores rank architectures, measured against their true accuracies.

Directions: a higher score means a better architecture; truth is accuracy in percent; regret is
never negative and zero is best; every other metric is better when higher.

Ties: tau is tau-b and rho uses average ranks; a top-k metric is its expectation over random order
among equal scores and, independently, among equal truths. An undefined metric is NaN.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import stats

from analysis.metrics.topk import expected_best, finite_vectors, membership
from benchmark.errors import InputError, unknown_name


@dataclass(frozen=True)
class RankMetrics:
    """Every metric of one ranking; the module docstring fixes directions and ties."""

    kendall_tau: float  # tau-b, -1 to 1; NaN if all scores or all truths are equal
    spearman_rho: float  # -1 to 1; NaN where tau is
    precision_at_1pct: float  # share of the predicted best 1 % that is in the true best 1 %, 0 to 1
    precision_at_5pct: float  # the same for 5 %
    precision_at_10pct: float  # the same for 10 %
    # tau-b inside the true best 10 %, including everything tied at its boundary; NaN if all scores
    # or all truths in it are equal
    tau_top_10pct: float
    predicted_best: float  # true accuracy of the architecture with the highest score, percent
    best_of_top_10: float  # true accuracy of the best among the ten highest scores, percent
    regret: float  # highest true accuracy minus ``predicted_best``, percentage points


@dataclass(frozen=True)
class Metric:
    """How a field of ``RankMetrics`` is named, shown and compared."""

    name: str  # the field
    title: str  # the heading in tables and figures
    unit: str = ""  # "%", "points", or "" for a pure number
    higher_is_better: bool = True  # the direction of improvement
    bounds: tuple[float, float] = (0.0, 1.0)  # its range

    @property
    def digits(self) -> int:
        """How many decimals tables and figures show."""
        return 2 if self.unit else 3

    @property
    def label(self) -> str:
        """The title with its unit."""
        return f"{self.title} ({self.unit})" if self.unit else self.title

    @property
    def heading(self) -> str:
        """The label with an arrow to the better side, such as "Regret (points) ↓"."""
        return f"{self.label} {'↑' if self.higher_is_better else '↓'}"

    def of(self, metrics: RankMetrics) -> float:
        """Return this metric's value."""
        value: float = getattr(metrics, self.name)
        return value


def rank_metrics(scores: ArrayLike, truth: ArrayLike) -> RankMetrics:
    """Compare scores [n], higher is better, with the truth, accuracies [n] in percent.

    Example:
        >>> result = rank_metrics(scores=[1, 2, 3, 4], truth=[90, 91, 94, 93])
        >>> round(result.kendall_tau, 3), result.predicted_best, result.regret
        (0.667, 93.0, 1.0)
    """
    predicted, accuracy = finite_vectors(scores=scores, truths=truth)
    first = membership(predicted, 1)
    tenth = _places(accuracy.size, percent=10)
    top = accuracy >= np.partition(accuracy, -tenth)[-tenth]
    return RankMetrics(
        kendall_tau=_tau(predicted, accuracy),
        spearman_rho=_rho(predicted, accuracy),
        precision_at_1pct=_precision(predicted, accuracy, percent=1),
        precision_at_5pct=_precision(predicted, accuracy, percent=5),
        precision_at_10pct=_precision(predicted, accuracy, percent=10),
        tau_top_10pct=_tau(predicted[top], accuracy[top]),
        # np.sum, not @: its order does not depend on the BLAS library or its threads
        predicted_best=float(np.sum(first * accuracy)),
        best_of_top_10=expected_best(predicted, accuracy, min(10, predicted.size)),
        # a sum of non-negative terms: rounding cannot make it negative
        regret=float(np.sum(first * (accuracy.max() - accuracy))),
    )


def kendall_tau(scores: ArrayLike, truth: ArrayLike) -> float:
    """Return Kendall's tau-b alone; arguments and errors are those of `rank_metrics`."""
    return _tau(*finite_vectors(scores=scores, truths=truth))


def _places(size: int, *, percent: int) -> int:
    """Return how many items the top ``percent`` holds, rounded down in integers, at least 1."""
    return max(1, percent * size // 100)


def _precision(scores: NDArray[np.float64], truth: NDArray[np.float64], *, percent: int) -> float:
    k = _places(scores.size, percent=percent)
    return float(np.sum(membership(scores, k) * membership(truth, k))) / k


def _tau(scores: NDArray[np.float64], truth: NDArray[np.float64]) -> float:
    if _all_equal(scores) or _all_equal(truth):
        return float("nan")
    return float(stats.kendalltau(scores, truth).statistic)


def _rho(scores: NDArray[np.float64], truth: NDArray[np.float64]) -> float:
    if _all_equal(scores) or _all_equal(truth):
        return float("nan")
    # sums of products of ranks are exact, in whatever order they are added
    return float(np.corrcoef(stats.rankdata(scores), stats.rankdata(truth))[0, 1])


def _all_equal(values: NDArray[np.float64]) -> bool:
    return bool(values.min() == values.max())


def _registry(*metrics: Metric) -> Mapping[str, Metric]:
    named = {metric.name: metric for metric in metrics}
    if len(named) < len(metrics):
        raise InputError("two metrics share a name: give each its own")
    return MappingProxyType(named)


# The metrics of a table that is too narrow for all.
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


def metric_named(name: str) -> Metric:
    """Return a metric by its name."""
    if name not in METRICS:
        raise unknown_name("metric", name, METRICS)
    return METRICS[name]
