"""Taking times side by side, so that what else the machine does falls on both."""

from __future__ import annotations

import multiprocessing
import statistics
import time
from collections.abc import Callable, Mapping
from contextlib import nullcontext
from dataclasses import dataclass
from multiprocessing.connection import Connection
from typing import Any

from torch.profiler import profile

from benchmark.app.workers.reproducible import kept_memory

Work = Callable[[], object]


@dataclass(frozen=True)
class Timed:
    """What a work took and gave.

    Attributes:
        seconds: The median over rounds.
        result: What its last round returned.
    """

    seconds: float
    result: Any


def side_by_side(
    works: Mapping[str, Work], rounds: int, *, plain: str | None = None, warm: bool = True
) -> dict[str, Timed]:
    """Time works in turns, each in a process of its own.

    What other programs do falls on all of them, and none finds memory or settings that another
    left. The processor's clock times them, which other programs stretch less than the wall's.

    Args:
        works: What to do, by name; what they return can be pickled.
        rounds: How often each is done.
        plain: Which of them runs as any program would; the others as in a worker of ours.
        warm: Whether each is done once before, uncounted.

    Example:
        >>> found = side_by_side({"a": lambda: None, "b": lambda: sum(range(4))}, rounds=3)
        >>> found["b"].result, found["a"].seconds < 1
        (6, True)
    """
    context = multiprocessing.get_context("fork")  # works need not be pickled
    sides = {}
    for name, work in works.items():
        here, there = context.Pipe()
        process = context.Process(target=_serve, args=(there, work, name == plain), daemon=True)
        process.start()
        sides[name] = process, here
    found: dict[str, list[tuple[float, object]]] = {name: [] for name in works}
    for _ in range(rounds + warm):
        for name, (_, connection) in sides.items():
            connection.send(True)
            found[name].append(connection.recv())
    for process, connection in sides.values():
        connection.send(False)
        process.join()
    return {
        name: Timed(statistics.median(seconds for seconds, _ in them[warm:]), them[-1][1])
        for name, them in found.items()
    }


def _serve(connection: Connection, work: Work, is_plain: bool) -> None:
    """Do a work whenever it is asked for, until it is told to end."""
    with nullcontext() if is_plain else kept_memory():
        while connection.recv():
            start = time.process_time()
            result = work()
            connection.send((time.process_time() - start, result))


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
        return [
            self.work,
            shown(self.plain),
            shown(self.ours),
            f"{ratio:.1f}",
            against_goal(ratio, self.goal),
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


def against_goal(ratio: float, goal: float) -> str:
    """Return a goal and whether a ratio reaches it."""
    return f"{goal:g}, {'reached' if ratio >= goal else 'not reached'}"


def spent_in(seen: profile) -> list[tuple[str, float]]:
    """Return the operations of a profile with their shares of the time, the greatest first."""
    averages = seen.key_averages()
    total = sum(one.self_cpu_time_total for one in averages)
    shares = [(f"`{one.key}`", one.self_cpu_time_total / total) for one in averages]
    return sorted(shares, key=lambda one: -one[1])


def shown(seconds: float) -> str:
    """Return a time for people.

    Example:
        >>> shown(0.0123), shown(75), shown(3000)
        ('12.3 ms', '75.0 s', '50 min')
    """
    if seconds >= 600:
        return f"{seconds / 60:.0f} min"
    return f"{seconds:.1f} s" if seconds >= 1 else f"{1e3 * seconds:.3g} ms"
