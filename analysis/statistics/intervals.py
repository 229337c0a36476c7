"""A metric over seeds: mean, spread, and a bootstrap interval of the mean.

Runs of one method are few, often three to five. Up to seven of them, all n^n resamples are
enumerated, so the interval draws no random number; above, they are sampled.

Percentiles of resamples lie too close together where runs are few: resamples spread by n - 1 over n
of the variance, and their quantiles are normal where Student's t is due (Hesterberg, *The American
Statistician* 69, 2015, section 4.3). Of three runs, an interval called 95 % would cover 74 %. So
both ends are moved away from the mean by the factor that mends both; skew is kept. An end may lie
beyond the values, even beyond what the metric can be: that is how little few runs say.

Missing: a NaN among the values makes everything computed from them NaN, never a mean of the rest.
An interval or a standard deviation of one run is NaN.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import combinations_with_replacement

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import stats

from benchmark.errors import InputError

MAX_EXACT_RUNS = 7  # 1,716 distinct resamples; eight would have 6,435


@dataclass(frozen=True)
class Interval:
    """A confidence interval in the unit of the values; both ends NaN if undefined."""

    low: float
    high: float


@dataclass(frozen=True)
class Summary:
    """One metric of one method over its runs, in the metric's unit.

    Attributes:
        mean: over the runs.
        std: with n - 1 in the denominator; NaN for one run.
        low: lower end of the interval of the mean, within the bounds; NaN for one run.
        high: upper end.
        runs: how many values went in.
    """

    mean: float
    std: float
    low: float
    high: float
    runs: int


def summarise(
    values: ArrayLike,
    generator: np.random.Generator,
    *,
    confidence: float = 0.95,
    bounds: tuple[float, float] = (-math.inf, math.inf),
) -> Summary:
    """Summarise one metric over the runs of a method.

    Args:
        values: one per run, any unit, NaN where undefined, shape [runs].
        generator: draws resamples when there are more than ``MAX_EXACT_RUNS`` values.
        confidence: of the interval, between 0 and 1.
        bounds: the lowest and highest value there can be; the interval is cut there.

    Returns:
        Mean, standard deviation and interval; all NaN if a value is.

    Raises:
        InputError: no values, infinite ones, more than one dimension, or confidence out of range.

    Example:
        >>> round(summarise([0.5, 0.6, 0.7], np.random.default_rng(0)).low, 3)
        0.331
    """
    runs = checked_numbers(values, "values", "run")
    interval = bootstrap_mean(runs, confidence=confidence, generator=generator)
    return Summary(
        mean=float(runs.mean()),
        std=float(runs.std(ddof=1)) if runs.size > 1 else math.nan,
        low=float(np.clip(interval.low, *bounds)),
        high=float(np.clip(interval.high, *bounds)),
        runs=runs.size,
    )


def bootstrap_mean(
    values: ArrayLike,
    *,
    confidence: float = 0.95,
    resamples: int = 9_999,
    generator: np.random.Generator,
) -> Interval:
    """Return the percentile bootstrap interval of the mean, widened for few runs.

    For paired runs (the same seeds under two methods) give the differences.

    Args:
        values: one per run, NaN where undefined, shape [runs].
        confidence: between 0 and 1.
        resamples: how many to draw when there are more than ``MAX_EXACT_RUNS`` values.
        generator: draws them; untouched for fewer values.

    Returns:
        The interval; NaN for one run or if a value is NaN.

    Raises:
        InputError: no values, infinite ones, more than one dimension, or confidence or resamples
            out of range.

    Example:
        >>> bootstrap_mean([1, 2, 3], confidence=0.9, generator=np.random.default_rng(0))
        Interval(low=0.5505..., high=3.4494...)
    """
    runs = checked_numbers(values, "values", "run")
    if not 0 < confidence < 1:
        raise InputError(f"confidence is {confidence}: choose a value between 0 and 1, as 0.95")
    if resamples < 1:
        raise InputError(f"resamples is {resamples}: choose at least 1")
    if runs.size == 1 or np.isnan(runs).any():
        return Interval(math.nan, math.nan)
    if runs.size <= MAX_EXACT_RUNS:
        return _widened(_exact_interval(runs, confidence), runs, confidence)
    result = stats.bootstrap(
        (runs,),
        np.mean,
        n_resamples=resamples,
        confidence_level=confidence,
        method="percentile",
        rng=generator,
    )
    low, high = result.confidence_interval
    return _widened(Interval(float(low), float(high)), runs, confidence)


def _widened(interval: Interval, runs: NDArray[np.float64], confidence: float) -> Interval:
    """Move both ends away from the mean until normal values are covered as often as stated."""
    tail = (1 - confidence) / 2
    quantiles = stats.t.isf(tail, runs.size - 1) / stats.norm.isf(tail)
    factor = float(quantiles * math.sqrt(runs.size / (runs.size - 1)))
    mean = float(np.sort(runs).mean())  # in any order the same to the last bit
    return Interval(mean + factor * (interval.low - mean), mean + factor * (interval.high - mean))


def _exact_interval(runs: NDArray[np.float64], confidence: float) -> Interval:
    """Return the interval from all n^n resamples: beyond each end lies less than half the rest."""
    means, counts = _resampled_means(runs)
    tail = (1 - confidence) / 2 * counts.sum()
    from_below, from_above = np.cumsum(counts), np.cumsum(counts[::-1])
    # both ends by one rule, so mirrored values have the mirrored interval
    low = means[np.searchsorted(from_below, tail)]
    high = means[::-1][np.searchsorted(from_above, tail)]
    return Interval(float(low), float(high))


def _resampled_means(runs: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """Return the mean of every resample, rising, and in how many orders it can be drawn."""
    size = runs.size
    picks = np.array(list(combinations_with_replacement(range(size), size)))  # [multisets, n]
    times = (picks[:, :, None] == np.arange(size)).sum(axis=1)  # [multisets, n]
    factorial = np.array([math.factorial(i) for i in range(size + 1)])
    orders = factorial[size] // factorial[times].prod(axis=1)
    means = np.sort(runs)[picks].mean(axis=1)
    rising = np.argsort(means, kind="stable")
    return means[rising], orders[rising]


def checked_numbers(numbers: ArrayLike, name: str, each: str) -> NDArray[np.float64]:
    """Return numbers that may be NaN as a vector.

    Args:
        numbers: at least one, shape [n].
        name: what messages call them.
        each: what there is one of for each number, for messages.

    Raises:
        InputError: no numbers, infinite ones, or more than one dimension.
    """
    vector = np.asarray(numbers, dtype=np.float64)
    if vector.ndim != 1 or vector.size == 0:
        raise InputError(f"{name} have shape {vector.shape}: give one number for each {each}")
    if np.isinf(vector).any():
        raise InputError(f"{name} must be finite, or NaN where undefined: some are infinite")
    return vector
