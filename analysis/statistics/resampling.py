"""A confidence interval of a metric over architectures, for one choice of architectures.

Intervals over seeds (`analysis.statistics.intervals`) say how far another training could move a
result; this one says how far another sample of architectures could.

Why not `scipy.stats.bootstrap`: Kendall's tau of 15,625 architectures takes 11 ms, so 200 resamples
of five methods at five seeds would take a minute; SciPy cannot draw fewer than n (m out of n).
"""

import math
from collections.abc import Callable

import numpy as np
from numpy.typing import ArrayLike, NDArray

from analysis.statistics.intervals import Interval, check_resampling
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

    The statistic is of scores [m] and accuracies [m]; scores are of one run [n] or of several
    [runs, n]. Where the statistic is NaN in any resample, the interval is.

    All runs see the same resample, and the statistic is the mean over them. Where drawing all n is
    slow, ``size`` draws fewer and shrinks the interval by the root of size over n (m out of n
    bootstrap; Politis & Romano, *Annals of Statistics* 22, 1994). That holds for statistics that
    converge with the root of n, such as tau, rho or a precision, not for the accuracy of the
    predicted best. An architecture drawn twice is a tie in both vectors, which tau-b leaves out.
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
    check_resampling(confidence, resamples)

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
