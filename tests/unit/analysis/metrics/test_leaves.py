from __future__ import annotations

from itertools import product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis.metrics.leaves import (
    best_of_selected,
    expected_best_of_leaves,
    known_truth,
    leaf_members,
)
from benchmark.errors import InputError
from benchmark.spaces.nb201 import (
    EDGES,
    OPERATIONS,
    SIZE,
    decode,
    from_string,
    network_codes,
    to_string,
)


def naive_live(code: int) -> list[str]:
    """Return the operations of an architecture with every edge set to none that no signal passes.

    A signal passes an edge with an operation, from a node it reaches to one that leads on.
    """
    names = dict(zip(EDGES, (OPERATIONS[index] for index in decode(code)), strict=True))
    open_edges = [edge for edge in EDGES if names[edge] != "none"]
    reached, leading = {0}, {3}
    for _ in EDGES:
        reached |= {end for start, end in open_edges if start in reached}
        leading |= {start for start, end in open_edges if end in leading}
    return [
        names[start, end] if start in reached and end in leading else "none" for start, end in EDGES
    ]


def test_a_leaf_holds_the_architectures_whose_live_code_is_in_its_subspace() -> None:
    leaf = [["none", "avg_pool_3x3"], *[list(OPERATIONS)] * 4, ["none", "nor_conv_1x1"]]
    codes = np.arange(0, SIZE, 13)
    expected = [
        all(name in names for name, names in zip(naive_live(int(code)), leaf, strict=True))
        for code in codes
    ]
    assert 0 < sum(expected) < len(codes)
    assert leaf_members(leaf, codes).tolist() == expected


def test_an_operation_on_a_dead_edge_does_not_decide_the_leaf() -> None:
    """In the first architecture edge 0→1 leads nowhere, so the leaf without it scores it."""
    dead = from_string("|nor_conv_3x3~0|+|none~0|none~1|+|skip_connect~0|none~1|none~2|")
    live = from_string("|nor_conv_3x3~0|+|none~0|skip_connect~1|+|none~0|none~1|skip_connect~2|")
    rest = [list(OPERATIONS)] * 5
    codes = np.array([dead, live])
    without, convolution = (
        leaf_members([[name], *rest], codes) for name in ("none", OPERATIONS[3])
    )
    assert OPERATIONS[3] == "nor_conv_3x3"
    assert without.tolist() == [True, False]
    assert convolution.tolist() == [False, True]
    assert expected_best_of_leaves([9.0, 1.0], [50.0, 90.0], [without, convolution]) == 90


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


def test_what_cannot_be_a_leaf_is_refused() -> None:
    with pytest.raises(InputError, match="names 2 edges: it must be 6"):
        leaf_members([["none"], ["none"]], np.array([0]))
    with pytest.raises(InputError, match="unknown operation 'non'"):
        leaf_members([["non"]] * 6, np.array([0]))
    with pytest.raises(InputError, match="no leaf holds any"):
        expected_best_of_leaves([1.0], [1.0], [np.array([False])])


@pytest.mark.parametrize("size", [1, 40, 1_000])
def test_a_network_is_known_by_any_of_its_architectures(size: int) -> None:
    codes = np.sort(np.random.default_rng(size).choice(SIZE, size, replace=False))
    truth = np.random.default_rng(0).uniform(10, 95, size)
    networks = network_codes().tolist()
    own = dict(zip(codes.tolist(), truth.tolist(), strict=True))
    first: dict[int, float] = {}
    for code, accuracy in own.items():
        first.setdefault(networks[code], accuracy)
    expected = [own.get(code, first.get(networks[code], np.nan)) for code in range(SIZE)]
    np.testing.assert_array_equal(known_truth(truth, codes), expected)


def test_a_whole_table_is_looked_up_as_it_is() -> None:
    truth = np.random.default_rng(0).uniform(10, 95, SIZE)
    np.testing.assert_array_equal(known_truth(truth, np.arange(SIZE)), truth)


def test_the_best_of_the_selected_is_that_of_those_known() -> None:
    worth = np.full(SIZE, np.nan)
    worth[[7, 9]] = 50.0, 60.0
    strings = [to_string(code) for code in (7, 8, 9)]
    assert best_of_selected(strings, worth) == 60
    assert best_of_selected(strings[:2], worth) == 50
    assert np.isnan(best_of_selected(strings[1:2], worth))
