from __future__ import annotations

import json
from itertools import combinations, product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from benchmark.errors import InputError
from benchmark.spaces.registry import open_space
from benchmark.spaces.subspaces.subspace import JointOption, Subspace, owner, scoring_leaves

SPACE = open_space("nb201")
FULL = Subspace.whole(SPACE)
EVERY_CODE = SPACE.all_codes()
LIVE = SPACE.canonical(EVERY_CODE)
ALL = (0, 1, 2, 3, 4)
PAIRS = list(product(ALL, ALL))


@st.composite
def subspaces(draw: st.DrawFn) -> Subspace:
    allowed = st.sets(st.sampled_from(ALL), min_size=1).map(lambda found: tuple(sorted(found)))
    return Subspace(SPACE, tuple(draw(allowed) for _ in range(6)))


@st.composite
def trees(draw: st.DrawFn) -> tuple[Subspace, ...]:
    """Split leaves again and again, each on one decision or two and into groups of its own."""
    leaves = [FULL]
    for _ in range(draw(st.integers(0, 6))):
        leaf = leaves.pop(draw(st.integers(0, len(leaves) - 1)))
        free = set(range(6)).difference(*(joint.decisions for joint in leaf.joint))
        several = [joint.decisions for joint in leaf.joint] + list(combinations(sorted(free), 2))
        decisions = draw(st.sampled_from([*((one,) for one in sorted(free)), *several]))
        options = leaf.options(decisions)
        labels = draw(st.lists(st.integers(0, 2), min_size=len(options), max_size=len(options)))
        groups = [
            [one for one, own in zip(options, labels, strict=True) if own == label]
            for label in set(labels)
        ]
        leaves += leaf.split(decisions, groups)
    return tuple(draw(st.permutations(leaves)))


def single(*groups: tuple[int, ...]) -> list[list[JointOption]]:
    """Return groups of options of one decision."""
    return [[(option,) for option in group] for group in groups]


def plain_codes(subspace: Subspace) -> list[int]:
    """Try every choice of options, one after the other."""
    return [
        code
        for code, choices in enumerate(product(ALL, repeat=6))
        if all(one in allowed for one, allowed in zip(choices, subspace.allowed, strict=True))
        and all(
            tuple(choices[place] for place in joint.decisions) in joint.options
            for joint in subspace.joint
        )
    ]


@given(subspaces())
def test_a_subspace_is_the_product_of_its_options(subspace: Subspace) -> None:
    expected = SPACE.encode(list(product(*subspace.allowed)))
    codes = subspace.codes()
    assert codes.dtype == np.int64
    np.testing.assert_array_equal(codes, expected)
    assert subspace.size == len(expected)
    np.testing.assert_array_equal(subspace.contains(EVERY_CODE), np.isin(EVERY_CODE, expected))


@given(subspaces())
def test_what_its_supernet_trains_carries_a_signal(subspace: Subspace) -> None:
    expected = [code for code in subspace.codes() if SPACE.works(code)]
    if not expected:
        with pytest.raises(InputError, match="no path carries a signal"):
            subspace.pool()
        return
    pool = subspace.pool()
    np.testing.assert_array_equal(pool, expected)
    assert subspace.pool() is pool
    assert not pool.flags.writeable


def test_the_whole_space_is_not_split() -> None:
    assert FULL.size == SPACE.size == 15625
    assert len(FULL.pool()) == SPACE.size - 341
    assert not any(map(FULL.is_split, range(6)))


def test_a_split_changes_its_decision_alone() -> None:
    left, right = FULL.split([4], single((3, 0), (4, 1, 2)))
    assert left.allowed == (ALL, ALL, ALL, ALL, (0, 3), ALL)
    assert right.allowed == (ALL, ALL, ALL, ALL, (1, 2, 4), ALL)
    assert [left.is_split(decision) for decision in range(6)] == [False] * 4 + [True, False]
    again = right.split([4], single((4,), (1, 2)))
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
def test_groups_that_do_not_divide_the_options_are_refused(groups: list[tuple[int, ...]]) -> None:
    with pytest.raises(InputError, match="do not divide the options"):
        FULL.split([0], single(*groups))


