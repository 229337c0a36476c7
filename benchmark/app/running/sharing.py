"""Sharing workers between the last units, so that no worker idles at the end.

Five equal units on two workers would take three rounds, with one worker idle in the last: 5/3 times
as fast as on one. So the last three share the two workers instead: all three have a process, only
two of them compute at a time, those that have done least first, and the five take two and a half
rounds. Each unit computes on its own thread and only waits between two steps: no bit changes.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

PARTS = 50  # of a unit; between two of them it checks whether others come first
POLL = 0.02  # seconds between the checks of a unit that waits


def processes_for(units: int, jobs: int) -> int:
    """Return how many units to have started at a time so that no job idles at the end.

    Args:
        units: Number of units.
        jobs: How many may compute at a time.

    Returns:
        From ``jobs`` to ``2 · jobs − 1``.

    Example:
        >>> [processes_for(units, jobs=2) for units in (1, 2, 3, 4, 5)]
        [2, 2, 3, 2, 3]
    """
    return jobs + units % jobs if units > jobs else jobs


@dataclass(frozen=True)
class Sharing:
    """Which of the started units may compute.

    Attributes:
        units: Number of units.
        jobs: How many may compute at a time.
        sharing: How many of the last units share workers; those before them go in their order.
    """

    units: int
    jobs: int
    sharing: int

    def may_compute(self, unit: int, shares: NDArray[np.float64]) -> bool:
        """Whether a unit is among those that may compute.

        Args:
            unit: Index of the unit.
            shares: Finished share of each [units]; NaN before its start, infinite after its end.

        Example:
            >>> Sharing(units=3, jobs=2, sharing=3).may_compute(0, np.array([0.4, 0.2, 0.2]))
            False
        """
        started = np.flatnonzero(np.isfinite(shares)).tolist()
        first = sorted(started, key=lambda other: self._rank(other, float(shares[other])))
        return unit in first[: self.jobs]

    def _rank(self, unit: int, share: float) -> tuple[int, int, int]:
        if unit < self.units - self.sharing:
            return (0, 0, unit)
        return (1, int(share * PARTS), unit)


class WorkerShare:
    """One unit's right to compute; usable in any process.

    When a unit starts or ends, one too many may compute until that one has done a part.

    Args:
        path: The file of the finished shares of all units.
        unit: Index of the unit.
        rules: Which units may compute.
    """

    def __init__(self, path: Path, unit: int, rules: Sharing) -> None:
        self._path = path
        self._unit = unit
        self._rules = rules
        self._part = -1

    def wait(self, share: float, check: Callable[[], None]) -> None:
        """Wait until the unit may compute; cheap enough to call at every step.

        Args:
            share: Finished share of the unit, from 0 to 1.
            check: Called while it waits, to raise if it should stop.
        """
        part = int(share * PARTS)
        if part == self._part:
            return
        self._part = part
        self._write(share)
        while not self._rules.may_compute(self._unit, np.memmap(self._path, np.float64, mode="r")):
            time.sleep(POLL)
            check()

    def end(self) -> None:
        """Leave the workers to other units, whether this one has finished or not."""
        self._write(np.inf)

    def _write(self, share: float) -> None:
        np.memmap(self._path, np.float64, mode="r+")[self._unit] = share


def worker_shares(path: Path, units: int, jobs: int, sharing: int) -> list[WorkerShare]:
    """Return the rights of units to compute, in their order.

    Args:
        path: A file for their finished shares, to keep for as long as they run.
        units: Number of units.
        jobs: How many may compute at a time.
        sharing: How many of the last units share workers.
    """
    np.memmap(path, np.float64, mode="w+", shape=(units,))[:] = np.nan
    return [WorkerShare(path, unit, Sharing(units, jobs, sharing)) for unit in range(units)]
