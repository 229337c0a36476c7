"""The closed forms against every order of few items, and against exact fractions for many."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis.metrics.topk import expected_best, finite_vectors, membership
from benchmark.errors import InputError

Oracle = Callable[[Sequence[float], int], dict[frozenset[int], Fraction]]

tied = st.lists(st.tuples(st.integers(0, 2), st.integers(0, 4)), min_size=1, max_size=6)


@settings(max_examples=60)
@given(pairs=tied, data=st.data())
def test_membership_is_the_share_of_orders(
    tops_by_orders: Oracle, pairs: list[tuple[int, int]], data: st.DataObject
) -> None:
    scores = [score for score, _ in pairs]
    k = data.draw(st.integers(1, len(pairs)))
    tops = tops_by_orders(scores, k)
    naive = [float(sum(p for top, p in tops.items() if i in top)) for i in range(len(pairs))]
    assert membership(scores, k) == pytest.approx(naive, abs=1e-15)


@settings(max_examples=60)
@given(pairs=tied, data=st.data())
def test_expected_best_is_the_mean_over_orders(
    tops_by_orders: Oracle, pairs: list[tuple[int, int]], data: st.DataObject
) -> None:
    scores, truths = [score for score, _ in pairs], [truth for _, truth in pairs]
    k = data.draw(st.integers(1, len(pairs)))
    naive = sum(p * max(truths[i] for i in top) for top, p in tops_by_orders(scores, k).items())
    assert expected_best(scores, truths, k) == pytest.approx(float(naive))


@given(
    values=st.lists(st.integers(0, 3), min_size=1, max_size=200),
    data=st.data(),
)
def test_membership_sums_to_k(values: list[int], data: st.DataObject) -> None:
    k = data.draw(st.integers(1, len(values)))
    assert membership(values, k).sum() == pytest.approx(k)


@given(pairs=st.lists(st.tuples(st.integers(0, 3), st.floats(0, 100)), min_size=1), data=st.data())
def test_order_of_the_items_does_not_matter(
    pairs: list[tuple[int, float]], data: st.DataObject
) -> None:
    k = data.draw(st.integers(1, len(pairs)))
    shuffled = data.draw(st.permutations(pairs))
    ordered, moved = np.array(pairs), np.array(shuffled)
    expected = expected_best(ordered[:, 0], ordered[:, 1], k)
    assert expected_best(moved[:, 0], moved[:, 1], k) == expected
    assert sorted(membership(moved[:, 0], k)) == sorted(membership(ordered[:, 0], k))


def test_all_tied() -> None:
    assert membership(np.zeros(5), 2).tolist() == [0.4] * 5


@pytest.mark.parametrize(("size", "draws"), [(15_625, 10), (15_625, 1), (2_000, 700), (500, 500)])
@pytest.mark.parametrize("certain", [None, 60.0])
def test_large_group_of_equals_against_exact_fractions(
    size: int, draws: int, certain: float | None
) -> None:
    truths = np.random.default_rng(size).uniform(10, 95, size)
    rising = np.sort(truths).tolist()
    total = math.comb(size, draws)
    # the i-th smallest is the highest drawn if the other draws all lie below it
    exact = math.fsum(
        max(truth, certain or 0.0) * (math.comb(i, draws - 1) / total)
        for i, truth in enumerate(rising)
    )
    if certain is None:
        scores, k = np.zeros(size), draws
    else:
        scores, k = np.append(np.zeros(size), 1.0), draws + 1
        truths = np.append(truths, certain)
    assert expected_best(scores, truths, k) == pytest.approx(exact, rel=1e-11)


@pytest.mark.parametrize("k", [0, -1, 4])
def test_k_outside_the_list(k: int) -> None:
    with pytest.raises(InputError, match=f"k is {k}: choose 1 to 3"):
        membership([1, 2, 3], k)
    with pytest.raises(InputError, match=f"k is {k}: choose 1 to 3"):
        expected_best([1, 2, 3], [1, 2, 3], k)


@pytest.mark.parametrize("broken", [math.nan, math.inf, -math.inf])
def test_a_value_that_is_not_finite_is_located(broken: float) -> None:
    with pytest.raises(InputError, match=f"1 of 3 truths .* {broken} at position 1"):
        finite_vectors(scores=[1, 2, 3], truths=[1, broken, 3])


@pytest.mark.parametrize("shapeless", [[], 3.0, [[1.0, 2.0]]])
def test_only_a_list_of_numbers_is_ranked(shapeless: object) -> None:
    with pytest.raises(InputError, match="values of shape"):
        membership(np.array(shapeless), 1)


def test_lengths_must_agree() -> None:
    with pytest.raises(InputError, match="2 scores but 3 truths"):
        expected_best([1, 2], [1, 2, 3], 1)
