"""What the architectures are worth that a tree's leaves offer.

A user gets the offer of the leaf whose offer validates best. The papers' programs keep the offer
that the table calls best: that looks at the truth, so it is an oracle, and says what the leaves
hold, not what a user of the method would get. A leaf offers what its base selects; of a run that
does not tell, what the leaf scores best.
"""

from __future__ import annotations

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
    all_operations,
    from_string,
    network_codes,
)


def leaf_members(operations: Sequence[Sequence[str]], codes: Codes) -> NDArray[np.bool_]:
    """Return which architectures a leaf holds.

    Args:
        operations: Names of the operations that the leaf has on each of the six edges.
        codes: Architectures [n].

    Returns:
        Whether each is in the leaf, [n].

    Raises:
        InputError: There are not six edges, or an operation is unknown.

    Example:
        >>> leaf = [["none"], *[["skip_connect"]] * 5]
        >>> leaf_members(leaf, np.array([781, 3906]))
        array([ True, False])
    """
    if len(operations) != len(EDGES):
        raise InputError(f"a leaf names {len(operations)} edges: it must be {len(EDGES)}")
    given = all_operations()[codes]  # [n, 6]
    inside = np.ones(len(given), bool)
    for edge, names in enumerate(operations):
        for name in names:
            if name not in OPERATIONS:
                raise unknown_name("operation", name, OPERATIONS)
        inside &= np.isin(given[:, edge], [OPERATIONS.index(name) for name in names])
    return inside


def expected_best_of_leaves(
    scores: ArrayLike, truth: ArrayLike, leaves: Sequence[NDArray[np.bool_]]
) -> float:
    """Return the expected highest truth among the best-scored architectures of all leaves.

    Args:
        scores: Predictions, higher is better, shape [n].
        truth: What each architecture is worth, shape [n].
        leaves: Which architectures each leaf holds, shapes [n]; a leaf that holds none of them
            has nothing to offer.

    Returns:
        The expectation over random order among equal scores, independently in each leaf, in the
        unit of ``truth``.

    Raises:
        InputError: Not finite vectors of one length, or no leaf holds any.

    Example:
        >>> left = np.array([True, True, False, False])
        >>> expected_best_of_leaves([5, 5, 9, 1], [90, 94, 92, 99], [left, ~left])
        93.0
    """
    predicted, worth = finite_vectors(scores=scores, truths=truth)
    chosen = [
        np.sort(worth[leaf & (predicted == predicted[leaf].max())]) for leaf in leaves if leaf.any()
    ]
    if not chosen:
        raise InputError("no leaf holds any of the architectures: compare more of them")
    values = np.unique(np.concatenate(chosen))
    # P(the best is at most a value) is the product of P(each leaf's choice is)
    below = np.prod(
        [np.searchsorted(of_leaf, values, side="right") / of_leaf.size for of_leaf in chosen],
        axis=0,
    )
    return float(np.diff(below, prepend=0.0) @ values)


def known_truth(truth: ArrayLike, codes: Codes) -> NDArray[np.float64]:
    """Return what every architecture of the space is worth, as far as a table tells.

    A table that was built here trains architectures that are one network once, so one that it
    lacks is worth what another of the same network is. Where others of one network differ, as in
    tables that trained each, the first of them counts.

    Args:
        truth: What each architecture is worth, shape [n].
        codes: Which architectures these are, ascending, shape [n].

    Returns:
        Truths by code, shape [15625]; NaN where nothing tells.

    Example:
        >>> worth = known_truth([10.0, 90.0], np.array([0, 781]))
        >>> worth[0], worth[1], np.isnan(worth[15624])  # 1 is disconnected like 0
        (np.float64(10.0), np.float64(10.0), np.True_)
    """
    values = np.asarray(truth, np.float64)
    worth = np.full(SIZE, np.nan)
    if len(codes) < SIZE:
        networks = network_codes()
        by_network = np.full(SIZE, np.nan)
        by_network[networks[codes][::-1]] = values[::-1]  # of several the first is written last
        worth = by_network[networks]
    worth[codes] = values
    return worth


def best_of_selected(selected: Sequence[str], worth: NDArray[np.float64]) -> float:
    """Return the highest truth among selected architectures.

    Args:
        selected: Architectures in string form.
        worth: Truths by code as from `known_truth`, shape [15625].

    Returns:
        It, in the unit of ``worth``; NaN where the truth of none of them is known.

    Example:
        >>> nothing = "|none~0|+|none~0|none~1|+|none~0|none~1|none~2|"
        >>> best_of_selected([nothing], known_truth([10.0, 90.0], np.array([0, 781])))
        10.0
    """
    found = [float(worth[code]) for code in map(from_string, selected)]
    return max((one for one in found if not math.isnan(one)), default=math.nan)
