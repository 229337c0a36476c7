from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from benchmark.spaces.registry import open_space
from benchmark.spaces.subspaces.subspace import JointOption, Subspace, owner
from tests.unit.benchmark.spaces.darts.naive import N_OPTIONS, canonical_choices

SPACE = open_space("darts")
WHOLE = Subspace.whole(SPACE)


@st.composite
def subspaces(draw: st.DrawFn) -> Subspace:
    """Draw a subspace of few options, which a naive count can list."""
    allowed = []
    for number in N_OPTIONS:
        most = 2 if number == 7 else 3
        options = draw(st.sets(st.integers(0, number - 1), min_size=1, max_size=most))
        allowed.append(tuple(sorted(options)))
    return Subspace(SPACE, tuple(allowed))


def naive_count(subspace: Subspace) -> int:
    """Multiply the numbers of canonical choices of all nodes, which are independent."""
    total = 1
    for cell in range(2):
        for node in (2, 3, 4, 5):
            total *= len(canonical_choices([set(one) for one in subspace.allowed], cell, node))
    return total


def test_the_whole_space() -> None:
    assert WHOLE.size == SPACE.size


@given(subspaces())
@settings(max_examples=30)
def test_a_naive_count(subspace: Subspace) -> None:
    assert subspace.size == naive_count(subspace)


def test_a_subspace_can_be_empty() -> None:
    allowed = list(WHOLE.allowed)
    allowed[2] = (3,)  # the edge 0→3, which must be kept, as option 0 is not allowed
    allowed[28] = (2,)  # inputs 1 and 2
    assert Subspace(SPACE, tuple(allowed)).size == 0


@st.composite
def splits(draw: st.DrawFn) -> tuple[Subspace, ...]:
    """Split some decisions, one or two at a time, and return all leaves."""
    leaves: tuple[Subspace, ...] = (WHOLE,)
    order = draw(st.permutations(range(34)))
    for _ in range(draw(st.integers(1, 3))):
        decisions = [order.pop() for _ in range(draw(st.integers(1, 2)))]
        place = draw(st.integers(0, len(leaves) - 1))
        options = leaves[place].options(decisions)
        labels = draw(st.lists(st.integers(0, 2), min_size=len(options), max_size=len(options)))
        groups: dict[int, list[JointOption]] = {}
        for label, option in zip(labels, options, strict=True):
            groups.setdefault(label, []).append(option)
        parts = leaves[place].split(decisions, list(groups.values()))
        leaves = (*leaves[:place], *parts, *leaves[place + 1 :])
    return leaves


@given(splits())
@settings(max_examples=20)
def test_leaves_partition_the_space(leaves: tuple[Subspace, ...]) -> None:
    assert sum(leaf.size for leaf in leaves) == SPACE.size
    codes = SPACE.sample(200)
    owners = owner(leaves, codes)
    for number, leaf in enumerate(leaves):
        np.testing.assert_array_equal(leaf.contains(codes), owners == number)


def test_the_share_of_a_sample_in_each_leaf() -> None:
    parts = WHOLE.split([9, 30], [[(0, 0), (3, 9)], [*_all_but([(0, 0), (3, 9)])]])
    codes = SPACE.sample(50_000)
    share = parts[0].contains(codes).mean()
    exact = parts[0].size / SPACE.size
    assert abs(share - exact) < 5 * (exact * (1 - exact) / len(codes)) ** 0.5


def _all_but(options: list[JointOption]) -> list[JointOption]:
    return [one for one in WHOLE.options([9, 30]) if one not in options]
