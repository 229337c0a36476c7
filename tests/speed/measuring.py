"""Timing functions side by side, so that other load on the machine slows all of them alike."""

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

Function = Callable[[], object]


@dataclass(frozen=True)
class Timed:
    """The median time of a function over rounds, and what its last round returned."""

    seconds: float
    result: Any


def side_by_side(
    functions: Mapping[str, Function],
    rounds: int,
    *,
    plain: str | None = None,
    warm_up: bool = True,
) -> dict[str, Timed]:
    """Time functions alternately, each in a process of its own, by their CPU time.

    Args:
        functions: Functions by name; their results can be pickled.
        rounds: Times that each is called.
        plain: The one that keeps PyTorch's defaults; the others run as in workers of `nasbench`.
        warm_up: Whether to call each once before, without timing it.

    Example:
        >>> found = side_by_side({"a": lambda: None, "b": lambda: sum(range(4))}, rounds=3)
        >>> found["b"].result, found["a"].seconds < 1
        (6, True)
    """
    context = multiprocessing.get_context("fork")  # functions need not be pickled
    sides = {}
    for name, function in functions.items():
        here, there = context.Pipe()
        process = context.Process(target=_serve, args=(there, function, name == plain), daemon=True)
        process.start()
        sides[name] = process, here
    found: dict[str, list[tuple[float, object]]] = {name: [] for name in functions}
    for _ in range(rounds + warm_up):
        for name, (_, connection) in sides.items():
            connection.send(True)
            found[name].append(connection.recv())
    for process, connection in sides.values():
        connection.send(False)
        process.join()
    return {
        name: Timed(statistics.median(seconds for seconds, _ in rows[warm_up:]), rows[-1][1])
        for name, rows in found.items()
    }


def _serve(connection: Connection, function: Function, is_plain: bool) -> None:
    """Call and time a function for each True received, until False is."""
    with nullcontext() if is_plain else kept_memory():
        while connection.recv():
            start = time.process_time()
            result = function()
            connection.send((time.process_time() - start, result))


@dataclass(frozen=True)
class Comparison:
    """One line of a table that compares two implementations.

    Attributes:
        work: What was timed.
        plain: Seconds of the plain implementation.
        ours: Seconds of ours.
        goal: How many times faster ours should be.
        published: Time of the published programs, as text.
    """

    work: str
    plain: float
    ours: float
    goal: float
    published: str

    def cells(self) -> list[str]:
        """Return the cells of the line."""
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
    """Return the operations of a profile with their shares of the time, descending."""
    averages = seen.key_averages()
    total = sum(one.self_cpu_time_total for one in averages)
    shares = [(f"`{one.key}`", one.self_cpu_time_total / total) for one in averages]
    return sorted(shares, key=lambda one: -one[1])


def shown(seconds: float) -> str:
    """Return a time as text, with its unit.

    Example:
        >>> shown(0.0123), shown(75), shown(3000)
        ('12.3 ms', '75.0 s', '50 min')
    """
    if seconds >= 600:
        return f"{seconds / 60:.0f} min"
    return f"{seconds:.1f} s" if seconds >= 1 else f"{1e3 * seconds:.3g} ms"
