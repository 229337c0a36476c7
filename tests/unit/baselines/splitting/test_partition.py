from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cache
from itertools import combinations, product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from baselines.splitting import partition
from baselines.splitting.partition import (
    Groups,
    Partition,
    best_decision,
    best_partition,
    count_partitions,
    random_partition,
    set_partitions,
)
from benchmark.errors import InputError

# Distances on a grid of few values: ties are common, and sums of them are exact.
TIED = st.sampled_from([0.0, 0.25, 0.5, 1.0])


def symmetric(n: int, distances: Iterable[float]) -> np.ndarray:
    matrix = np.zeros((n, n))
    for (i, j), distance in zip(combinations(range(n), 2), distances, strict=True):
        matrix[i, j] = matrix[j, i] = distance
    return matrix


@st.composite
def matrices(draw: st.DrawFn, elements: st.SearchStrategy[float] = TIED) -> np.ndarray:
    n = draw(st.integers(2, 6))
    pairs = n * (n - 1) // 2
    return symmetric(n, draw(st.lists(elements, min_size=pairs, max_size=pairs)))


@cache
def labelled(n: int, groups: int, min_size: int) -> list[Groups]:
    """Try every labelling in lexicographic order and keep the first that gives each partition."""
    found: dict[Groups, None] = {}
    for labels in product(range(groups), repeat=n):
        sets = [tuple(np.flatnonzero(np.equal(labels, g)).tolist()) for g in range(groups)]
        if min(map(len, sets)) >= min(min_size, n // groups):
            found.setdefault(tuple(sorted(sets)))
    return list(found)


@pytest.mark.parametrize(
    ("n", "groups", "min_size"),
    [(n, k, m) for n in range(2, 7) for k in range(2, n + 1) for m in (1, 2, 3)],
)
def test_set_partitions_are_the_labellings_without_names(
    n: int, groups: int, min_size: int
) -> None:
    assert list(set_partitions(n, groups, min_size)) == labelled(n, groups, min_size)


@pytest.mark.parametrize(("n", "groups", "stirling"), [(5, 2, 15), (5, 3, 25), (8, 4, 1701)])
def test_set_partitions_are_as_many_as_stirling_counts(n: int, groups: int, stirling: int) -> None:
    assert len(set(set_partitions(n, groups))) == stirling


@given(matrix=matrices(), data=st.data())
def test_the_best_partition_is_the_first_best_labelling(
    matrix: np.ndarray, data: st.DataObject
) -> None:
    n = len(matrix)
    groups, min_size = data.draw(st.integers(2, n)), data.draw(st.integers(1, 3))

    def between(sets: Groups) -> float:
        return sum(float(matrix[i, j]) for a, b in combinations(sets, 2) for i in a for j in b)

    def within(sets: Groups) -> float:
        return sum(float(matrix[i, j]) for group in sets for i, j in combinations(group, 2))

    options = labelled(n, groups, min_size)
    best = max(options, key=between)  # the first of equals
    chosen = best_partition(matrix, groups, min_size)
    assert chosen == Partition(best, between(best), within(best))
    assert chosen.inside == min(map(within, options))


@given(matrix=matrices(), seed=st.integers(0, 2**32 - 1))
def test_rounding_does_not_decide(matrix: np.ndarray, seed: int) -> None:
    noise = np.random.default_rng(seed).uniform(-1e-12, 1e-12, matrix.shape)
    assert best_partition(matrix + noise).groups == best_partition(matrix).groups


# These distances tie too, but their sums are not exact.
@given(matrix=matrices(st.sampled_from([0.1, 0.2, 0.3, 0.7])))
def test_the_unit_of_the_distances_does_not_decide(matrix: np.ndarray) -> None:
    assert best_partition(matrix * 2.0**40).groups == best_partition(matrix * 10).groups


def test_convolutions_are_parted_from_the_rest() -> None:
    kind = np.array([0, 0, 1, 1, 0])  # none, skip, conv, conv, pool
    matrix = np.where(kind[:, None] == kind, 0.1, 0.9) * (1 - np.eye(5))
    chosen = best_partition(matrix)
    assert chosen.groups == ((0, 1, 4), (2, 3))
    assert chosen.separated == pytest.approx(6 * 0.9)
    assert chosen.inside == pytest.approx(4 * 0.1)


def test_the_bound_keeps_an_outlier_in_company() -> None:
    matrix = symmetric(5, [1, 1, 1, 0.9, 0, 0, 0, 0, 0, 0])
    assert best_partition(matrix, min_size=1).groups == ((0,), (1, 2, 3, 4))
    assert best_partition(matrix, min_size=2).groups == ((0, 4), (1, 2, 3))


def test_all_ties_take_the_first_partition() -> None:
    for n, groups, min_size in product((4, 5, 6), (2, 3), (1, 2)):
        first = next(set_partitions(n, groups, min_size))
        assert best_partition(np.zeros((n, n)), groups, min_size) == Partition(first, 0.0, 0.0)


def test_rounding_below_zero_passes() -> None:
    matrix = np.full((4, 4), -2e-16)
    assert best_partition(matrix) == Partition(((0, 1), (2, 3)), 0.0, 0.0)


def test_rounding_of_large_distances_passes() -> None:
    chosen = best_partition([[0, 1e12], [1e12 + 1e-3, 0]])
    assert chosen.groups == ((0,), (1,))
    assert chosen.separated == pytest.approx(1e12)


@pytest.mark.parametrize(
    ("distances", "groups", "message"),
    [
        (np.zeros((3, 3)), 4, "4 groups of 3 options: choose 2 to 3"),
        (np.zeros((3, 3)), 1, "1 groups of 3 options: choose 2 to 3"),
        (np.zeros((0, 0)), 2, "2 groups of 0 options"),
        (np.zeros((2, 3)), 2, "square"),
        (np.zeros(4), 2, "square"),
        ([[0, 1], [1 + 1e-6, 0]], 2, "not symmetric by 1e-06"),
        ([[0, -0.1], [-0.1, 0]], 2, "negative by 0.1"),
        ([[0, 1], [1, 0.5]], 2, "not zero on the diagonal by 0.5"),
        ([[0, np.nan], [np.nan, 0]], 2, "not finite"),
        ([[0, np.inf], [np.inf, 0]], 2, "not finite"),
    ],
)
def test_what_cannot_be_parted_is_refused(distances: object, groups: int, message: str) -> None:
    with pytest.raises(InputError, match=message):
        best_partition(distances, groups)  # type: ignore[arg-type]


def test_an_empty_group_is_refused() -> None:
    with pytest.raises(InputError, match="min_size is 0: choose 1 or more"):
        set_partitions(5, 2, 0)


def decision_partition(separated: float) -> Partition:
    return Partition(((0, 1), (2, 3, 4)), separated, 0.0)


def partitions(separated: Mapping[tuple[int, ...], float]) -> dict[tuple[int, ...], Partition]:
    return {chosen: decision_partition(one) for chosen, one in separated.items()}


def test_the_decision_that_separates_most_is_split() -> None:
    assert best_decision(partitions({(5,): 3.0, (0,): 1.0, (2,): 2.0})) == (5,)
    assert best_decision(partitions({(5,): 3.0, (0, 1): 3.5, (2,): 2.0})) == (0, 1)


@pytest.mark.parametrize("noise", [0.0, 1e-12, -1e-12])
def test_of_equal_decisions_the_first_is_split(noise: float) -> None:
    assert best_decision(partitions({(4,): 2.0 + noise, (1,): 2.0, (0,): 1.0})) == (1,)
    assert best_decision(partitions({(1, 2): 2.0 + noise, (1,): 2.0, (0,): 1.0})) == (1,)
    assert best_decision(partitions({(1,): 2.0 + noise, (0, 5): 2.0, (2,): 1.0})) == (0, 5)


def test_without_decisions_there_is_no_best() -> None:
    with pytest.raises(InputError, match="no decision is left"):
        best_decision({})


@pytest.mark.parametrize(("n", "groups", "min_size"), [(5, 2, 2), (5, 2, 1), (5, 3, 2)])
def test_random_partitions_are_uniform(n: int, groups: int, min_size: int) -> None:
    generator = np.random.default_rng(7)
    options = labelled(n, groups, min_size)
    counts = dict.fromkeys(options, 0)
    for _ in range(40 * len(options)):
        counts[random_partition(n, groups, min_size, generator)] += 1
    assert stats.chisquare(list(counts.values())).pvalue > 0.01


@pytest.mark.parametrize(("n", "groups", "min_size"), [(5, 2, 2), (6, 3, 1), (7, 3, 2), (4, 4, 1)])
def test_random_partitions_of_many_options_are_uniform(
    n: int, groups: int, min_size: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As where they are too many to list, here by a bound of none."""
    monkeypatch.setattr(partition, "MOST_LISTED", 0)
    generator = np.random.default_rng(8)
    options = labelled(n, groups, min_size)
    counts = dict.fromkeys(options, 0)
    for _ in range(40 * len(options)):
        counts[random_partition(n, groups, min_size, generator)] += 1
    assert len(counts) == len(options)
    assert len(options) == 1 or stats.chisquare(list(counts.values())).pvalue > 0.01


@given(n=st.integers(2, 60), data=st.data())
def test_any_number_of_options_is_divided_at_random(n: int, data: st.DataObject) -> None:
    groups, min_size = data.draw(st.integers(2, n)), data.draw(st.integers(1, 5))
    generators = [np.random.default_rng(n), np.random.default_rng(n)]
    found, again = (random_partition(n, groups, min_size, one) for one in generators)
    assert found == again
    assert len(found) == groups
    assert list(found) == sorted(map(tuple, map(sorted, found)))
    assert sorted(option for group in found for option in group) == list(range(n))
    assert min(map(len, found)) >= min(min_size, n // groups)


@pytest.mark.parametrize("n", range(2, 8))
@pytest.mark.parametrize("min_size", [1, 2, 3])
def test_partitions_are_counted_without_listing_them(n: int, min_size: int) -> None:
    for groups in range(2, n + 1):
        listed = list(set_partitions(n, groups, min_size))
        assert count_partitions(n, groups, min_size) == len(listed)


def test_too_many_partitions_to_try_each_are_refused() -> None:
    with pytest.raises(InputError, match=r"25 options have 1.68e\+07 partitions into 2 groups"):
        best_partition(np.zeros((25, 25)))


def test_a_seed_fixes_the_random_partition() -> None:
    draws = [
        [random_partition(5, 2, 1, generator) for _ in range(20)]
        for generator in (np.random.default_rng(3), np.random.default_rng(3))
    ]
    assert draws[0] == draws[1]
