"""Subspaces: the architectures that one sub-supernet holds.

A subspace is the product of the operations that it allows on each edge. A split divides the
operations of one edge among several subspaces, so the leaves of a tree of splits hold every
architecture exactly once.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import ArrayLike, NDArray

from benchmark.errors import InputError
from benchmark.spaces.nb201 import (
    EDGES,
    OPERATIONS,
    SIZE,
    Codes,
    Operations,
    all_operations,
    checked_codes,
    decode,
    is_connected,
    live_codes,
)


@dataclass(frozen=True)
class Subspace:
    """All architectures with an allowed operation on every edge.

    ``allowed`` holds for each of the six edges the sorted indices of its operations, at least one.
    """

    allowed: tuple[tuple[int, ...], ...]

    def __post_init__(self) -> None:
        if len(self.allowed) != len(EDGES):
            raise InputError(f"a subspace has {len(EDGES)} edges, not {len(self.allowed)}")
        for edge, operations in enumerate(self.allowed):
            known = [index for index in range(len(OPERATIONS)) if index in operations]
            if not operations or list(operations) != known:
                raise InputError(
                    f"edge {edge} allows {operations}: "
                    f"give one or more of 0 to {len(OPERATIONS) - 1}, ascending, each once"
                )

    @property
    def size(self) -> int:
        """Number of architectures."""
        return math.prod(map(len, self.allowed))

    def contains(self, codes: ArrayLike) -> NDArray[np.bool_]:
        """Return which of the codes [...] lie in this subspace, [...]."""
        return np.asarray(self._permits(decode(codes)))

    def codes(self) -> Codes:
        """Return the codes of this subspace in ascending order, [size]."""
        return np.flatnonzero(self._permits(all_operations()))

    def connected_codes(self) -> Codes:
        """Return the codes with a path from input to output, ascending, read-only."""
        return _connected(self)

    def draw_paths(self, count: int, generator: np.random.Generator) -> Operations:
        """Draw operations [count, 6] uniformly from connected architectures, with replacement."""
        codes = self.connected_codes()
        if not codes.size:
            raise InputError(f"no path carries a signal in {self.to_lists()}: split other edges")
        return decode(codes[generator.integers(codes.size, size=count)])

    def is_split(self, edge: int) -> bool:
        """Return whether this edge lacks an operation."""
        return len(self.allowed[edge]) < len(OPERATIONS)

    def split(self, edge: int, groups: Sequence[Sequence[int]]) -> tuple[Subspace, ...]:
        """Return one subspace for each group, which allows only its operations on the edge."""
        if not 0 <= edge < len(EDGES):
            raise InputError(f"edge {edge} is out of bounds: choose from 0 to {len(EDGES) - 1}")
        given = sorted(operation for group in groups for operation in group)
        if given != list(self.allowed[edge]) or not all(groups):
            raise InputError(
                f"groups {[list(group) for group in groups]} do not divide the operations "
                f"{list(self.allowed[edge])} of edge {edge}: put each into exactly one group"
            )
        before, after = self.allowed[:edge], self.allowed[edge + 1 :]
        return tuple(Subspace((*before, tuple(sorted(group)), *after)) for group in groups)

    def to_lists(self) -> list[list[str]]:
        """Return the names of the allowed operations, edge by edge, for a JSON trace."""
        return [[OPERATIONS[index] for index in operations] for operations in self.allowed]

    def _permits(self, operations: Operations) -> NDArray[np.bool_]:
        """Return which rows of operations [..., 6] are allowed, [...]."""
        table = np.zeros((len(EDGES), len(OPERATIONS)), bool)
        for edge, indices in enumerate(self.allowed):
            table[edge, list(indices)] = True
        return np.asarray(table[np.arange(len(EDGES)), operations].all(axis=-1))


FULL = Subspace((tuple(range(len(OPERATIONS))),) * len(EDGES))


def owner(leaves: Sequence[Subspace], codes: ArrayLike) -> Codes:
    """Return the position of the leaf that holds each code [...], of all leaves of a tree."""
    held = np.zeros((len(leaves), SIZE), np.int64)
    for row, leaf in zip(held, leaves, strict=True):
        row[leaf.codes()] = 1
    holders = held.sum(axis=0)
    wrong = np.flatnonzero(holders != 1)
    if wrong.size:
        raise InputError(
            f"{wrong.size} architectures are not in exactly one leaf, the first is code {wrong[0]} "
            f"in {holders[wrong[0]]}: give all leaves of one tree of splits"
        )
    return np.asarray(held.argmax(axis=0)[checked_codes(codes)])


def scoring_leaves(leaves: Sequence[Subspace], codes: ArrayLike) -> Codes:
    """Return the `owner` of each architecture's live code, which scores it.

    Architectures that differ in dead edges alone are one function, and all disconnected ones are
    one too, with live code 0.
    """
    return owner(leaves, live_codes(codes))


@cache
def _connected(subspace: Subspace) -> Codes:
    codes = subspace.codes()
    connected = codes[is_connected(codes)]
    connected.flags.writeable = False
    return connected