def test_an_option_taken_before_cannot_be_split_off() -> None:
    left, _ = FULL.split([0], single((0, 1), (2, 3, 4)))
    with pytest.raises(InputError, match=r"do not divide the options \[\(0,\), \(1,\)\] of 0→1"):
        left.split([0], single((0, 1), (2, 3, 4)))


@pytest.mark.parametrize("decision", [-1, 6])
def test_an_unknown_decision_is_refused(decision: int) -> None:
    with pytest.raises(InputError, match="choose from 0 to 5"):
        FULL.split([decision], single(ALL))


@pytest.mark.parametrize("options", [(), (1, 0), (1, 1), (5,), (-1, 2)])
def test_what_no_decision_allows_is_refused(options: tuple[int, ...]) -> None:
    with pytest.raises(InputError, match="1→2 allows"):
        Subspace(SPACE, (ALL, ALL, options, ALL, ALL, ALL))


def test_a_subspace_has_all_decisions() -> None:
    with pytest.raises(InputError, match="6 decisions, not 5"):
        Subspace(SPACE, (ALL,) * 5)


def test_paths_are_drawn_uniformly_from_the_connected() -> None:
    # a signal needs edge 3, or edges 0 and 4 together: some of these cells have neither
    subspace = Subspace(SPACE, ((0, 1), (3,), (0, 1), (0, 1), (0, 2), (0,)))
    connected = [
        code
        for code in SPACE.encode(list(product(*subspace.allowed))).tolist()
        if SPACE.works(code)
    ]
    assert 1 < len(connected) < subspace.size
    paths = subspace.draw(50 * len(connected), np.random.default_rng(1))
    assert paths.dtype == np.int8
    drawn, counts = np.unique(SPACE.encode(paths), return_counts=True)
    assert drawn.tolist() == connected
    assert stats.chisquare(counts).pvalue > 0.01


def test_a_seed_fixes_the_paths() -> None:
    first, second = (FULL.draw(50, np.random.default_rng(4)) for _ in range(2))
    np.testing.assert_array_equal(first, second)
    assert FULL.draw(0, np.random.default_rng(4)).shape == (0, 6)


def test_a_subspace_without_a_signal_has_no_path() -> None:
    subspace = FULL
    for decision in (3, 4, 5):  # all that enter the output
        subspace, _ = subspace.split([decision], single((0,), (1, 2, 3, 4)))
    assert not SPACE.pool(subspace).size
    with pytest.raises(InputError, match=r"no path carries a signal in .*\['none'\]"):
        subspace.draw(1, np.random.default_rng(0))


@settings(max_examples=15)
@given(trees())
def test_options_split_together_are_kept_together(leaves: tuple[Subspace, ...]) -> None:
    for leaf in leaves[:3]:
        expected = plain_codes(leaf)
        assert leaf.codes().tolist() == expected
        assert leaf.size == len(expected)
        choices = SPACE.decode(leaf.codes())
        for joint in leaf.joint:
            assert leaf.options(joint.decisions) == joint.options
            assert all(map(leaf.is_split, joint.decisions))
        for place, allowed in enumerate(leaf.allowed):
            assert set(choices[:, place].tolist()) == set(allowed)


def test_two_decisions_are_split_at_once() -> None:
    same = [pair for pair in PAIRS if pair[0] == pair[1]]
    left, right = FULL.split([2, 5], [same, [pair for pair in PAIRS if pair not in same]])
    assert (left.size, right.size) == (5 * 625, 20 * 625)
    assert not (left.contains(EVERY_CODE) & right.contains(EVERY_CODE)).any()
    assert (left.contains(EVERY_CODE) | right.contains(EVERY_CODE)).all()
    choices = SPACE.decode(EVERY_CODE)
    np.testing.assert_array_equal(left.contains(EVERY_CODE), choices[:, 2] == choices[:, 5])
    assert left.allowed == right.allowed == (ALL,) * 6
    assert left.options([2, 5]) == tuple(same)
    assert [right.is_split(decision) for decision in range(6)] == [False] * 2 + [True] + [
        False
    ] * 2 + [True]


