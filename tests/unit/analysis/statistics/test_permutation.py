"""Exact tests against SciPy, against all patterns written out, and by simulation."""

from __future__ import annotations

import math
from collections.abc import Callable
from fractions import Fraction
from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy import stats

from analysis.statistics import permutation
from analysis.statistics.permutation import (
    MAX_EXACT_PAIRS,
    holm,
    joint_sign_flip_p,
    sign_flip_p,
    sign_patterns,
    smallest_p,
    wilcoxon_p,
)
from benchmark.errors import InputError

integers = st.lists(st.integers(-4, 4), min_size=1, max_size=7)


def generator(seed: int = 0) -> np.random.Generator:
    return np.random.default_rng(seed)


def counted_p(values: list[int], *, sides: int = 2) -> Fraction:
    """Write out every pattern of signs and count those as extreme as the observed one."""
    sums = [
        sum(s * v for s, v in zip(signs, values, strict=True))
        for signs in product((1, -1), repeat=len(values))
    ]
    seen = sum(values)
    extreme = [abs(total) >= abs(seen) if sides == 2 else total >= seen for total in sums]
    return Fraction(sum(extreme), len(sums))


@given(values=integers, unit=st.sampled_from([1, 0.1]))
def test_sign_flips_against_all_patterns(values: list[int], unit: float) -> None:
    assert sign_flip_p([v * unit for v in values], generator()) == float(counted_p(values))


@settings(max_examples=25)
@given(values=st.lists(st.integers(-999, 999).map(lambda i: i / 1_000), min_size=2, max_size=8))
def test_sign_flips_against_scipy(values: list[float]) -> None:
    # SciPy's two-sided value is twice the smaller side; by symmetry that is ours
    expected = stats.permutation_test(
        (np.array(values),),
        lambda sample: float(np.sum(sample)),
        permutation_type="samples",
        vectorized=False,
        n_resamples=2**8,  # as many as there are at most: SciPy counts them all
    ).pvalue
    assert sign_flip_p(values, generator()) == pytest.approx(expected)


@pytest.mark.parametrize("pairs", [1, 3, 5, 9, 14])
def test_signed_ranks_without_ties_against_scipy(pairs: int) -> None:
    values = generator(pairs).normal(0.4, 1, pairs)
    expected = stats.wilcoxon(values, method="exact").pvalue
    assert wilcoxon_p(values, generator()) == pytest.approx(expected)


@given(values=integers)
def test_signed_ranks_with_ties_against_all_patterns(values: list[int]) -> None:
    left = [v for v in values if v != 0]
    sizes = sorted(map(abs, left))
    # twice the average rank of equals: the sum of the first and the last place
    twice = {size: 2 * sizes.index(size) + sizes.count(size) + 1 for size in sizes}
    signed = [int(math.copysign(twice[abs(v)], v)) for v in left]
    assert wilcoxon_p(values, generator()) == float(counted_p(signed))


def test_all_zero_differences_show_nothing() -> None:
    assert sign_flip_p([0.0] * 6, generator()) == 1
    assert wilcoxon_p([0.0] * 6, generator()) == 1
    assert joint_sign_flip_p(np.zeros((6, 2)), generator()).tolist() == [1, 1]


@pytest.mark.parametrize("p_value", [sign_flip_p, wilcoxon_p])
def test_many_pairs_are_sampled(
    p_value: Callable[..., float], monkeypatch: pytest.MonkeyPatch
) -> None:
    values = generator(4).normal(0.4, 1, MAX_EXACT_PAIRS + 1)
    sampled = p_value(values, generator())
    assert sampled == p_value(values, generator())
    assert sampled != p_value(values, generator(1))
    monkeypatch.setattr(permutation, "MAX_EXACT_PAIRS", MAX_EXACT_PAIRS + 1)
    assert sampled == pytest.approx(p_value(values, generator()), abs=0.005)


def test_few_pairs_draw_nothing() -> None:
    used = generator(3)
    sign_flip_p(np.ones(MAX_EXACT_PAIRS), used)
    assert used.random() == generator(3).random()


@pytest.mark.parametrize("pairs", [1, 4, 5, MAX_EXACT_PAIRS, MAX_EXACT_PAIRS + 20])
def test_the_smallest_p_is_reached(pairs: int) -> None:
    values = np.arange(1.0, pairs + 1)
    assert sign_flip_p(values, generator()) == smallest_p(pairs)
    assert joint_sign_flip_p(values[:, None], generator()).tolist() == [smallest_p(pairs, sides=1)]


def joint_by_hand(table: NDArray[np.float64]) -> list[float]:
    """Step down the slow way: drop the largest column, and look at the rest alone."""
    left, adjusted, floor = list(range(table.shape[1])), {}, 0.0
    while left:
        observed = {c: table[:, c].mean() for c in left}
        largest = max(left, key=lambda c: (observed[c], -c))
        hits = [
            max((np.array(signs) * table[:, c]).mean() for c in left) >= observed[largest] - 1e-12
            for signs in product((1, -1), repeat=len(table))
        ]
        floor = max(floor, sum(hits) / len(hits))
        adjusted[largest] = floor
        left.remove(largest)
    return [adjusted[c] for c in range(table.shape[1])]


