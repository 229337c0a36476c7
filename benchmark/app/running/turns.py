"""Taking turns: a few more units than jobs are begun, and all of the last ones end together.

Five equal units on two workers take three rounds, in the last of which one worker idles: they are
5/3 times as fast as on one. So the last three take turns on the two instead, those that have done
least first, and the five are done in two and a half rounds. A unit computes alone on its thread and
only waits between two steps, so no bit changes.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

PARTS = 50  # of a unit; between two of them it looks whether others come first
POLL = 0.02  # seconds between two looks of a unit that waits


def workers_for(units: int, jobs: int) -> int:
    """Return how many units to have begun at a time, so that none of the jobs idles at the end.

    Args:
        units: Number of units.
        jobs: How many may compute at a time.

    Returns:
        From ``jobs`` to ``2 · jobs − 1``.

    Example:
        >>> [workers_for(units, jobs=2) for units in (1, 2, 3, 4, 5)]
        [2, 2, 3, 2, 3]
    """
    return jobs + units % jobs if units > jobs else jobs


@dataclass(frozen=True)
class Rules:
    """Who comes first.

    Attributes:
        units: Number of units.
        jobs: How many may compute at a time.
        sharing: How many of the last units take turns; those before them go in their order.
    """

    units: int
    jobs: int
    sharing: int

    def is_turn(self, place: int, shares: NDArray[np.float64]) -> bool:
        """Whether a unit is one of those that may compute.

        Args:
            place: The unit's place.
            shares: How much of each is done [units]; NaN before its begin, infinite at its end.

        Example:
            >>> Rules(units=3, jobs=2, sharing=3).is_turn(0, np.array([0.4, 0.2, 0.2]))
            False
        """
        running = np.flatnonzero(np.isfinite(shares))
        ahead = sorted(running.tolist(), key=lambda other: self._rank(other, float(shares[other])))
        return place in ahead[: self.jobs]

    def _rank(self, place: int, share: float) -> tuple[int, int, int]:
        if place < self.units - self.sharing:
            return (0, 0, place)
        return (1, int(share * PARTS), place)


class Turn:
    """A unit's place among those that take turns; usable in any process.

    When a unit begins or ends, one too many may compute until that one has done a part.

    Args:
        path: The file in which all say how far they are.
        place: The unit's place in it.
        rules: Who comes first.
    """

    def __init__(self, path: Path, place: int, rules: Rules) -> None:
        self._path = path
        self._place = place
        self._rules = rules
        self._part = -1
        self.waited = 0.0  # seconds

    def wait(self, share: float, look: Callable[[], None]) -> None:
        """Wait until it is the unit's turn; cheap enough to call at every step.

        Args:
            share: How much of the unit is done, from 0 to 1.
            look: Called now and then, to raise where it shall not go on.
        """
        part = int(share * PARTS)
        if part == self._part:
            return
        self._part = part
        self._say(share)
        start = time.monotonic()
        while not self._rules.is_turn(self._place, np.memmap(self._path, np.float64, mode="r")):
            time.sleep(POLL)
            look()
        self.waited += time.monotonic() - start

    def end(self) -> None:
        """Leave the place to others, whatever became of the unit."""
        self._say(np.inf)

    def _say(self, share: float) -> None:
        np.memmap(self._path, np.float64, mode="r+")[self._place] = share


def turns(path: Path, units: int, jobs: int, sharing: int) -> list[Turn]:
    """Return the turns of units, in their order.

    Args:
        path: A file to keep them in, for as long as the units run.
        units: Number of units.
        jobs: How many may compute at a time.
        sharing: How many of the last units take turns.

    Example:
        >>> import tempfile
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     first, second = turns(Path(folder) / "turns", units=2, jobs=1, sharing=2)
        ...     first.wait(0.0, look=lambda: None)
        ...     first.end()
        ...     second.wait(0.5, look=lambda: None)
    """
    np.memmap(path, np.float64, mode="w+", shape=(units,))[:] = np.nan
    return [Turn(path, place, Rules(units, jobs, sharing)) for place in range(units)]
