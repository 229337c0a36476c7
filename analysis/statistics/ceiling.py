"""The tau that a perfect predictor would reach: a table's accuracies are themselves noisy.

Two trainings of one architecture at different seeds reach different accuracies, so even the truth
of one seed does not order architectures as another does. By the Spearman–Brown formula, if single
seeds correlate by r, the means of two sets of k seeds correlate by k·r / (1 + (k − 1)·r), and such
a mean correlates with the expected accuracy by the square root of that.
"""

import math
from itertools import combinations
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from analysis.metrics.ranking import kendall_tau, rank_metrics
from benchmark.truth import AccuracyKey, TruthTable


class Ceiling(NamedTuple):
    """How far two measurements of the same architectures agree."""

    what: str  # the two measurements, in words
    tau: float  # Kendall's tau-b
    architectures: int  # how many architectures it was computed on


def noise_ceiling(table: TruthTable) -> list[Ceiling]:
    """Compare a table with itself.

    The agreement is between seeds of each accuracy that has two (mean over pairs of seeds), of
    validation with test accuracies of one data set and length of training, and of short with long
    training of one data set and split.
    """
    lines = [
        Ceiling(f"{key}, one seed with another", agreement.tau, agreement.architectures)
        for key, agreement in table.measurements.agreement.items()
    ]
    pairs = [
        (AccuracyKey(key.dataset, "valid", key.epochs), key)
        for key in table.keys
        if key.split == "test"
    ]
    pairs += [
        (short, long)
        for short in table.keys
        for long in table.keys
        if (short.dataset, short.split) == (long.dataset, long.split) and short.epochs < long.epochs
    ]
    for first, second in pairs:
        if first in table.keys and len(table) > 1:
            tau = kendall_tau(table.accuracy(first), table.accuracy(second))
            lines.append(Ceiling(f"{first} with {second}", tau, len(table)))
    return lines


class SeedAgreement(NamedTuple):
    """How far the seeds of a table agree on a set of architectures."""

    architectures: int  # how many there are
    tau: float  # Kendall's tau-b between two seeds, mean over pairs
    rho: float  # Spearman's rank correlation between two seeds, mean over pairs


def agreement_of(by_seed: NDArray[np.float64]) -> SeedAgreement:
    """Return how far seeds agree on accuracies [seeds, n]; NaN if those of one are all equal."""
    pairs = [rank_metrics(one, other) for one, other in combinations(by_seed, 2)]
    return SeedAgreement(
        by_seed.shape[1],
        float(np.mean([pair.kendall_tau for pair in pairs])),
        float(np.mean([pair.spearman_rho for pair in pairs])),
    )


class Quality(NamedTuple):
    """How reliable an accuracy is that is the mean over k seeds."""

    key: AccuracyKey  # the accuracy
    seeds: int  # number k of seeds
    tau: float  # Kendall's tau-b between two seeds, mean over pairs
    rho: float  # Spearman's rank correlation between two seeds, mean over pairs
    reliability: float  # of the mean over k seeds: `spearman_brown` of ``rho``
    ceiling: float  # the tau-b of scores that are the expected accuracies themselves


def table_quality(table: TruthTable) -> list[Quality]:
    """Return the reliability of a table's accuracies that have the same seeds throughout."""
    return [
        Quality(
            key, it.seeds, it.tau, it.rho, spearman_brown(it.rho, it.seeds),
            ceiling_tau(it.tau, it.seeds),
        )
        for key, it in table.measurements.agreement.items()
        if it.seeds is not None
    ]  # fmt: skip


def noise_limit(table: TruthTable, key: AccuracyKey) -> float | None:
    """Return `Quality.ceiling` of an accuracy, or None where its seeds do not determine it."""
    return next((one.ceiling for one in table_quality(table) if one.key == key), None)


def spearman_brown(correlation: float, count: float) -> float:
    """Return the correlation k·r / (1 + (k − 1)·r) between means of k measurements.

    It is 0 where that between two single ones, r, is not positive, and NaN where r is.
    """
    if math.isnan(correlation):
        return math.nan
    return count * correlation / (1 + (count - 1) * correlation) if correlation > 0 else 0.0


def ceiling_tau(tau: float, seeds: int) -> float:
    """Return the tau-b that perfect scores reach against means over seeds.

    ``tau`` is that between two seeds; NaN gives NaN.

    Tau is converted to a correlation and back as for normal variables, r = sin(π·τ / 2) [Greiner
    1909]; the ceiling is that of the square root of `spearman_brown`.
    """
    reliability = spearman_brown(math.sin(math.pi * tau / 2), seeds)
    return 2 / math.pi * math.asin(math.sqrt(reliability))