@settings(max_examples=40)
@given(data=st.data(), pairs=st.integers(1, 5), columns=st.integers(1, 3))
def test_joint_flips_against_the_slow_way(data: st.DataObject, pairs: int, columns: int) -> None:
    row = st.lists(st.integers(-3, 3), min_size=columns, max_size=columns)
    table = np.array(data.draw(st.lists(row, min_size=pairs, max_size=pairs)), np.float64)
    assert joint_sign_flip_p(table, generator()).tolist() == pytest.approx(joint_by_hand(table))


@given(values=integers)
def test_one_column_is_the_one_sided_test(values: list[int]) -> None:
    (found,) = joint_sign_flip_p(np.array(values)[:, None], generator())
    assert found == pytest.approx(float(counted_p(values, sides=1)))


def test_other_columns_do_not_raise_the_smallest_p() -> None:
    quiet = generator(0).normal(0, 0.1, (5, 6))
    table = np.column_stack([np.full(5, 2.0), quiet])
    assert joint_sign_flip_p(table, generator())[0] == smallest_p(5, sides=1)


def test_a_column_with_fewer_pairs_has_their_mean() -> None:
    table = np.full((6, 2), 1.0)
    table[3:, 1] = math.nan
    assert joint_sign_flip_p(table, generator()).tolist() == [2**-3, 2**-3]
    assert joint_sign_flip_p(table[:, 1:], generator()).tolist() == [2**-3]


def test_joint_flips_keep_their_error_rate() -> None:
    draws, alpha = generator(5), 0.05
    common = draws.normal(size=(800, 6, 1))  # columns correlate, as metrics of one run do
    tables = common + draws.normal(size=(800, 6, 4)) * [0.5, 1, 2, 4]
    alarms = np.mean([joint_sign_flip_p(table, draws).min() <= alpha for table in tables])
    # the test is discrete: 3 of 64 patterns, and chance adds up to three standard errors
    assert 0.02 <= alarms <= 3 / 64 + 3 * math.sqrt(3 / 64 * 61 / 64 / 800)


def holm_by_hand(p_values: list[float]) -> list[float]:
    """Test at every level there is: the adjusted p-value is the lowest that rejects."""

    def rejected(alpha: float) -> set[int]:
        out: set[int] = set()
        for step, place in enumerate(sorted(range(len(p_values)), key=p_values.__getitem__)):
            if p_values[place] * (len(p_values) - step) > alpha:
                break
            out.add(place)
        return out

    levels = sorted({min(1.0, p * k) for p in p_values for k in range(1, len(p_values) + 1)} | {1})
    return [next((a for a in levels if i in rejected(a)), 1.0) for i in range(len(p_values))]


@given(p_values=st.lists(st.sampled_from([0.0, 0.001, 0.01, 0.02, 0.04, 0.3, 1.0]), max_size=6))
def test_holm_against_its_definition(p_values: list[float]) -> None:
    assert holm(p_values).tolist() == pytest.approx(holm_by_hand(p_values))


def test_holm_leaves_out_what_is_undefined() -> None:
    found = holm([0.02, math.nan, 0.03])
    assert found[[0, 2]].tolist() == [0.04, 0.04]
    assert math.isnan(found[1])


def test_undefined_differences_have_an_undefined_p() -> None:
    assert math.isnan(sign_flip_p([0.1, math.nan], generator()))
    assert math.isnan(wilcoxon_p([0.1, math.nan], generator()))


def test_patterns_are_all_different() -> None:
    assert len(np.unique(sign_patterns(8, generator()), axis=0)) == 2**8


@pytest.mark.parametrize("values", [[], 3.0, [[1.0]]])
def test_only_a_list_of_differences(values: object) -> None:
    with pytest.raises(InputError, match="one number for each pair"):
        sign_flip_p(np.array(values), generator())
    with pytest.raises(InputError, match="one number for each pair"):
        wilcoxon_p(np.array(values), generator())


def test_what_cannot_be_tested_is_refused() -> None:
    with pytest.raises(InputError, match="some are infinite"):
        sign_flip_p([1.0, math.inf], generator())
    with pytest.raises(InputError, match="column 1 has no pair"):
        joint_sign_flip_p([[1.0, math.nan]], generator())
    with pytest.raises(InputError, match=r"differences of shape \(2,\)"):
        joint_sign_flip_p([1.0, 2.0], generator())
    with pytest.raises(InputError, match="numbers from 0 to 1"):
        holm([0.5, 1.5])
    with pytest.raises(InputError, match="pairs is -1"):
        smallest_p(-1)
