"""Oracles shared by the tests of analysis."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from fractions import Fraction
from itertools import combinations, permutations

import pytest

Tops = dict[frozenset[int], Fraction]


@pytest.fixture(scope="session")
def tops_by_orders() -> Callable[[Sequence[float], int], Tops]:
    """Return the oracle for few items: the top k under every order of the items."""

    def tops(values: Sequence[float], k: int) -> Tops:
        orders = list(permutations(range(len(values))))
        found = Counter(frozenset(sorted(o, key=lambda i: -values[i])[:k]) for o in orders)
        return {top: Fraction(times, len(orders)) for top, times in found.items()}

    return tops


@pytest.fixture(scope="session")
def tops_by_subsets() -> Callable[[Sequence[float], int], Tops]:
    """Return the oracle for a small k: all sets of k items that no item left out surpasses."""

    def tops(values: Sequence[float], k: int) -> Tops:
        sums = {c: sum(values[i] for i in c) for c in combinations(range(len(values)), k)}
        best = [frozenset(c) for c, total in sums.items() if total == max(sums.values())]
        return {top: Fraction(1, len(best)) for top in best}

    return tops
