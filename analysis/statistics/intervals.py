"""A metric over seeds: mean, standard deviation, and a bootstrap interval of the mean.

A method has few runs, often three to five. Up to seven, the distribution of the resampled mean is
enumerated, so the interval needs no random numbers; above, `scipy.stats.bootstrap` samples it.

Percentile intervals are too narrow for few runs: the variance of resamples is (n - 1) / n of what
it should be, and their quantiles are normal where Student's t is due (Hesterberg, *The American
Statistician* 69, 2015, section 4.3); of three runs, a "95 %" interval would cover 74 %. Both ends
are therefore moved away from the mean by the factor that corrects both. They may lie beyond the
values, and even beyond the metric's range.

A NaN among the values makes every result NaN. An interval or standard deviation of one run is NaN.
"""

import math
from dataclasses import dataclass
from itertools import combinations_with_replacement

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import special, stats

from benchmark.errors import InputError

MAX_EXACT_RUNS = 7  # 1,716 distinct resamples; eight would have 6,435


@dataclass(frozen=True)
class Interval:
    """A confidence interval in the unit of the values; both ends NaN if undefined."""

    low: float
    high: float


@dataclass(frozen=True)
class Summary:
    """One metric of one method over its runs, in the metric's unit."""

    mean: float  # over the runs
    std: float  # with n - 1 in the denominator
    low: float  # lower end of the interval of the mean, within the metric's bounds
    high: float  # upper end
    runs: int  # number of values


def summarise(
    values: ArrayLike,
    generator: np.random.Generator,
    *,
    confidence: float = 0.95,
    bounds: tuple[float, float] = (-math.inf, math.inf),
) -> Summary:
    """Summarise one metric over the runs of a method, values [runs], NaN where undefined.

    The interval is clipped to ``bounds``, the metric's range.
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
    """Return the percentile bootstrap interval of the mean of values [runs], widened for few.

    More than ``MAX_EXACT_RUNS`` values are resampled, fewer enumerated.

    Example:
        >>> bootstrap_mean([1, 2, 3], confidence=0.9, generator=np.random.default_rng(0))
        Interval(low=0.5505..., high=3.4494...)
    """
    runs = checked_numbers(values, "values", "run")
    check_resampling(confidence, resamples)
    if runs.size == 1 or np.isnan(runs).any():
        return Interval(math.nan, math.nan)
    tail = (1 - confidence) / 2
    if runs.size <= MAX_EXACT_RUNS:
        ends = _exact_ends(runs, tail)
    else:
        ends = stats.bootstrap(
            (runs,),
            np.mean,
            n_resamples=resamples,
            confidence_level=confidence,
            method="percentile",
            rng=generator,
        ).confidence_interval
    quantiles = stats.t.isf(tail, runs.size - 1) / stats.norm.isf(tail)
    factor = float(quantiles * math.sqrt(runs.size / (runs.size - 1)))
    mean = float(np.sort(runs).mean())  # in any order of the runs the same to the last bit
    low, high = (mean + factor * (float(end) - mean) for end in ends)
    return Interval(low, high)


def _exact_ends(runs: NDArray[np.float64], tail: float) -> tuple[float, float]:
    """Return the quantiles of the mean over all n^n resamples, ``tail`` below and above."""
    size = runs.size
    picks = np.array(list(combinations_with_replacement(range(size), size)))  # [multisets, n]
    times = (picks[:, :, None] == np.arange(size)).sum(axis=1)  # [multisets, n]
    orders = special.factorial(size) / special.factorial(times).prod(axis=1)  # integers
    means = np.sort(runs)[picks].mean(axis=1)
    # the upper end by the rule of the lower one, so mirrored values have the mirrored interval
    low, high = (
        sign * float(np.quantile(sign * means, tail, weights=orders, method="inverted_cdf"))
        for sign in (1, -1)
    )
    return low, high


def check_resampling(confidence: float, resamples: int) -> None:
    """Check the options of a bootstrap."""
    if not 0 < confidence < 1:
        raise InputError(f"confidence is {confidence}: choose a value between 0 and 1, as 0.95")
    if resamples < 1:
        raise InputError(f"resamples is {resamples}: choose at least 1")


def checked_numbers(numbers: ArrayLike, name: str, each: str) -> NDArray[np.float64]:
    """Return numbers, of which some may be NaN, as a vector [n], n >= 1."""
    vector = np.asarray(numbers, dtype=np.float64)
    if vector.ndim != 1 or vector.size == 0:
        raise InputError(f"{name} have shape {vector.shape}: give one number for each {each}")
    if np.isinf(vector).any():
        raise InputError(f"{name} must be finite, or NaN where undefined: some are infinite")
    return vector
