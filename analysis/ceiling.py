"""How well a perfect predictor could do: a table's accuracies are themselves measured with noise.

Two trainings of one architecture that differ in their seed reach different accuracies, so even
the truth of one seed does not order architectures as another does. What a method scores should be
read beside these numbers.
"""

from __future__ import annotations

from typing import NamedTuple

from analysis.ranking import rank_metrics
from benchmark.tables import AccuracyKey, TruthTable


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
        >>> from benchmark.tables import Source
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
