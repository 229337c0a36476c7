"""Paired comparisons of methods: which differ, and how many seeds it would take to show it.

At one seed all methods start from the same weights and see the same batches, so they are compared
by their differences seed by seed. Each pair of methods is tested by sign flips and by Wilcoxon's
signed ranks; the p-values of either test are adjusted by Holm over the pairs compared in one
metric. The sign-flip test decides.

A NaN among the differences makes results NaN; "not significant" never means equal.
"""

import math
from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import combinations

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from scipy import optimize, stats

from analysis.metrics.ranking import METRICS, Metric, metric_named
from analysis.statistics.intervals import bootstrap_mean
from analysis.statistics.permutation import holm, sign_flip_p, smallest_p, wilcoxon_p
from benchmark.errors import InputError, MissingError

ALPHA = 0.05
POWER = 0.8
MAX_SEEDS = 1_000  # more would never be run
LARGEST_EFFECT = 10.0  # standard deviations; SciPy's noncentral t fails beyond


@dataclass(frozen=True)
class PairedComparison:
    """One method minus another in one metric, over the seeds that both have."""

    metric: str  # name of the metric
    method: str  # the first method
    other: str  # the one subtracted
    seeds: tuple[int, ...]  # the seeds compared, ascending
    difference: float  # mean of method minus other, in the metric's unit
    low: float  # lower end of the bootstrap interval of the mean difference; NaN for one seed
    high: float  # upper end
    p_value: float  # of the two-sided sign-flip test, not adjusted
    adjusted_p: float  # the same, adjusted for the number of pairs
    wilcoxon_p: float  # of Wilcoxon's test, adjusted for the number of pairs
    alpha: float  # level of significance for all pairs together
    is_significant: bool  # whether ``adjusted_p`` is at most alpha
    reachable: bool  # whether any outcome at these numbers of seeds could have been significant
    detectable: float  # see `detectable_difference`; NaN where there is none
    seeds_needed: int | None  # see `seeds_needed`; None where no number will do

    @property
    def better(self) -> str | None:
        """The method that is significantly better, or None."""
        if not self.is_significant:
            return None
        higher = METRICS[self.metric].higher_is_better
        return self.method if (self.difference > 0) == higher else self.other

    @property
    def sentence(self) -> str:
        """The outcome in words, and how many seeds a significant one would need."""
        metric, seeds = METRICS[self.metric], len(self.seeds)
        over = f"over {seeds} seed{'' if seeds == 1 else 's'}"
        if math.isnan(self.difference):
            return f"{self.method} − {self.other}: {metric.title} is undefined {over}."
        text = f"{self.method} − {self.other}: {metric.title} {_signed(self.difference, metric)}"
        if not math.isnan(self.low):
            text += f" [{_signed(self.low, metric)}, {_signed(self.high, metric)}]"
        text += f" {over}, p = {self.adjusted_p:.2g}: "
        if self.better is not None:
            return f"{text}{self.better} is better."
        text += "not significant"
        if not self.reachable:
            text += f", and so few seeds cannot be at {self.alpha:g}"
        if self.seeds_needed is None:
            return f"{text}; no number of seeds up to {MAX_SEEDS:,} is likely to show it."
        return f"{text}; {self.seeds_needed} seeds could show a difference of this size."


def compare_methods(
    runs: pd.DataFrame,
    metric: str,
    generator: np.random.Generator,
    *,
    pairs: Sequence[tuple[str, str]] | None = None,
    alpha: float = ALPHA,
) -> list[PairedComparison]:
    """Compare methods two by two in one metric; the result is in the order of pairs.

    ``runs`` has a row per run, as from `analysis.tables.evaluate`. The ``pairs`` are one family of
    tests, by default all. Resamples and sign patterns are drawn where there are too many to
    enumerate.
    """
    metric_named(metric)
    if not 0 < alpha < 1:
        raise InputError(f"alpha is {alpha}: choose a level between 0 and 1, as {ALPHA}")
    values = _by_seed(runs, metric)
    if pairs is None:
        pairs = list(combinations(values, 2))
    paired = [_differences(values, *pair) for pair in pairs]
    least = [
        math.nan if np.isnan(differences).any() else smallest_p(differences.size)
        for _, differences in paired
    ]
    level = alpha / max(1, np.sum(~np.isnan(least)))  # what the smallest of Holm's p has to reach
    found = []
    for (method, other), (seeds, differences), best in zip(pairs, paired, holm(least), strict=True):
        interval = bootstrap_mean(differences, generator=generator)
        found.append(
            PairedComparison(
                metric=metric,
                method=method,
                other=other,
                seeds=seeds,
                difference=float(differences.mean()),
                low=interval.low,
                high=interval.high,
                p_value=sign_flip_p(differences, generator),
                adjusted_p=math.nan,
                wilcoxon_p=wilcoxon_p(differences, generator),
                alpha=alpha,
                is_significant=False,
                reachable=not best > alpha,
                detectable=detectable_difference(differences, alpha=level),
                seeds_needed=seeds_needed(differences, alpha=level),
            )
        )
    by_flips = holm([one.p_value for one in found])
    by_ranks = holm([one.wilcoxon_p for one in found])
    return [
        replace(
            one,
            adjusted_p=float(flips),
            wilcoxon_p=float(ranks),
            is_significant=bool(flips <= alpha),
        )
        for one, flips, ranks in zip(found, by_flips, by_ranks, strict=True)
    ]


