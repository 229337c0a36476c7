"""Sharing workers between the last units, so that no worker idles at the end.

Five equal units on two workers would take three rounds, with one worker idle in the last: 5/3 times
as fast as on one. So the last three share the two workers instead: all three have a process, only
two of them compute at a time, those that have done least first, and the five take two and a half
rounds. Each unit computes on its own thread and only waits between two steps: no bit changes.
"""

import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

PARTS = 50  # of a unit; it checks whether it may compute between two of them
POLL = 0.02  # seconds between the checks of a unit that waits


def processes_for(units: int, jobs: int) -> int:
    """Return how many units, ``jobs`` or more, to start at once so that no job idles later."""
    return jobs + units % jobs if units > jobs else jobs


class WorkerShare:
    """One unit's right to compute; usable in any process.

    The last units share workers, those that have done least first; those before them go in their
    order. When a unit starts or ends, one too many may compute until that one has done a part.
    """

    def __init__(self, path: Path, unit: int, jobs: int, sharing: int) -> None:
        self._path, self._unit = path, unit
        self._jobs, self._sharing = jobs, sharing
        self._part = -1

    def wait(self, share: float, check: Callable[[], None]) -> None:
        """Wait until the unit may compute; cheap enough to call at every step.

        ``share`` of it is finished, from 0 to 1; ``check`` is called while it waits, to raise if it
        should stop.
        """
        part = int(share * PARTS)
        if part == self._part:
            return
        self._part = part
        self._write(share)
        while not self.may_compute(np.memmap(self._path, np.float64, mode="r")):
            time.sleep(POLL)
            check()

    def end(self) -> None:
        """Leave the workers to other units, whether this one has finished or not."""
        self._write(np.inf)

    def may_compute(self, shares: NDArray[np.float64]) -> bool:
        """Whether the unit may compute, given the finished shares of all [units]."""

        def rank(unit: int) -> tuple[bool, int, int]:
            is_sharing = unit >= self._sharing
            return is_sharing, int(shares[unit] * PARTS) if is_sharing else 0, unit

        started = np.flatnonzero(np.isfinite(shares)).tolist()
        return self._unit in sorted(started, key=rank)[: self._jobs]

    def _write(self, share: float) -> None:
        np.memmap(self._path, np.float64, mode="r+")[self._unit] = share


def worker_shares(path: Path, units: int, jobs: int, sharing: int) -> list[WorkerShare]:
    """Return the rights of units to compute, in their order; the last ``sharing`` share workers.

    ``path`` is a file for their finished shares: NaN before the start, infinite after the end.
    """
    np.memmap(path, np.float64, mode="w+", shape=(units,))[:] = np.nan
    return [WorkerShare(path, unit, jobs, units - sharing) for unit in range(units)]
