"""Stopping gradient matching early where more batches would hardly change the decision.

A candidate is a partition of a decision, and each batch gives the distance that it separates. After
all T batches the candidate with the greatest mean is chosen. After n of them the leader is ahead of
a rival by differences with mean m and standard deviation s. If these are normal and nothing is
known beforehand, the mean difference over all T lies around m with variance s²·(T − n)/(n·T), so
the rival overtakes with probability P(t ≤ −m/√variance) of Student's t with n − 1 degrees of
freedom. Summed over rivals this is an upper bound, by Bonferroni's inequality; each check may use
an equal part of the allowed error. Where a rival equals the leader, all batches are used.
"""

import math
from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from baselines.splitting.partition import ROUNDING, set_partitions

FIRST_CHECK = 8  # batches; each further check is after twice as many


class EarlyStop:
    """Decides after each of the batches ``planned`` whether gradient matching may stop.

    ``error`` is the greatest probability, from 0 to 1, that another decision or partition would
    have been chosen after all batches; 0 never stops.
    """

    def __init__(self, planned: int, groups: int, min_size: int, error: float) -> None:
        self.used = 0
        self._planned = planned
        self._groups, self._min_size = groups, min_size
        self._error = error
        self._checks = _checks(planned)

    def should_stop(self, found: Mapping[tuple[int, ...], Sequence[Tensor]], used: int) -> bool:
        """Return whether to stop, as `ShouldStop`; the host waits for the device at checks only."""
        self.used = used
        if not self._error or used not in self._checks:
            return False
        separated = np.concatenate(
            [
                separated_distances(
                    np.stack([matrix.cpu().numpy() for matrix in matrices]),
                    self._groups,
                    self._min_size,
                )
                for matrices in found.values()
            ],
            axis=1,
        )
        return overtaking(separated, self._planned) <= self._error / len(self._checks)


def separated_distances(
    matrices: NDArray[np.float64], groups: int, min_size: int
) -> NDArray[np.float64]:
    """Return the distance that each partition of a decision separates in each batch.

    Distances are [batches, n, n]; the result is [batches, partitions], in the order of
    `set_partitions`.
    """
    size = matrices.shape[1]
    columns = []
    for partition in set_partitions(size, groups, min_size):
        label = np.empty(size, np.int64)
        for number, group in enumerate(partition):
            label[list(group)] = number
        apart = np.triu(label[:, None] != label)
        columns.append(matrices[:, apart].sum(1))
    return np.stack(columns, axis=1)


def overtaking(separated: NDArray[np.float64], planned: int) -> float:
    """Return an upper bound on the probability that the leader will not lead at the end.

    Candidates separate [batches, candidates] so far; ``planned`` is the number of all batches.
    """
    from scipy.stats import t  # slow to import

    batches = len(separated)
    leader = int(separated.mean(0).argmax())
    ahead = separated[:, [leader]] - np.delete(separated, leader, axis=1)
    means, deviations = ahead.mean(0), ahead.std(0, ddof=1)
    spread = deviations * math.sqrt((planned - batches) / (batches * planned))
    level = means <= ROUNDING
    behind = np.where(level, 0.0, means) / np.where(spread > 0, spread, 1.0)
    chances = t.sf(behind, batches - 1)
    chances = np.where(level, 1.0, np.where(spread > 0, chances, 0.0))
    return float(chances.sum())


def _checks(planned: int) -> list[int]:
    """Return after how many batches to check: 8, 16, 32, … up to those planned, exclusive."""
    checks, batches = [], FIRST_CHECK
    while batches < planned:
        checks.append(batches)
        batches *= 2
    return checks
