from __future__ import annotations

from itertools import product

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from benchmark.spaces.registry import open_space
from benchmark.spaces.subspaces.subspace import Subspace
from tests.unit.benchmark.spaces.darts.naive import (
    EDGES,
    OPERATIONS,
    Cell,
    genotype_of,
)

SPACE = open_space("darts")
WHOLE = Subspace.whole(SPACE)


def log_softmax(seed: int, levels: int = 0) -> NDArray[np.float64]:
    """Return logarithms of weights [34, 10]; few levels make ties."""
    generator = np.random.default_rng(seed)
    alpha = generator.normal(size=(34, 10)) * 2
    if levels:
        alpha = generator.integers(levels, size=(34, 10)).astype(float)
    alpha[:28, 7:] = -np.inf
    found: NDArray[np.float64] = alpha - np.log(np.exp(alpha).sum(axis=1, keepdims=True))
    return found


def parsed(weights: NDArray[np.float64]) -> Cell:
    """Derive one cell as the program of DARTS describes it, from softmax weights [14, 7]."""
    cell: Cell = {}
    for node in (2, 3, 4, 5):
        rows = {source: weights[EDGES.index((source, node))] for source in range(node)}
        best = sorted(rows, key=lambda source: -max(rows[source]))[:2]
        cell[node] = {source: OPERATIONS[int(rows[source].argmax())] for source in best}
    return cell


@given(st.integers(0, 1000))
def test_it_is_derived_as_in_darts(seed: int) -> None:
    strengths = log_softmax(seed)
    weights = np.exp(strengths)
    expected = parsed(weights[:14, :7]), parsed(weights[14:28, :7])
    code = SPACE.strongest(WHOLE, strengths)
    assert genotype_of(SPACE.decode(code)) == expected


def summed(choices: NDArray[np.int8], strengths: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the strengths of the kept edges of choices [n, 34], summed."""
    kept = SPACE.active(choices)
    found = strengths[np.arange(34), choices]
    total: NDArray[np.float64] = np.where(kept, found, 0.0).sum(axis=1)
    return total


@given(st.integers(0, 1000), st.sampled_from([0, 2]))
def test_nothing_that_is_drawn_is_stronger(seed: int, levels: int) -> None:
    strengths = log_softmax(seed, levels)
    part = WHOLE.split([3], [[(0,), (4,)], [(one,) for one in (1, 2, 3, 5, 6)]])[seed % 2]
    part = part.split([30, 12], [*_halves(part, [30, 12])])[0]
    best = SPACE.decode(SPACE.strongest(part, strengths))
    drawn = part.draw(300, np.random.default_rng(seed))
    assert (summed(drawn, strengths) <= summed(best[None], strengths) + 1e-12).all()


def _halves(part: Subspace, decisions: list[int]) -> list[list[tuple[int, ...]]]:
    options = part.options(decisions)
    return [list(options[::2]), list(options[1::2])]


@given(st.integers(0, 1000))
@settings(max_examples=20)
def test_a_small_subspace_is_searched_by_force(seed: int) -> None:
    """One cell is free on five decisions of two nodes that are tied."""
    strengths = log_softmax(seed)
    allowed: list[tuple[int, ...]] = [(0,)] * 34
    allowed[2], allowed[4], allowed[8] = (1, 3), (0, 2, 5), (4, 6)
    allowed[28], allowed[29] = (0, 1, 2), (1, 4)
    part = Subspace(SPACE, tuple(allowed)).split(
        [4, 29], [[(0, 1), (5, 4)], [(0, 4), (2, 1), (2, 4), (5, 1)]]
    )
    for leaf in part:
        every = np.array(list(product(*leaf.allowed)), np.int8)
        every = every[leaf.permits(every)]
        best = SPACE.decode(SPACE.strongest(leaf, strengths))
        assert np.isclose(summed(every, strengths).max(), summed(best[None], strengths)[0])


@given(st.integers(0, 1000))
@settings(max_examples=20)
def test_spaces_whose_decisions_all_matter(seed: int) -> None:
    space = open_space("nb201")
    strengths = np.random.default_rng(seed).normal(size=(6, 5))
    leaf = Subspace.whole(space).split([0, 3], _halves(Subspace.whole(space), [0, 3]))[seed % 2]
    codes = leaf.codes()
    sums = strengths[np.arange(6), space.decode(codes)].sum(axis=1)
    best = codes[sums.argmax()]
    assert space.strongest(leaf, strengths) == space.canonical(best)
