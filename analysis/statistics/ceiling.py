"""How well a perfect predictor could do: a table's accuracies are themselves measured with noise.

Two trainings of one architecture that differ in their seed reach different accuracies, so even
the truth of one seed does not order architectures as another does. What a method scores should be
read beside these numbers.

How reliable a mean over seeds is follows from how far single seeds agree, by the Spearman–Brown
formula: if two seeds correlate by r, the means of two sets of k seeds correlate by
k·r / (1 + (k − 1)·r), and such a mean correlates with what it measures by the square root of that.
"""

from __future__ import annotations

import math
from itertools import combinations
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from analysis.metrics.ranking import rank_metrics
from benchmark.truth import AccuracyKey, TruthTable


class Ceiling(NamedTuple):
    """How far two measurements of the same architectures agree.

    Attributes:
        what: What was compared, a few words.
        tau: Kendall's tau-b.
        architectures: How many architectures it was computed on.
    """

    what: str
    tau: float
    architectures: int


def noise_ceiling(table: TruthTable) -> list[Ceiling]:
    """Compare a table with itself: seeds, validation with test, short with long training.

    Args:
        table: The table.

    Returns:
        One line for each accuracy that has two seeds (tau-b between the accuracies of two seeds,
        mean over pairs of seeds), for each pair of validation and test accuracies of one data set
        and length of training, and for each pair of lengths of one data set and split.

    Example:
        >>> import numpy as np
        >>> from benchmark.truth import Source
        >>> valid, test = AccuracyKey("cifar10", "valid", 12), AccuracyKey("cifar10", "test", 12)
        >>> accuracies = {valid: np.array([1, 2, 3]), test: np.array([5, 7, 9])}
        >>> table = TruthTable("three", "-", Source("-", "-"), np.array([0, 1, 2]), accuracies)
        >>> noise_ceiling(table)
        [Ceiling(what='cifar10_valid_12 with cifar10_test_12', tau=1.0, architectures=3)]
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
            tau = rank_metrics(table.accuracy(first), table.accuracy(second)).kendall_tau
            lines.append(Ceiling(f"{first} with {second}", tau, len(table)))
    return lines


class Agreed(NamedTuple):
    """How far the seeds of a table agree on a set of architectures.

    Attributes:
        architectures: How many there are.
        tau: Kendall's tau-b between two seeds, a mean over pairs.
        rho: Spearman's rank correlation between two seeds, a mean over pairs.
    """

    architectures: int
    tau: float
    rho: float


def agreement_of(by_seed: NDArray[np.float64]) -> Agreed:
    """Return how far seeds agree.

    Args:
        by_seed: Accuracies [seeds, n] of at least two seeds.

    Returns:
        Means over pairs of seeds; NaN where a seed gives all architectures one accuracy.

    Example:
        >>> agreement_of(np.array([[1.0, 2.0, 3.0], [1.0, 3.0, 2.0]])).rho
        0.5
    """
    pairs = [rank_metrics(one, other) for one, other in combinations(by_seed, 2)]
    return Agreed(
        by_seed.shape[1],
        float(np.mean([pair.kendall_tau for pair in pairs])),
        float(np.mean([pair.spearman_rho for pair in pairs])),
    )


class Quality(NamedTuple):
    """How reliable an accuracy is, the mean over k seeds.

    Attributes:
        key: The accuracy.
        seeds: Number k of seeds.
        tau: Kendall's tau-b between two seeds, a mean over pairs.
        rho: Spearman's rank correlation between two seeds, a mean over pairs.
        reliability: Of the mean over k seeds: `spearman_brown` of ``rho``.
        ceiling: The tau-b that scores would reach which are the expected accuracies themselves.
    """

    key: AccuracyKey
    seeds: int
    tau: float
    rho: float
    reliability: float
    ceiling: float


def table_quality(table: TruthTable) -> list[Quality]:
    """Return how reliable those accuracies of a table are that have the same seeds throughout.

    Args:
        table: The table.

    Returns:
        One for each accuracy of which that is known.

    Example:
        >>> import numpy as np
        >>> from benchmark.truth import Agreement, Measurements, Source
        >>> key = AccuracyKey("digits", "test", 4)
        >>> measured = Measurements(agreement={key: Agreement(0.5, 3, rho=0.6, seeds=3)})
        >>> columns = {key: np.array([1.0, 2.0, 3.0])}
        >>> table = TruthTable("three", "-", Source("-", "-"), np.arange(3), columns,
        ...                    measurements=measured)
        >>> (found,) = table_quality(table)
        >>> round(found.reliability, 3), round(found.ceiling, 3)
        (0.818, 0.774)
    """
    return [
        Quality(
            key, it.seeds, it.tau, it.rho, spearman_brown(it.rho, it.seeds),
            ceiling_tau(it.tau, it.seeds),
        )
        for key, it in table.measurements.agreement.items()
        if it.seeds is not None
    ]  # fmt: skip


def noise_limit(table: TruthTable, key: AccuracyKey) -> float | None:
    """Return the tau-b that perfect scores would reach, where a table's seeds tell it.

    Args:
        table: The table.
        key: The accuracy that is the truth.

    Returns:
        `Quality.ceiling` of it, or None.
    """
    return next((one.ceiling for one in table_quality(table) if one.key == key), None)


def spearman_brown(correlation: float, count: float) -> float:
    """Return how means of several measurements correlate of which single ones do so.

    Args:
        correlation: Between two measurements.
        count: Number k of measurements behind each mean.

    Returns:
        k·r / (1 + (k − 1)·r), but 0 where single ones do not correlate at all; NaN where that is
        not known.

    Example:
        >>> spearman_brown(0.5, 3)
        0.75
    """
    if math.isnan(correlation):
        return math.nan
    return count * correlation / (1 + (count - 1) * correlation) if correlation > 0 else 0.0


def ceiling_tau(tau: float, seeds: int) -> float:
    """Return the tau-b that perfect scores reach against means over seeds.

    Tau is turned into a correlation and back as for normal variables, r = sin(π·τ / 2) [Greiner
    1909]. The ceiling is that of the square root of `spearman_brown`.

    Args:
        tau: Kendall's tau-b between two seeds.
        seeds: Seeds behind each mean.

    Returns:
        The ceiling; NaN where ``tau`` is.

    Example:
        >>> round(ceiling_tau(0.4, 1), 3), round(ceiling_tau(0.4, 3), 3)
        (0.556, 0.713)
    """
    reliability = spearman_brown(math.sin(math.pi * tau / 2), seeds)
    return 2 / math.pi * math.asin(math.sqrt(reliability))
