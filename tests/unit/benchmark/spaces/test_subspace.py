from __future__ import annotations

import json
from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from baselines.splitting.subspace import FULL, Subspace, owner, scoring_leaves
from benchmark.errors import InputError
from benchmark.spaces.nb201 import OPERATIONS, SIZE, encode, is_connected, live_codes

EVERY_CODE = np.arange(SIZE)
LIVE = live_codes()
ALL = (0, 1, 2, 3, 4)


@st.composite
def subspaces(draw: st.DrawFn) -> Subspace:
    edge = st.sets(st.sampled_from(ALL), min_size=1).map(lambda indices: tuple(sorted(indices)))
    return Subspace(tuple(draw(edge) for _ in range(6)))


@st.composite
def trees(draw: st.DrawFn) -> tuple[Subspace, ...]:
    """Split leaves again and again, each on an edge and into groups of its own."""
    leaves = [FULL]
    for _ in range(draw(st.integers(0, 6))):
        leaf = leaves.pop(draw(st.integers(0, len(leaves) - 1)))
        edge = draw(st.integers(0, 5))
        labels = {operation: draw(st.integers(0, 2)) for operation in leaf.allowed[edge]}
        groups = [[op for op in labels if labels[op] == label] for label in {*labels.values()}]
        leaves += leaf.split(edge, groups)
    return tuple(draw(st.permutations(leaves)))


@given(subspaces())
def test_a_subspace_is_the_product_of_its_edges(subspace: Subspace) -> None:
    expected = encode(list(product(*subspace.allowed)))
    codes = subspace.codes()
    assert codes.dtype == np.int64
    np.testing.assert_array_equal(codes, expected)
    assert subspace.size == len(expected)
    np.testing.assert_array_equal(subspace.contains(EVERY_CODE), np.isin(EVERY_CODE, expected))


@given(subspaces())
def test_connected_codes_carry_a_signal(subspace: Subspace) -> None:
    connected = subspace.connected_codes()
    expected = [code for code in subspace.codes() if is_connected(code)]
    np.testing.assert_array_equal(connected, expected)
    assert subspace.connected_codes() is connected
    assert not connected.flags.writeable


def test_the_full_space_is_not_split() -> None:
    assert FULL.size == SIZE
    assert len(FULL.connected_codes()) == SIZE - 341
    assert not any(map(FULL.is_split, range(6)))


def test_a_split_changes_its_edge_alone() -> None:
    left, right = FULL.split(4, [(3, 0), (4, 1, 2)])
    assert left.allowed == (ALL, ALL, ALL, ALL, (0, 3), ALL)
    assert right.allowed == (ALL, ALL, ALL, ALL, (1, 2, 4), ALL)
    assert [left.is_split(edge) for edge in range(6)] == [False] * 4 + [True, False]
    again = right.split(4, [(4,), (1, 2)])
    assert [part.allowed[4] for part in again] == [(4,), (1, 2)]


@pytest.mark.parametrize(
    "groups",
    [
        [],
        [(0, 1), (2, 3)],
        [(0, 1, 2), (2, 3, 4)],
        [(0, 1), (2, 3, 4, 5)],
        [(0, 0, 1), (2, 3, 4)],
        [(0, 1, 2, 3, 4), ()],
    ],
)
def test_groups_that_do_not_divide_an_edge_are_refused(groups: list[tuple[int, ...]]) -> None:
    with pytest.raises(InputError, match="do not divide the operations"):
        FULL.split(0, groups)


def test_an_operation_taken_before_cannot_be_split_off() -> None:
    left, _ = FULL.split(0, [(0, 1), (2, 3, 4)])
    with pytest.raises(InputError, match=r"do not divide the operations \[0, 1\] of edge 0"):
        left.split(0, [(0, 1), (2, 3, 4)])


@pytest.mark.parametrize("edge", [-1, 6])
def test_an_unknown_edge_is_refused(edge: int) -> None:
    with pytest.raises(InputError, match="choose from 0 to 5"):
        FULL.split(edge, [ALL])


@pytest.mark.parametrize("operations", [(), (1, 0), (1, 1), (5,), (-1, 2)])
def test_what_no_edge_allows_is_refused(operations: tuple[int, ...]) -> None:
    with pytest.raises(InputError, match="edge 2 allows"):
        Subspace((ALL, ALL, operations, ALL, ALL, ALL))


