from __future__ import annotations

from collections import Counter

import numpy as np
import pytest
from scipy.stats import chisquare

from baselines.selection.neighbours import mutated, neighbours, without_effect
from benchmark.spaces.registry import open_space
from benchmark.spaces.subspaces.subspace import Subspace
from tests.unit.benchmark.spaces.darts.naive import genotype_of

DARTS, NB201 = open_space("darts"), open_space("nb201")


def changes(one: int, other: int) -> tuple[int, int]:
    """Return how many edges of DARTS's space were replaced, and how many operations changed."""
    replaced = renamed = 0
    for before, after in zip(
        genotype_of(DARTS.decode(one)), genotype_of(DARTS.decode(other)), strict=True
    ):
        for node in (2, 3, 4, 5):
            replaced += len(set(before[node]) - set(after[node]))
            shared = set(before[node]) & set(after[node])
            renamed += sum(before[node][source] != after[node][source] for source in shared)
    return replaced, renamed


@pytest.mark.parametrize("code", DARTS.sample(5).tolist())
def test_neighbours_in_darts_change_one_node(code: int) -> None:
    found = neighbours(Subspace.whole(DARTS), code)
    assert len(set(found.tolist()) | {code}) == len(found) + 1
    kinds = Counter(changes(code, int(one)) for one in found)
    assert kinds[0, 1] == 16 * 6  # operations
    assert kinds[1, 0] >= 12 * 7  # an edge replaced by another with any operation
    assert set(kinds) <= {(0, 1), (1, 0), (2, 0)}  # or both inputs of a node


def test_neighbours_in_nb201_are_those_by_definition() -> None:
    rng = np.random.default_rng(0)
    part = Subspace.whole(NB201).split([1], [[(0,), (3,)], [(1,), (2,), (4,)]])[1]
    inside = np.unique(NB201.canonical(part.codes()))
    inside = inside[part.contains(inside) & NB201.works(inside)]
    for code in rng.choice(inside, 5).tolist():
        expected = set()
        for place in range(6):
            for option in part.allowed[place]:
                choices = NB201.decode(code)
                choices[place] = option
                expected.add(int(NB201.canonical(NB201.encode(choices))))
        expected = {one for one in expected if one in inside.tolist()} - {code}
        assert neighbours(part, code).tolist() == sorted(expected)


@pytest.mark.parametrize("name", ["macro", "mobilenet", "size"])
def test_neighbours_in_chains_change_one_layer(name: str) -> None:
    """Also where identities, which come last in their stage, stand before it."""
    space = open_space(name)
    for code in space.canonical(space.sample(5)).tolist():
        choices = space.decode(code)
        single = np.repeat(choices[None], int(space.n_options.sum()), axis=0)
        places = np.repeat(np.arange(len(space)), space.n_options)
        single[np.arange(len(single)), places] = np.concatenate(
            [np.arange(count) for count in space.n_options]
        )
        expected = set(space.canonical(space.encode(single)).tolist()) - {code}
        found = neighbours(Subspace.whole(space), code)
        assert found.tolist() == sorted(expected)
        generator = np.random.default_rng(0)
        assert {mutated(Subspace.whole(space), code, generator) for _ in range(50)} <= expected


def test_mutations_are_neighbours_or_bring_any_operation() -> None:
    code = int(DARTS.sample(1)[0])
    whole, generator = Subspace.whole(DARTS), np.random.default_rng(0)
    drawn = [mutated(whole, code, generator) for _ in range(2000)]
    kinds = Counter(changes(code, one) for one in drawn if one is not None)
    assert sum(kinds.values()) == 2000
    assert set(kinds) <= {(0, 1), (1, 0), (2, 0)}
    assert abs(kinds[0, 1] / 2000 - 16 / 34) < 0.04  # a decision is drawn uniformly


def test_a_mutation_draws_a_decision_and_an_option_uniformly() -> None:
    """On a path of convolutions every decision of NAS-Bench-201 matters."""
    code = NB201.parse(
        "|nor_conv_3x3~0|+|nor_conv_3x3~0|nor_conv_3x3~1|"
        "+|nor_conv_3x3~0|nor_conv_3x3~1|nor_conv_3x3~2|"
    )
    whole, generator = Subspace.whole(NB201), np.random.default_rng(1)
    drawn = Counter(mutated(whole, code, generator) for _ in range(4800))
    assert len(drawn) == 6 * 4
    assert chisquare(list(drawn.values())).pvalue > 1e-3


def test_decisions_without_effect() -> None:
    code = int(DARTS.sample(1)[0])
    choices = DARTS.decode(code)
    free = without_effect(Subspace.whole(DARTS), choices)
    np.testing.assert_array_equal(free[:28], ~DARTS.active(choices)[:28])
    assert not free[28:].any()


def test_a_single_architecture_has_no_mutation() -> None:
    part = Subspace(NB201, ((3,),) * 6)
    assert mutated(part, int(part.codes()[0]), np.random.default_rng(0)) is None
    assert neighbours(part, int(part.codes()[0])).size == 0
