from __future__ import annotations

from itertools import product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis.metrics.leaves import KnownTruth, expected_best_of_leaves, leaf_members
from benchmark.errors import InputError
from benchmark.spaces.base import Space
from benchmark.spaces.nb201 import EDGES
from benchmark.spaces.registry import open_space
from benchmark.spaces.subspaces.subspace import Subspace

SPACE = open_space("nb201")
MACRO = open_space("macro")
OPERATIONS = SPACE.decisions[0].options


def naive_live(code: int) -> list[str]:
    """Return the operations of an architecture with every edge set to none that no signal passes.

    A signal passes an edge with an operation, from a node it reaches to one that leads on.
    """
    names = dict(zip(EDGES, (OPERATIONS[index] for index in SPACE.decode(code)), strict=True))
    open_edges = [edge for edge in EDGES if names[edge] != "none"]
    reached, leading = {0}, {3}
    for _ in EDGES:
        reached |= {end for start, end in open_edges if start in reached}
        leading |= {start for start, end in open_edges if end in leading}
    return [
        names[start, end] if start in reached and end in leading else "none" for start, end in EDGES
    ]


def test_a_leaf_holds_the_architectures_whose_canonical_code_is_in_its_subspace() -> None:
    leaf = [["none", "avg_pool_3x3"], *[list(OPERATIONS)] * 4, ["none", "nor_conv_1x1"]]
    allowed = tuple(tuple(sorted(map(OPERATIONS.index, names))) for names in leaf)
    codes = np.arange(0, SPACE.size, 13)
    expected = [
        all(name in names for name, names in zip(naive_live(int(code)), leaf, strict=True))
        for code in codes
    ]
    assert 0 < sum(expected) < len(codes)
    assert leaf_members(Subspace(SPACE, allowed), codes).tolist() == expected


def test_an_operation_on_a_dead_edge_does_not_decide_the_leaf() -> None:
    """In the first architecture edge 0→1 leads nowhere, so the leaf without it scores it."""
    dead = SPACE.parse("|nor_conv_3x3~0|+|none~0|none~1|+|skip_connect~0|none~1|none~2|")
    live = SPACE.parse("|nor_conv_3x3~0|+|none~0|skip_connect~1|+|none~0|none~1|skip_connect~2|")
    codes = np.array([dead, live])
    leaves = Subspace.whole(SPACE).split([0], [[(place,)] for place in range(5)])
    without, convolution = (
        leaf_members(leaves[OPERATIONS.index(name)], codes) for name in ("none", "nor_conv_3x3")
    )
    assert without.tolist() == [True, False]
    assert convolution.tolist() == [False, True]
    assert expected_best_of_leaves([9.0, 1.0], [50.0, 90.0], [without, convolution]) == 90


def test_leaves_of_a_joint_split_score_each_architecture_once() -> None:
    pairs = [(one, two) for one in range(3) for two in range(3)]
    leaves = Subspace.whole(MACRO).split([1, 2], [pairs[:2], pairs[2:7], pairs[7:]])
    held = np.stack([leaf_members(leaf, MACRO.all_codes()) for leaf in leaves])
    assert held.sum(axis=0).tolist() == [1] * MACRO.size
    choices = MACRO.decode(MACRO.canonical(MACRO.all_codes()))
    expected = [(one, two) in pairs[2:7] for one, two in choices[:, [1, 2]].tolist()]
    assert held[1].tolist() == expected


@given(
    st.lists(
        st.tuples(st.integers(0, 2), st.integers(0, 5), st.integers(0, 2)), min_size=1, max_size=8
    )
)
def test_the_best_of_leaves_is_that_of_every_choice(items: list[tuple[int, int, int]]) -> None:
    scores, truth, places = (np.array(column) for column in zip(*items, strict=True))
    leaves = [places == leaf for leaf in range(3)]
    choices = []
    for leaf in leaves:
        if leaf.any():
            best = scores[leaf].max()
            choices.append(truth[leaf & (scores == best)].tolist())
    found = [max(choice) for choice in product(*choices)]
    expected = sum(found) / len(found)
    assert expected_best_of_leaves(scores, truth, leaves) == pytest.approx(expected)


def test_no_leaf_with_an_architecture_is_refused() -> None:
    with pytest.raises(InputError, match="no leaf holds any"):
        expected_best_of_leaves([1.0], [1.0], [np.array([False])])


@pytest.mark.parametrize("space", [SPACE, MACRO])
@pytest.mark.parametrize("size", [1, 40, 1_000])
def test_a_network_is_known_by_any_of_its_architectures(space: Space, size: int) -> None:
    codes = np.sort(np.random.default_rng(size).choice(space.size, size, replace=False))
    truth = np.random.default_rng(0).uniform(10, 95, size)
    networks = space.network(space.all_codes()).tolist()
    own = dict(zip(codes.tolist(), truth.tolist(), strict=True))
    first: dict[int, float] = {}
    for code, accuracy in own.items():
        first.setdefault(networks[code], accuracy)
    asked = [*codes[:50].tolist(), *range(0, space.size, 97)]
    expected = [own.get(code, first.get(networks[code], np.nan)) for code in asked]
    known = KnownTruth.of(truth, codes, space)
    np.testing.assert_array_equal([known(code) for code in asked], expected)


def test_the_best_of_the_selected_is_that_of_those_known() -> None:
    codes = [31, 7_908, 15_624]
    assert len(set(SPACE.network(codes).tolist())) == 3
    known = KnownTruth.of([50.0, 60.0], np.array([31, 15_624]), SPACE)
    strings = [SPACE.format(code) for code in codes]
    assert known.best(strings) == 60
    assert known.best(strings[:2]) == 50
    assert np.isnan(known.best(strings[1:2]))
