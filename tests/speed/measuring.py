"""Taking times side by side, so that what else the machine does falls on both."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass

Work = Callable[[], object]


def side_by_side(
    works: Mapping[str, Work],
    rounds: int,
    *,
    clock: Callable[[], float] = time.process_time,
    warm: bool = True,
) -> dict[str, float]:
    """Return the median time of each work, taken in turns.

    Args:
        works: What to do, by name.
        rounds: How often each is done.
        clock: The processor's time by default, which other programs stretch less than the wall's.
        warm: Whether each is done once before, uncounted.

    Example:
        >>> sorted(side_by_side({"a": lambda: None, "b": lambda: sum(range(99))}, rounds=3))
        ['a', 'b']
    """
    for work in works.values() if warm else ():
        work()
    times: dict[str, list[float]] = {name: [] for name in works}
    for _ in range(rounds):
        for name, work in works.items():
            start = clock()
            work()
            times[name].append(clock() - start)
    return {name: statistics.median(found) for name, found in times.items()}


@dataclass(frozen=True)
class Comparison:
    """One line of the table.

    Attributes:
        work: What was done.
        plain: Seconds of the plain way.
        ours: Seconds of ours.
        goal: How many times faster it shall be.
        published: What `anchors.md` says the published programs take.
    """

    work: str
    plain: float
    ours: float
    goal: float
    published: str

    def cells(self) -> list[str]:
        """Return the line as texts."""
        ratio = self.plain / self.ours
        reached = "reached" if ratio >= self.goal else "not reached"
        return [
            self.work,
            shown(self.plain),
            shown(self.ours),
            f"{ratio:.1f}",
            f"{self.goal:g}, {reached}",
            self.published,
        ]


COMPARISON_HEADER = [
    "work",
    "plain, measured here",
    "ours",
    "plain / ours",
    "goal",
    "published program, two cores",
]


def shown(seconds: float) -> str:
    """Return a time for people.

    Example:
        >>> shown(0.0123), shown(75), shown(3000)
        ('12.3 ms', '75.0 s', '50 min')
    """
    if seconds >= 600:
        return f"{seconds / 60:.0f} min"
    return f"{seconds:.1f} s" if seconds >= 1 else f"{1e3 * seconds:.3g} ms"
