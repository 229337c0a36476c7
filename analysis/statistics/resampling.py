"""Which architectures were compared: an interval of a metric over architectures.

Intervals over seeds (`analysis.statistics.intervals`) say how far another training could have moved
a result; this one says how far another choice of architectures could have. Of a table that holds
the whole space it is narrow; of a few hundred architectures it can be wider than the spread of the
seeds.

Ties: an architecture that is drawn twice ties with itself in scores and truth alike, which tau-b
leaves out of both. Missing: a statistic that is NaN for the architectures there are has the
interval NaN; resamples that leave it undefined make the interval NaN as well.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
from numpy.typing import ArrayLike, NDArray

from analysis.statistics.intervals import Interval
from benchmark.errors import InputError

Statistic = Callable[[NDArray[np.float64], NDArray[np.float64]], float]


def bootstrap_architectures(
    statistic: Statistic,
    scores: ArrayLike,
    truth: ArrayLike,
    generator: np.random.Generator,
    *,
    confidence: float = 0.95,
    resamples: int = 999,
    size: int | None = None,
) -> Interval:
    """Return the percentile bootstrap interval of a statistic over architectures.

    All runs see the same resample, and the statistic is the mean over them. Where drawing all n is
    slow, ``size`` draws fewer and shrinks the interval by the root of size over n (m out of n
    bootstrap; Politis & Romano, *Annals of Statistics* 22, 1994). That holds for what settles at
    the root of n, such as tau, rho or a precision, not for the accuracy of the predicted best.

    Args:
        statistic: of scores [m] and accuracies [m], the same architectures in the same order.
        scores: of one run, shape [n], or of several, shape [runs, n].
        truth: accuracies of the same architectures, percent, shape [n].
        generator: draws the resamples.
        confidence: between 0 and 1.
        resamples: how many to draw, at least 1.
        size: how many architectures to draw each time, 2 to n; n if None.

    Returns:
        The interval, in the statistic's unit.

    Raises:
        InputError: shapes that do not fit, or confidence, resamples or size out of range.

    Example:
        >>> def pearson(scores, truth):
        ...     return np.corrcoef(scores, truth)[0, 1]
        >>> truth = np.linspace(80, 94, 300)
        >>> scores = truth + np.random.default_rng(1).normal(0, 4, 300)
        >>> interval = bootstrap_architectures(pearson, scores, truth, np.random.default_rng(0))
        >>> round(interval.low, 2), round(interval.high, 2)
        (0.68, 0.77)
    """
    accuracies = np.asarray(truth, dtype=np.float64)
    runs = np.atleast_2d(np.asarray(scores, dtype=np.float64))
    if accuracies.ndim != 1 or runs.ndim != 2 or runs.shape[1] != accuracies.size or not runs.size:
        raise InputError(
            f"scores of shape {np.shape(scores)} and truth of shape {accuracies.shape}: "
            "give one of each for every architecture"
        )
    count = accuracies.size
    drawn = count if size is None else size
    if not 2 <= drawn <= count:
        raise InputError(f"size is {drawn}: draw 2 to {count} architectures")
    if not 0 < confidence < 1:
        raise InputError(f"confidence is {confidence}: choose a value between 0 and 1, as 0.95")
    if resamples < 1:
        raise InputError(f"resamples is {resamples}: choose at least 1")

    def mean_statistic(picked: NDArray[np.int64]) -> float:
        return float(np.mean([statistic(run[picked], accuracies[picked]) for run in runs]))

    estimate = mean_statistic(np.arange(count))
    if math.isnan(estimate):
        return Interval(math.nan, math.nan)
    found = [mean_statistic(generator.integers(0, count, drawn)) for _ in range(resamples)]
    tail = (1 - confidence) / 2
    offsets = np.quantile(found, [tail, 1 - tail]) - estimate
    low, high = estimate + math.sqrt(drawn / count) * offsets
    return Interval(float(low), float(high))
