"""The gates of a check: metrics, and the smallest drop of each that counts.

A drop must be both large and significant: a rerun on another machine may change a metric slightly
at every seed, and a large mean may come from one seed alone. Metrics of ranking and of selection
are both gated: over published runs, the one says little about the other.
"""

import math
from collections.abc import Mapping, Sequence
from types import MappingProxyType

from analysis.metrics.ranking import METRICS, metric_named
from analysis.statistics.permutation import MAX_EXACT_PAIRS, smallest_p
from benchmark.errors import InputError

Gates = Mapping[str, float]
"""The smallest drop that counts, by metric, in the metric's unit."""

DEFAULT_ALPHA = 0.05
DEFAULT_GATES: Gates = MappingProxyType({"kendall_tau": 0.02, "best_of_top_10": 0.5})
SELECTION = ("predicted_best", "best_of_top_10", "regret")  # quality of the chosen architecture


def parse_gates(texts: Sequence[str]) -> dict[str, float]:
    """Return gates written as ``metric=drop``, such as ``kendall_tau=0.02``."""
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
    """Return gates in the order of ``METRICS`` after checking them."""
    for name, drop in gates.items():
        metric_named(name)
        if not 0 < drop < math.inf:
            raise InputError(f"gate {name} has the drop {drop}: it must be a number above 0")
    if not any(name in SELECTION for name in gates):
        raise InputError(f"no gate on the chosen architecture: add one of {', '.join(SELECTION)}")
    if all(name in SELECTION for name in gates):
        ranks = [name for name in METRICS if name not in SELECTION]
        raise InputError(f"no gate on the ranking: add one of {', '.join(ranks)}")
    return {name: float(gates[name]) for name in METRICS if name in gates}


def checked_reach(seeds: Mapping[str, Sequence[int]], alpha: float) -> None:
    """Check that each method has enough seeds for a gate to fail at a level of significance."""
    if not 0 < alpha < 1:
        raise InputError(f"alpha is {alpha}: choose a level between 0 and 1, as {DEFAULT_ALPHA}")
    numbers = range(1, MAX_EXACT_PAIRS + 2)  # more seeds do not lower the smallest p-value
    needed = next((n for n in numbers if smallest_p(n, sides=1) <= alpha), None)
    if needed is None:
        raise InputError(f"alpha is {alpha}: no number of seeds reaches it; choose a larger one")
    for method, of_method in seeds.items():
        if len(of_method) < needed:
            count = len(of_method)
            raise InputError(
                f"{method} has {count} seed{'' if count == 1 else 's'}: the smallest p-value of so "
                f"few is {smallest_p(count, sides=1):g}, so nothing could be significant at "
                f"{alpha:g}; run at least {needed}"
            )
