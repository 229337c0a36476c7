from __future__ import annotations

from itertools import product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis.leaves import expected_best_of_leaves, leaf_members
from benchmark.errors import InputError
from benchmark.space import OPERATIONS, SIZE, decode


def test_members_are_those_whose_operations_are_all_there() -> None:
    leaf = [["none", "avg_pool_3x3"], *[list(OPERATIONS)] * 4, ["nor_conv_1x1"]]
    codes = np.arange(0, SIZE, 13)
    expected = [
        all(OPERATIONS[index] in names for index, names in zip(decode(code), leaf, strict=True))
        for code in codes
    ]
    assert leaf_members(leaf, codes).tolist() == expected


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