def test_what_was_split_together_is_split_again_together_only() -> None:
    left, _ = FULL.split([2, 5], [PAIRS[:10], PAIRS[10:]])
    again = left.split([2, 5], [PAIRS[:3], PAIRS[3:10]])
    assert [part.size for part in again] == [3 * 625, 7 * 625]
    assert all(len(part.joint) == 1 for part in again)
    other, _ = again[0].split([0, 1], [PAIRS[:1], PAIRS[1:]])
    assert other.size == 3 * 25
    for decisions in ([2], [5], [5, 2], [2, 4], [1, 2, 5]):
        with pytest.raises(InputError, match="cannot be split: one was split with others before"):
            left.split(decisions, [[(0,) * len(decisions)]])
    with pytest.raises(InputError, match=r"do not divide the options .* of 1→2 and 2→3: put each"):
        left.split([2, 5], [PAIRS[:3], PAIRS[3:11]])


def test_decisions_that_were_split_alone_are_then_split_together() -> None:
    part, _ = FULL.split([0], single((1, 3), (0, 2, 4)))
    options = part.options([0, 1])
    assert options == tuple(product((1, 3), ALL))
    one, other = part.split([0, 1], [options[:4], options[4:]])
    assert (one.allowed[0], one.allowed[1]) == ((1,), (0, 1, 2, 3))
    assert (other.allowed[0], other.allowed[1]) == ((1, 3), ALL)
    assert one.size + other.size == part.size


@pytest.mark.parametrize("decisions", [[], [1, 1]])
def test_only_different_decisions_are_split_together(decisions: list[int]) -> None:
    with pytest.raises(InputError, match="are split together: give different ones"):
        FULL.split(decisions, [PAIRS])


def test_joint_options_are_named_together() -> None:
    assert FULL.names([0, 5], (3, 4)) == "nor_conv_3x3 & avg_pool_3x3"
    assert FULL.names([1], (0,)) == "none"


def test_paths_of_a_joint_split_are_drawn_uniformly_from_it() -> None:
    few = [(1, 1), (2, 3)]
    part, _ = FULL.split([3, 4], [few, [pair for pair in PAIRS if pair not in few]])
    for decision in (0, 1, 2, 5):
        rest = tuple(option for option in ALL if option not in (0, 3))
        part, _ = part.split([decision], single((0, 3), rest))
    pool = part.pool()
    codes = SPACE.encode(part.draw(60 * len(pool), np.random.default_rng(2)))
    drawn, counts = np.unique(codes, return_counts=True)
    np.testing.assert_array_equal(drawn, pool)
    assert stats.chisquare(counts).pvalue > 0.01


def test_a_trace_names_the_options() -> None:
    left, _ = FULL.split([1], single((0, 4), (1, 2, 3)))
    lists = json.loads(json.dumps(left.to_lists()))
    assert lists[1] == ["none", "avg_pool_3x3"]
    assert lists[0] == lists[5] == list(SPACE.decisions[0].options)


@settings(max_examples=40)
@given(trees())
def test_the_leaves_of_a_tree_hold_every_architecture_once(leaves: tuple[Subspace, ...]) -> None:
    assert sum(leaf.size for leaf in leaves) == SPACE.size
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


HALVES = FULL.split([5], single((0, 1), (2, 3, 4)))
_, FOURTH = FULL.split([5], single((0, 1, 2, 3), (4,)))


@pytest.mark.parametrize(
    ("leaves", "message"),
    [
        ([FULL, FULL], "15625 architectures are not in exactly one leaf, the first is code 0 in 2"),
        (HALVES[:1], "9375 architectures .* is code 2 in 0"),
        ([*HALVES, FOURTH], "3125 architectures .* is code 4 in 2"),
    ],
)
def test_leaves_that_miss_or_share_are_refused(leaves: list[Subspace], message: str) -> None:
    with pytest.raises(InputError, match=message):
        owner(leaves, EVERY_CODE)
    with pytest.raises(InputError, match="architectures are not in exactly one leaf"):
        scoring_leaves(leaves, EVERY_CODE)


def test_a_code_outside_the_space_has_no_owner() -> None:
    with pytest.raises(InputError, match="code 15625 is out of bounds"):
        owner([FULL], [SPACE.size])
