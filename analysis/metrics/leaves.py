"""The true accuracy of the architectures that the leaves of a supernet tree propose.

A user gets the proposal of the leaf with the best validation score. The papers' programs keep the
proposal with the best accuracy in the table: an oracle, since it looks at the truth. A leaf
proposes what its base selected; where a record does not say, what the leaf scores highest.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from analysis.metrics.topk import finite_vectors
from benchmark.errors import InputError
from benchmark.spaces.base import Codes, Space
from benchmark.spaces.subspaces.subspace import Subspace


def leaf_members(subspace: Subspace, codes: Codes) -> NDArray[np.bool_]:
    """Return which of the codes [n] a leaf scores: those whose canonical code it holds.

    Architectures of one canonical code are one function, so one leaf scores all of them.
    """
    return subspace.contains(subspace.space.canonical(codes))


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


@dataclass(frozen=True)
class KnownTruth:
    """The truth of single architectures: their own, or that of another of the same network.

    Tables built by this program train architectures that are the same network once, so a missing
    one has the truth of another of its network: of the first, where those in the table differ.
    """

    space: Space
    by_code: Mapping[int, float]
    by_network: Mapping[int, float]

    @classmethod
    def of(cls, truth: ArrayLike, codes: Codes, space: Space) -> "KnownTruth":
        """Return what is known from the truth [n] of ascending codes [n]."""
        values = np.asarray(truth, np.float64).tolist()
        networks = space.network(codes).tolist()
        first = dict(zip(reversed(networks), reversed(values), strict=True))
        return cls(space, dict(zip(codes.tolist(), values, strict=True)), first)

    def __call__(self, code: int) -> float:
        """Return the truth of an architecture; NaN where it is unknown."""
        if code in self.by_code:
            return self.by_code[code]
        return self.by_network.get(int(self.space.network([code])[0]), math.nan)

    def best(self, selected: Sequence[str]) -> float:
        """Return the highest known truth of architecture strings; NaN where none is known."""
        found = [self(self.space.parse(one)) for one in selected]
        return max((one for one in found if not math.isnan(one)), default=math.nan)
