"""What a check looks at: the metrics it gates, and from what drop on it minds.

A drop counts from its size *and* its significance: a rerun on another machine may move a metric a
little in every seed, and a large mean may come from one seed alone. Both kinds of metric are gated,
because over published runs how well all architectures are ranked says little about how good the
chosen one is.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from types import MappingProxyType

from analysis.metrics.ranking import METRICS
from analysis.statistics.permutation import MAX_EXACT_PAIRS, smallest_p
from benchmark.errors import InputError, unknown_name

Gates = Mapping[str, float]
"""The smallest drop that counts, by metric, in the metric's unit."""

DEFAULT_ALPHA = 0.05
DEFAULT_GATES: Gates = MappingProxyType({"kendall_tau": 0.02, "best_of_top_10": 0.5})
SELECTION = ("predicted_best", "best_of_top_10", "regret")  # the quality of what would be chosen


def parse_gates(texts: Sequence[str]) -> dict[str, float]:
    """Return gates written as ``metric=drop``.

    Raises:
        InputError: A text has another form, or the gates are not valid.

    Example:
        >>> parse_gates(["kendall_tau=0.02", "regret=0.5"])
        {'kendall_tau': 0.02, 'regret': 0.5}
    """
    gates: dict[str, float] = {}
    for text in texts:
        name, _, number = text.partition("=")
        try:
            drop = float(number)
        except ValueError as error:
            raise InputError(
                f"gate {text!r}: write <metric>=<smallest drop>, for example kendall_tau=0.02"
            ) from error
        if name in gates:
            raise InputError(f"gate {name} is given twice: give each metric once")
        gates[name] = drop
    return checked_gates(gates)


def checked_gates(gates: Gates) -> dict[str, float]:
    """Return gates in the order of ``METRICS`` after checking them.

    Raises:
        InputError: A metric is unknown, a drop is not positive and finite, or one kind of metric,
            of rank or of selection, is missing.
    """
    for name, drop in gates.items():
        if name not in METRICS:
            raise unknown_name("metric", name, METRICS)
        if not 0 < drop < math.inf:
            raise InputError(f"gate {name} has the drop {drop}: it must be a number above 0")
    if not any(name in SELECTION for name in gates):
        raise InputError(f"no gate on what would be chosen: add one of {', '.join(SELECTION)}")
    if all(name in SELECTION for name in gates):
        ranks = [name for name in METRICS if name not in SELECTION]
        raise InputError(f"no gate on the ranking: add one of {', '.join(ranks)}")
    return {name: float(gates[name]) for name in METRICS if name in gates}


def checked_reach(seeds: Mapping[str, Sequence[int]], alpha: float) -> None:
    """Check that each method's gates could fail: that some outcome would be significant.

    Args:
        seeds: The seeds of each method.
        alpha: Level of significance.

    Raises:
        InputError: Alpha is out of range, or a method has too few seeds for it.

    Example:
        >>> checked_reach({"gm": [0, 1, 2, 3, 4]}, 0.05)
        >>> checked_reach({"gm": [0, 1, 2]}, 0.05)
        Traceback (most recent call last):
        benchmark.errors.InputError: gm has 3 seeds: the smallest p-value of so few is 0.125, so \
    nothing could be significant at 0.05; run at least 5
    """
    if not 0 < alpha < 1:
        raise InputError(f"alpha is {alpha}: choose a level between 0 and 1, as {DEFAULT_ALPHA}")
    numbers = range(1, MAX_EXACT_PAIRS + 2)  # beyond, more seeds do not help
    needed = next((n for n in numbers if smallest_p(n, "greater") <= alpha), None)
    if needed is None:
        raise InputError(f"alpha is {alpha}: no number of seeds reaches it; choose a larger one")
    for method, of_method in seeds.items():
        if len(of_method) < needed:
            count = len(of_method)
            raise InputError(
                f"{method} has {count} seed{'' if count == 1 else 's'}: the smallest p-value of so "
                f"few is {smallest_p(count, 'greater'):g}, so nothing could be significant at "
                f"{alpha:g}; run at least {needed}"
            )