def seeds_needed(
    differences: ArrayLike, *, alpha: float = ALPHA, power: float = POWER
) -> int | None:
    """Return how many seeds would show a difference of this mean and spread, of [seeds] observed.

    None if they are above ``MAX_SEEDS``, the mean is zero, or the spread is unknown.

    The number is that of a two-sided paired t-test (noncentral t; Cohen, *Statistical Power
    Analysis*, 1988, chapter 2), which approximates the sign-flip test, and at least what the
    smallest sign-flip p-value requires. It is a rough guide.
    """
    values = _checked(differences, alpha, power)
    if values.size < 2 or np.isnan(values).any() or values.mean() == 0:
        return None
    spread = float(values.std(ddof=1))
    effect = LARGEST_EFFECT
    if spread > 0:
        effect = min(abs(float(values.mean())) / spread, LARGEST_EFFECT)

    def is_enough(number: int) -> bool:
        return smallest_p(number) <= alpha and _power(number, effect, alpha) >= power

    # power grows with the number of seeds, so the first that suffices is found by bisection
    number = 2 + bisect_left(range(2, MAX_SEEDS + 1), True, key=is_enough)
    return number if number <= MAX_SEEDS else None


def detectable_difference(
    differences: ArrayLike, *, alpha: float = ALPHA, power: float = POWER
) -> float:
    """Return the smallest true difference that as many seeds of the same spread would show.

    NaN if the spread is unknown, or if no difference is significant at so few seeds.

    It depends on their spread alone, not on their mean. Arguments, test and errors are those of
    `seeds_needed`.
    """
    values = _checked(differences, alpha, power)
    number = values.size
    if number < 2 or np.isnan(values).any() or smallest_p(number) > alpha:
        return math.nan
    if _power(number, LARGEST_EFFECT, alpha) < power:
        return math.nan
    effect = optimize.brentq(
        lambda effect: _power(number, effect, alpha) - power, 0, LARGEST_EFFECT
    )
    return float(effect * values.std(ddof=1))


def _checked(differences: ArrayLike, alpha: float, power: float) -> NDArray[np.float64]:
    if not (0 < alpha < 1 and 0 < power < 1):
        raise InputError(f"alpha is {alpha}, power {power}: choose each between 0 and 1")
    return np.asarray(differences, dtype=np.float64)


def _power(number: int, effect: float, alpha: float) -> float:
    """Return the power of a two-sided paired t-test; the effect in standard deviations."""
    limit = stats.t.isf(alpha / 2, number - 1)
    return float(stats.nct.sf(limit, number - 1, effect * math.sqrt(number)))


def _by_seed(runs: pd.DataFrame, metric: str) -> dict[str, dict[int, float]]:
    values: dict[str, dict[int, float]] = {}
    for method, seed, value in zip(runs["method"], runs["seed"], runs[metric], strict=True):
        of_method = values.setdefault(str(method), {})
        if int(seed) in of_method:
            raise InputError(f"{method} seed {seed} is given twice: give each run once")
        of_method[int(seed)] = float(value)
    return values


def _differences(
    values: dict[str, dict[int, float]], method: str, other: str
) -> tuple[tuple[int, ...], NDArray[np.float64]]:
    """Return the seeds that two methods share, and their differences there."""
    for name in (method, other):
        if name not in values:
            raise MissingError(f"no run of {name}: run it, or leave it out of the comparison")
    one, two = values[method], values[other]
    seeds = tuple(sorted(one.keys() & two.keys()))
    if not seeds:
        raise MissingError(f"{method} and {other} have no seed in common: run both at the same")
    return seeds, np.array([one[seed] - two[seed] for seed in seeds])


def _signed(value: float, metric: Metric) -> str:
    return f"{value:+.{metric.digits}f}".replace("-", "−")
