from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from baselines.splitting import best_partition, spectral_partition
from benchmark.errors import InputError


def random_distances(n: int, seed: int) -> np.ndarray[tuple[int, int], np.dtype[np.float64]]:
    upper = np.triu(np.random.default_rng(seed).uniform(0, 2, (n, n)), 1)
    return upper + upper.T


@settings(max_examples=40)
@given(n=st.integers(2, 12), seed=st.integers(0, 999), data=st.data())
def test_it_is_a_partition_within_the_bound(n: int, seed: int, data: st.DataObject) -> None:
    groups, least = data.draw(st.integers(2, n)), data.draw(st.integers(1, 3))
    matrix = random_distances(n, seed)
    found = spectral_partition(matrix, groups, least)
    assert sorted(place for group in found.groups for place in group) == list(range(n))
    assert len(found.groups) == groups
    assert min(map(len, found.groups)) >= min(least, n // groups)
    assert [group[0] for group in found.groups] == sorted(group[0] for group in found.groups)
    assert found.separated + found.inside == pytest.approx(np.triu(matrix, 1).sum())
    assert spectral_partition(matrix, groups, least) == found
    if n <= 8:
        assert found.separated <= best_partition(matrix, groups, least).separated + 1e-9


@settings(max_examples=20)
@given(sizes=st.lists(st.integers(2, 5), min_size=2, max_size=3), seed=st.integers(0, 99))
def test_clear_clusters_are_found(sizes: list[int], seed: int) -> None:
    rng = np.random.default_rng(seed)
    label = rng.permutation(np.repeat(np.arange(len(sizes)), sizes))
    matrix = np.where(label[:, None] == label, 0.1, 1.6) + 0.1 * random_distances(len(label), seed)
    np.fill_diagonal(matrix, 0)
    expected = {tuple(np.flatnonzero(label == one).tolist()) for one in range(len(sizes))}
    assert set(spectral_partition(matrix, len(sizes), 2).groups) == expected


def test_options_that_are_all_alike_are_divided_too() -> None:
    found = spectral_partition(np.zeros((5, 5)), 2, 2)
    assert sorted(map(len, found.groups)) == [2, 3]


@pytest.mark.parametrize(
    ("groups", "least", "message"),
    [(1, 1, "1 groups of 4"), (5, 1, "5 groups"), (2, 0, "min_size")],
)
def test_groups_that_do_not_fit_are_refused(groups: int, least: int, message: str) -> None:
    with pytest.raises(InputError, match=message):
        spectral_partition(random_distances(4, 0), groups, least)
