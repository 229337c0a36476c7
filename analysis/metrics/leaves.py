"""The true accuracy of the architectures that the leaves of a supernet tree propose.

A user gets the proposal of the leaf with the best validation score. The papers' programs keep the
proposal with the best accuracy in the table: an oracle, since it looks at the truth. A leaf
proposes what its base selected; where a record does not say, what the leaf scores highest.
"""

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

from analysis.metrics.topk import finite_vectors
from benchmark.errors import InputError, unknown_name
from benchmark.spaces.nb201 import (
    EDGES,
    OPERATIONS,
    SIZE,
    Codes,
    decode,
    from_string,
    live_codes,
    network_codes,
)


def leaf_members(operations: Sequence[Sequence[str]], codes: Codes) -> NDArray[np.bool_]:
    """Return which of the codes [n] a leaf scores: those whose live code is in its subspace.

    ``operations`` names what the leaf allows on each of the six edges.

    Architectures that differ in dead edges alone are one function, and the leaf that holds their
    live code (dead edges set to ``none``) scores all of them.
    """
    if len(operations) != len(EDGES):
        raise InputError(f"a leaf names {len(operations)} edges: it must be {len(EDGES)}")
    live = decode(live_codes(codes))  # [n, 6]
    inside = np.ones(len(live), bool)
    for edge, names in enumerate(operations):
        for name in names:
            if name not in OPERATIONS:
                raise unknown_name("operation", name, OPERATIONS)
        inside &= np.isin(live[:, edge], [OPERATIONS.index(name) for name in names])
    return inside


def expected_best_of_leaves(
    scores: ArrayLike, truth: ArrayLike, leaves: Sequence[NDArray[np.bool_]]
) -> float:
    """Return the expected highest truth among the best-scored architectures of all leaves.

    Scores and truth are [n], and so is the membership of each leaf; one without members proposes
    nothing.

    The expectation is over random order among equal scores, independently in each leaf.

    Example:
        >>> left = np.array([True, True, False, False])
        >>> expected_best_of_leaves([5, 5, 9, 1], [90, 94, 92, 99], [left, ~left])
        93.0
    """
    predicted, true = finite_vectors(scores=scores, truths=truth)
    chosen = [
        np.sort(true[leaf & (predicted == predicted[leaf].max())]) for leaf in leaves if leaf.any()
    ]
    if not chosen:
        raise InputError("no leaf holds any of the architectures: compare more of them")
    values = np.unique(np.concatenate(chosen))
    # P(the best is at most a value) is the product of P(each leaf's choice is)
    below = np.prod(
        [np.searchsorted(of_leaf, values, side="right") / of_leaf.size for of_leaf in chosen],
        axis=0,
    )
    return float(np.sum(np.diff(below, prepend=0.0) * values))


def known_truth(truth: ArrayLike, codes: Codes) -> NDArray[np.float64]:
    """Return the truth of every architecture by code, [15625]; NaN where it is unknown.

    Tables built by this program train architectures that are the same network once, so a missing
    one has the truth of another of its network: of the first, where those in the table differ.
    """
    values = np.asarray(truth, np.float64)
    known = np.full(SIZE, np.nan)
    if len(codes) < SIZE:
        networks = network_codes()
        by_network = np.full(SIZE, np.nan)
        by_network[networks[codes][::-1]] = values[::-1]  # of several the first is written last
        known = by_network[networks]
    known[codes] = values
    return known


def best_of_selected(selected: Sequence[str], known: NDArray[np.float64]) -> float:
    """Return the highest known truth among architecture strings; NaN where none is known."""
    found = [float(known[code]) for code in map(from_string, selected)]
    return max((one for one in found if not math.isnan(one)), default=math.nan)