def test_a_subspace_has_six_edges() -> None:
    with pytest.raises(InputError, match="6 edges, not 5"):
        Subspace((ALL,) * 5)


def test_paths_are_drawn_uniformly_from_the_connected() -> None:
    # a signal needs edge 3, or edges 0 and 4 together: some of these cells have neither
    subspace = Subspace(((0, 1), (3,), (0, 1), (0, 1), (0, 2), (0,)))
    connected = [
        code for code in encode(list(product(*subspace.allowed))).tolist() if is_connected(code)
    ]
    assert 1 < len(connected) < subspace.size
    paths = subspace.draw_paths(50 * len(connected), np.random.default_rng(1))
    assert paths.dtype == np.int8
    drawn, counts = np.unique(encode(paths), return_counts=True)
    assert drawn.tolist() == connected
    assert stats.chisquare(counts).pvalue > 0.01


def test_a_seed_fixes_the_paths() -> None:
    first, second = (FULL.draw_paths(50, np.random.default_rng(4)) for _ in range(2))
    np.testing.assert_array_equal(first, second)
    assert FULL.draw_paths(0, np.random.default_rng(4)).shape == (0, 6)


def test_a_subspace_without_a_signal_has_no_path() -> None:
    subspace = FULL
    for edge in (3, 4, 5):  # all that enter the output
        subspace, _ = subspace.split(edge, [(0,), (1, 2, 3, 4)])
    assert subspace.connected_codes().size == 0
    with pytest.raises(InputError, match=r"no path carries a signal in .*\['none'\]"):
        subspace.draw_paths(1, np.random.default_rng(0))


def test_a_trace_names_the_operations() -> None:
    left, _ = FULL.split(1, [(0, 4), (1, 2, 3)])
    lists = json.loads(json.dumps(left.to_lists()))
    assert lists[1] == ["none", "avg_pool_3x3"]
    assert lists[0] == lists[5] == list(OPERATIONS)


@settings(max_examples=40)
@given(trees())
def test_the_leaves_of_a_tree_hold_every_architecture_once(leaves: tuple[Subspace, ...]) -> None:
    assert sum(leaf.size for leaf in leaves) == SIZE
    owners = owner(leaves, EVERY_CODE)
    for number, leaf in enumerate(leaves):
        np.testing.assert_array_equal(np.flatnonzero(owners == number), leaf.codes())


@settings(max_examples=40)
@given(trees())
def test_a_leaf_scores_the_functions_whose_live_codes_it_holds(
    leaves: tuple[Subspace, ...],
) -> None:
    scoring = scoring_leaves(leaves, EVERY_CODE)
    for number, leaf in enumerate(leaves):
        assert leaf.contains(LIVE[scoring == number]).all()
    np.testing.assert_array_equal(scoring, scoring[LIVE])  # equal functions have the same leaf


def test_owner_keeps_the_shape_of_the_codes() -> None:
    assert owner([FULL], [[1, 2], [3, 4]]).shape == (2, 2)
    assert owner([FULL], np.array([], int)).shape == (0,)


@pytest.mark.parametrize(
    ("leaves", "message"),
    [
        ([], "15625 architectures are not in exactly one leaf, the first is code 0 in 0"),
        ([FULL, FULL], "15625 architectures .* the first is code 0 in 2"),
        (FULL.split(5, [(0, 1), (2, 3, 4)])[:1], "9375 architectures .* is code 2 in 0"),
        (
            [*FULL.split(5, [(0, 1), (2, 3, 4)]), FULL.split(5, [(0, 1, 2, 3), (4,)])[1]],
            "3125 architectures .* is code 4 in 2",
        ),
    ],
)
def test_leaves_that_miss_or_share_are_refused(leaves: list[Subspace], message: str) -> None:
    with pytest.raises(InputError, match=message):
        owner(leaves, [0])
    with pytest.raises(InputError, match=message):
        scoring_leaves(leaves, [0])


def test_a_code_outside_the_space_has_no_owner() -> None:
    with pytest.raises(InputError, match="code 15625 is out of bounds"):
        owner([FULL], [SIZE])
