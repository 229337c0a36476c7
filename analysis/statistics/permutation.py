"""Exact tests on paired differences by sign flips, for one mean and for several at once.

If two methods do not differ, swapping them at any one seed changes nothing in distribution, so
every pattern of signs of the differences is as likely as the observed one. Up to
``MAX_EXACT_PAIRS`` pairs all 2^n patterns are counted; above, they are sampled. The only assumption
is that differences are symmetric around zero under the null hypothesis.

Why not SciPy: `scipy.stats.permutation_test` takes 50 s for the 2^20 patterns of 20 pairs and five
times as long as this for 99,999 sampled ones, and it compares sums exactly, so the rounding of
0.1 + 0.2 - 0.3 changes its one-sided p-value; `scipy.stats.wilcoxon` falls back on a normal
approximation where 14 or more pairs have ties or zeros.

Ties: patterns as extreme as the observed one count as extreme. Zero differences stay in the
sign-flip test and are dropped from Wilcoxon's, as in his definition; equal sizes share their
average rank. A NaN among the differences makes the p-value NaN.
"""

import math

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import stats

from analysis.statistics.intervals import checked_numbers
from benchmark.errors import InputError

MAX_EXACT_PAIRS = 16  # 65,536 patterns
SAMPLED_PATTERNS = 99_999
_SLACK = 1e-9  # of the largest possible sum: two sums this close differ by rounding alone


def sign_flip_p(differences: ArrayLike, generator: np.random.Generator) -> float:
    """Return the two-sided p-value of the sign-flip test that the mean is zero (Fisher).

    Of more than ``MAX_EXACT_PAIRS`` differences, patterns are drawn.
    """
    return _extreme_share(checked_numbers(differences, "differences", "pair"), generator)


def wilcoxon_p(differences: ArrayLike, generator: np.random.Generator) -> float:
    """Return the two-sided p-value of Wilcoxon's signed-rank test, exact with ties as well.

    Arguments and errors are those of `sign_flip_p`; it is 1 if all differences are zero.
    """
    values = checked_numbers(differences, "differences", "pair")
    values = values[values != 0]  # NaN stays
    return _extreme_share(np.sign(values) * stats.rankdata(np.abs(values)), generator)


def joint_sign_flip_p(
    differences: ArrayLike, generator: np.random.Generator
) -> NDArray[np.float64]:
    """Return one-sided p-values that means of differences [pairs, columns] are above zero.

    There is one error rate for all; NaN where a column lacks a pair. Patterns of more than
    ``MAX_EXACT_PAIRS`` pairs are drawn.

    The signs of a whole row flip together, which keeps the correlation of the columns. This is the
    step-down max-T procedure of Westfall & Young (*Resampling-Based Multiple Testing*, 1993,
    algorithm 2.8): a column is compared with the largest mean of all columns not yet rejected.
    Unlike Holm's correction it does not raise the smallest p-value that can be reached.
    """
    table = np.asarray(differences, dtype=np.float64)
    if table.ndim != 2 or table.size == 0 or np.isinf(table).any():
        raise InputError(f"differences of shape {table.shape}: give finite ones [pairs, columns]")
    counts = np.sum(~np.isnan(table), axis=0)
    if not counts.all():
        raise InputError(f"column {int(np.argmin(counts))} has no pair: leave it out")
    shares = np.where(np.isnan(table), 0.0, table) / counts
    slack = _SLACK * np.abs(shares).sum(axis=0).max()
    means = sign_patterns(len(table), generator) @ shares  # [patterns, columns]
    falling = np.argsort(-shares.sum(axis=0), kind="stable")
    observed = shares.sum(axis=0)[falling]
    # the largest of a column's own mean and all later ones
    largest = np.maximum.accumulate(means[:, falling][:, ::-1], axis=1)[:, ::-1]
    stepped = np.maximum.accumulate((largest >= observed - slack).mean(axis=0))
    adjusted = np.empty_like(stepped)
    adjusted[falling] = stepped
    return adjusted


def holm(p_values: ArrayLike) -> NDArray[np.float64]:
    """Return p-values [tests] adjusted for their number (Holm, *Scand. J. Statistics* 6, 1979).

    NaN stays and does not count as a test.
    """
    values = np.asarray(p_values, dtype=np.float64)
    if values.ndim != 1 or np.any((values < 0) | (values > 1)):
        raise InputError("p-values must be a list of numbers from 0 to 1, or NaN where undefined")
    adjusted = np.full(values.shape, math.nan)
    rising = np.argsort(values, kind="stable")[: np.sum(~np.isnan(values))]  # NaN sorts last
    factors = np.arange(rising.size, 0, -1)
    adjusted[rising] = np.minimum(np.maximum.accumulate(factors * values[rising]), 1.0)
    return adjusted


def smallest_p(pairs: int, *, sides: int = 2) -> float:
    """Return the smallest p-value that a test of so many pairs can give, with one or two sides."""
    if pairs < 0:
        raise InputError(f"pairs is {pairs}: it must be 0 or more")
    if pairs > MAX_EXACT_PAIRS:
        return 1 / (SAMPLED_PATTERNS + 1)
    return min(1.0, sides * 2.0**-pairs)


def sign_patterns(pairs: int, generator: np.random.Generator) -> NDArray[np.float64]:
    """Return all patterns of 1 and -1, or a sample, [patterns, pairs]; the first is all 1."""
    if pairs > MAX_EXACT_PAIRS:
        drawn = generator.integers(0, 2, (SAMPLED_PATTERNS, pairs))
        # the observed pattern is one of them, so a sampled p-value is never too small
        flips = np.concatenate((np.zeros((1, pairs), np.int64), drawn))
    else:
        flips = (np.arange(2**pairs)[:, None] >> np.arange(pairs)) & 1
    return (1 - 2 * flips).astype(np.float64)


def _extreme_share(values: NDArray[np.float64], generator: np.random.Generator) -> float:
    """Return the share of sign patterns whose sum is as far from zero as that of the values."""
    if np.isnan(values).any():
        return math.nan
    sums = sign_patterns(values.size, generator) @ values
    slack = _SLACK * float(np.abs(values).sum())
    return float((np.abs(sums) >= abs(values.sum()) - slack).mean())
