"""Comparisons of methods: the right seeds, the right words, and power by simulation."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from analysis.statistics.intervals import bootstrap_mean
from analysis.statistics.paired import (
    PairedComparison,
    compare_methods,
    detectable_difference,
    seeds_needed,
)
from analysis.statistics.permutation import MAX_EXACT_PAIRS, holm, sign_flip_p, wilcoxon_p
from benchmark.errors import InputError, MissingError


def generator(seed: int = 0) -> np.random.Generator:
    return np.random.default_rng(seed)


def frame(values: Mapping[str, Mapping[int, float]], metric: str = "kendall_tau") -> pd.DataFrame:
    rows = [(name, seed, v) for name, runs in values.items() for seed, v in runs.items()]
    return pd.DataFrame(rows, columns=["method", "seed", metric])


def seeded(values: Sequence[float]) -> dict[int, float]:
    return dict(enumerate(values))


@pytest.fixture
def three() -> pd.DataFrame:
    noise = generator(1).normal(0, 0.01, (3, 9))
    means = {"gm": 0.70, "few": 0.699, "one": 0.60}
    return frame({m: seeded(v + noise[i]) for i, (m, v) in enumerate(means.items())})


def test_every_pair_is_tested_and_adjusted_as_one_family(three: pd.DataFrame) -> None:
    found = compare_methods(three, "kendall_tau", generator())
    values = {method: runs["kendall_tau"].to_numpy() for method, runs in three.groupby("method")}
    pairs = [("gm", "few"), ("gm", "one"), ("few", "one")]
    differences = [values[a] - values[b] for a, b in pairs]
    assert [(one.method, one.other) for one in found] == pairs
    assert [one.difference for one in found] == pytest.approx([d.mean() for d in differences])
    flips = [sign_flip_p(d, generator()) for d in differences]
    ranks = [wilcoxon_p(d, generator()) for d in differences]
    assert [one.p_value for one in found] == flips
    assert [one.adjusted_p for one in found] == holm(flips).tolist()
    assert [one.wilcoxon_p for one in found] == holm(ranks).tolist()
    assert [one.better for one in found] == [None, "gm", "few"]
    interval = bootstrap_mean(differences[1], generator=generator())
    assert (found[1].low, found[1].high) == pytest.approx((interval.low, interval.high), rel=0.05)


def test_only_shared_seeds_are_compared() -> None:
    runs = frame({"gm": {0: 0.5, 2: 0.75, 7: 0.8}, "one": {2: 0.5, 7: 0.3, 9: 0.1}})
    (found,) = compare_methods(runs, "kendall_tau", generator())
    assert found.seeds == (2, 7)
    assert found.difference == pytest.approx(0.375)


def test_less_regret_is_better() -> None:
    worse = [2.0 + i / 10 for i in range(6)]
    runs = frame({"gm": seeded([1.0] * 6), "one": seeded(worse)}, "regret")
    (found,) = compare_methods(runs, "regret", generator())
    assert found.better == "gm"
    interval = f"[−{-found.low:.2f}, −{-found.high:.2f}]"
    assert found.sentence == (
        f"gm − one: Regret −1.25 {interval} over 6 seeds, p = 0.031: gm is better."
    )


def sentence(**values: Sequence[float]) -> str:
    runs = frame({name: seeded(column) for name, column in values.items()})
    return compare_methods(runs, "kendall_tau", generator())[0].sentence


def test_what_is_not_significant_is_called_so() -> None:
    assert sentence(gm=[0.5, 0.6, 0.7, 0.5, 0.6, 0.7], one=[0.5, 0.5, 0.8, 0.5, 0.5, 0.7]).endswith(
        " over 6 seeds, p = 1: not significant; 163 seeds could show a difference of this size."
    )
    assert sentence(gm=[0.5, 0.6, 0.7, 0.6, 0.7], one=[0.4, 0.4, 0.5, 0.5, 0.5]).endswith(
        "over 5 seeds, p = 0.062: not significant, and so few seeds cannot be at 0.05; "
        "6 seeds could show a difference of this size."
    )
    assert sentence(gm=[0.5], one=[0.4]) == (
        "gm − one: Kendall τ-b +0.100 over 1 seed, p = 1: not significant, and so few seeds cannot "
        "be at 0.05; no number of seeds up to 1,000 is likely to show it."
    )
    assert sentence(gm=[0.5, math.nan], one=[0.4, 0.3]) == (
        "gm − one: Kendall τ-b is undefined over 2 seeds."
    )


def test_more_pairs_make_significance_harder_to_reach(three: pd.DataFrame) -> None:
    six = three[three["seed"] < 6]
    alone = compare_methods(six, "kendall_tau", generator(), pairs=[("gm", "one")])
    among = compare_methods(six, "kendall_tau", generator())
    assert [one.reachable for one in alone] == [True]
    assert [one.reachable for one in among] == [False] * 3
    assert alone[0].is_significant
    assert not among[1].is_significant


def test_a_pair_with_few_seeds_can_be_the_last_of_those_that_differ() -> None:
    """By Holm a pair must reach alpha over the pairs that are left, not over all of them."""
    many = generator(6).normal(0.5, 0.01, 20).tolist()
    few = generator(7).normal(0.2, 0.001, 6).tolist()
    runs = frame({"gm": seeded(many), "one": seeded([0.0] * 20), "few": seeded(few)})
    pairs = [("gm", "one"), ("few", "one")]
    found = compare_methods(runs, "kendall_tau", generator(), pairs=pairs)
    assert [len(one.seeds) for one in found] == [20, 6]
    assert [one.is_significant for one in found] == [True, True]
    assert [one.reachable for one in found] == [True, True]


def test_an_undefined_pair_takes_nothing_from_the_others() -> None:
    six = generator(7).normal(0.2, 0.001, 6).tolist()
    values = {"gm": seeded(six), "one": seeded([0.0] * 6), "blank": seeded([math.nan] * 6)}
    found = compare_methods(frame(values), "kendall_tau", generator())
    (defined, *undefined) = found
    assert (defined.is_significant, defined.reachable) == (True, True)
    assert defined.detectable == pytest.approx(detectable_difference(six, alpha=0.05))
    for one in undefined:
        assert math.isnan(one.adjusted_p)
        assert not one.is_significant


@pytest.mark.parametrize("effect", [pytest.param(0.8, marks=pytest.mark.nightly), 1.0])
def test_the_number_of_seeds_has_the_power_it_claims(effect: float) -> None:
    pilot = np.array([-1.0, 0, 1])
    needed = seeds_needed(pilot + effect, alpha=0.05, power=0.8)
    assert needed is not None
    draws = generator(2).normal(effect, 1, (600, needed))
    assert needed <= MAX_EXACT_PAIRS
    shown = np.mean([sign_flip_p(row, generator()) <= 0.05 for row in draws])
    assert shown == pytest.approx(0.8, abs=0.07)
    reached = np.mean(stats.ttest_1samp(draws, 0, axis=1).pvalue <= 0.05)
    assert reached == pytest.approx(0.8, abs=0.05)


def test_the_number_of_seeds_without_a_doubt_is_what_the_test_can_reach() -> None:
    assert seeds_needed([0.1, 0.1, 0.1]) == 6
    assert seeds_needed([0.1, 0.1, 0.1], alpha=0.05 / 3) == 7
    for nearly in ([0.1, 0.1001, 0.1], [1, 1 + 1e-9, 1], [1e9, 1e9 + 1, 1e9]):
        assert seeds_needed(nearly) == 6


@pytest.mark.parametrize(("seeds", "alpha"), [(20, 0.05 / 6), (8, 0.05)])
def test_a_detectable_difference_is_found_as_often_as_it_claims(seeds: int, alpha: float) -> None:
    values = stats.zscore(generator(3).normal(size=seeds), ddof=1)
    effect = detectable_difference(7 + 2 * values, alpha=alpha, power=0.8)
    draws = generator(4).normal(effect, 2, (20_000, seeds))
    reached = np.mean(stats.ttest_1samp(draws, 0, axis=1).pvalue <= alpha)
    assert reached == pytest.approx(0.8, abs=0.015)
    assert detectable_difference(-2 * values, alpha=alpha) == pytest.approx(effect)


def test_nothing_is_detectable_where_nothing_can_be_significant() -> None:
    assert detectable_difference([0.1] * 6) == pytest.approx(0, abs=1e-12)
    for values in ([0.1], [0.1] * 5, [0.1, math.nan] * 4):
        assert math.isnan(detectable_difference(values))


@pytest.mark.parametrize("values", [[0.1], [0.1, -0.1], [0.1, math.nan], [1e-4, 1, -1]])
def test_no_number_of_seeds(values: list[float]) -> None:
    assert seeds_needed(values) is None


def test_what_cannot_be_compared_is_refused(three: pd.DataFrame) -> None:
    def compare(
        runs: pd.DataFrame, metric: str = "kendall_tau", **kind: float
    ) -> list[PairedComparison]:
        return compare_methods(runs, metric, generator(), **kind)  # type: ignore[arg-type]

    with pytest.raises(InputError, match="unknown metric 'tau'"):
        compare(three, "tau")
    with pytest.raises(InputError, match="alpha is 5"):
        compare(three, alpha=5)
    with pytest.raises(InputError, match="gm seed 0 is given twice"):
        compare(pd.concat([three, three]))
    with pytest.raises(MissingError, match="no seed in common"):
        compare(frame({"gm": {0: 0.5}, "one": {1: 0.5}}))
    with pytest.raises(MissingError, match="no run of two"):
        compare_methods(three, "kendall_tau", generator(), pairs=[("gm", "two")])
    with pytest.raises(InputError, match="power 80"):
        seeds_needed([0.1, 0.2], power=80)
