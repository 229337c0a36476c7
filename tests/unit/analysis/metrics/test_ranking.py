"""Ranking metrics against naive definitions, on values with very many ties, and official data."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import astuple, fields
from fractions import Fraction
from itertools import combinations
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy import stats

from analysis.metrics.ranking import METRICS, Metric, RankMetrics, _registry, rank_metrics
from analysis.metrics.topk import expected_best
from benchmark.errors import InputError

Oracle = Callable[[Sequence[float], int], dict[frozenset[int], Fraction]]
Pairs = list[tuple[int, int]]

tied = st.lists(st.tuples(st.integers(-2, 2), st.integers(0, 3)), min_size=1, max_size=40)


def unzip(pairs: Pairs) -> tuple[list[int], list[int]]:
    return [score for score, _ in pairs], [truth for _, truth in pairs]


def naive_tau(scores: Sequence[float], truths: Sequence[float]) -> float:
    """Count agreeing minus disagreeing pairs; each root leaves out that side's tied pairs."""
    agreement = scored = true = 0
    for i, j in combinations(range(len(scores)), 2):
        a, b = np.sign(scores[i] - scores[j]), np.sign(truths[i] - truths[j])
        agreement, scored, true = agreement + a * b, scored + a * a, true + b * b
    return agreement / math.sqrt(scored * true) if scored * true else math.nan


def naive_rho(scores: Sequence[float], truths: Sequence[float]) -> float:
    def centred(values: Sequence[float]) -> list[float]:
        ranks = [sum(v < x for v in values) + sum(v == x for v in values) / 2 for x in values]
        return [rank - sum(ranks) / len(ranks) for rank in ranks]

    a, b = centred(scores), centred(truths)
    norm = math.sqrt(sum(x * x for x in a) * sum(y * y for y in b))
    return sum(x * y for x, y in zip(a, b, strict=True)) / norm if norm else math.nan


@given(pairs=tied)
def test_correlations_against_their_definitions(pairs: Pairs) -> None:
    scores, truths = unzip(pairs)
    result = rank_metrics(scores, truths)
    assert result.kendall_tau == pytest.approx(naive_tau(scores, truths), nan_ok=True)
    assert result.spearman_rho == pytest.approx(naive_rho(scores, truths), nan_ok=True)


def test_correlations_against_scipy() -> None:
    generator = np.random.default_rng(0)
    truth = generator.normal(size=2_000).round(1)
    scores = (truth + generator.normal(size=2_000)).round(1)
    result = rank_metrics(scores, truth)
    assert result.kendall_tau == pytest.approx(stats.kendalltau(scores, truth).statistic)
    assert result.spearman_rho == pytest.approx(stats.spearmanr(scores, truth).statistic)


@given(pairs=tied)
def test_tau_of_the_true_top_takes_in_all_equals(pairs: Pairs) -> None:
    scores, truths = unzip(pairs)
    boundary = sorted(truths)[-max(1, len(truths) // 10)]
    top = [pair for pair in pairs if pair[1] >= boundary]
    expected = pytest.approx(naive_tau(*unzip(top)), nan_ok=True)
    assert rank_metrics(scores, truths).tau_top_10pct == expected


def test_tau_of_the_true_top_sees_the_top_alone() -> None:
    truth = np.arange(100.0)
    scores = np.where(truth >= 90, -truth, truth)
    assert rank_metrics(scores, truth).tau_top_10pct == pytest.approx(-1)


@settings(max_examples=40)
@given(pairs=st.lists(st.tuples(st.integers(0, 2), st.integers(0, 2)), min_size=1, max_size=6))
def test_metrics_of_the_best_are_means_over_orders(tops_by_orders: Oracle, pairs: Pairs) -> None:
    scores, truths = unzip(pairs)
    result = rank_metrics(scores, truths)
    chosen, best = tops_by_orders(scores, 1), tops_by_orders(truths, 1)
    predicted = sum(p * truths[i] for top, p in chosen.items() for i in top)
    hit = float(sum(p * best.get(top, 0) for top, p in chosen.items()))
    assert result.predicted_best == pytest.approx(float(predicted))
    assert result.regret == pytest.approx(float(max(truths) - predicted))
    assert result.best_of_top_10 == max(truths)
    assert [result.precision_at_1pct, result.precision_at_5pct] == pytest.approx([hit, hit])


@settings(max_examples=15)
@given(
    pairs=st.lists(st.tuples(st.integers(0, 3), st.integers(0, 3)), min_size=20, max_size=29),
)
def test_precision_is_the_mean_over_pairs_of_tops(tops_by_subsets: Oracle, pairs: Pairs) -> None:
    scores, truths = unzip(pairs)
    naive = sum(
        p * q * len(top & best)
        for top, p in tops_by_subsets(scores, 2).items()
        for best, q in tops_by_subsets(truths, 2).items()
    )
    result = rank_metrics(scores, truths).precision_at_10pct
    assert result == pytest.approx(float(naive / 2))


@pytest.mark.parametrize("size", [1, 9, 10, 19, 20, 99, 100, 199, 200, 1_000, 15_625])
def test_precision_without_ties_is_an_overlap(size: int) -> None:
    generator = np.random.default_rng(size)
    truth = generator.permutation(size)
    scores = truth + size / 20 * generator.normal(size=size)

    def overlap(percent: int) -> float:
        k = max(1, math.floor(Fraction(percent, 100) * size))
        tops = [set(np.argsort(values)[-k:].tolist()) for values in (scores, truth)]
        return len(tops[0] & tops[1]) / k

    result = rank_metrics(scores, truth)
    assert result.precision_at_1pct == overlap(1)
    assert result.precision_at_5pct == overlap(5)
    assert result.precision_at_10pct == overlap(10)


def test_best_of_top_10_looks_at_ten() -> None:
    truth = [*range(50, 61), 40]
    assert rank_metrics(range(12, 0, -1), truth).best_of_top_10 == 59


@given(truths=st.lists(st.floats(0, 100), min_size=20, max_size=60, unique=True))
def test_perfect_ranking(truths: list[float]) -> None:
    result = rank_metrics(truths, truths)
    assert astuple(result) == pytest.approx((1, 1, 1, 1, 1, 1, max(truths), max(truths), 0))
    assert result.regret == 0


@given(pairs=tied, data=st.data())
def test_only_the_order_of_scores_matters(pairs: Pairs, data: st.DataObject) -> None:
    scores, truths = unzip(pairs)
    expected = pytest.approx(astuple(rank_metrics(scores, truths)), nan_ok=True)
    stretched = [math.exp(score) for score in scores]
    assert astuple(rank_metrics(stretched, truths)) == expected
    shuffled = unzip(data.draw(st.permutations(pairs)))
    assert astuple(rank_metrics(*shuffled)) == expected


@given(pairs=tied)
def test_regret_is_never_negative(pairs: Pairs) -> None:
    assert rank_metrics(*unzip(pairs)).regret >= 0


def test_scores_all_tied_rank_nothing() -> None:
    truth = np.arange(200.0)
    result = rank_metrics(np.zeros(200), truth)
    assert np.isnan([result.kendall_tau, result.spearman_rho, result.tau_top_10pct]).all()
    precisions = [getattr(result, f"precision_at_{percent}pct") for percent in (1, 5, 10)]
    assert precisions == pytest.approx([0.01, 0.05, 0.1])
    assert result.predicted_best == pytest.approx(truth.mean())
    assert result.regret == pytest.approx(199 - truth.mean())
    # the mean of the largest of k numbers drawn from 0..n-1 is k (n + 1) / (k + 1) - 1
    assert result.best_of_top_10 == pytest.approx(10 * 201 / 11 - 1)


def test_truths_all_tied_leave_nothing_to_rank() -> None:
    result = rank_metrics(np.arange(200), np.full(200, 10.0))
    assert np.isnan([result.kendall_tau, result.spearman_rho, result.tau_top_10pct]).all()
    precisions = [getattr(result, f"precision_at_{percent}pct") for percent in (1, 5, 10)]
    assert precisions == pytest.approx([0.01, 0.05, 0.1])
    assert [result.predicted_best, result.best_of_top_10, result.regret] == [10, 10, 0]


def test_one_architecture() -> None:
    expected = (math.nan, math.nan, 1, 1, 1, math.nan, 90, 90, 0)
    assert astuple(rank_metrics([0.3], [90])) == pytest.approx(expected, nan_ok=True)


@pytest.mark.parametrize(
    ("scores", "truth", "message"),
    [
        ([1, 2], [90], "2 scores but 1 truths"),
        ([1, math.nan], [90, 91], "1 of 2 scores are not finite"),
        ([1, 2], [math.inf, 91], "1 of 2 truths are not finite"),
        ([], [], "scores of shape"),
        ([[1, 2]], [[90, 91]], "scores of shape"),
    ],
)
def test_unusable_input(scores: list[float], truth: list[float], message: str) -> None:
    with pytest.raises(InputError, match=message):
        rank_metrics(scores, truth)


def test_every_field_is_registered_in_order() -> None:
    assert list(METRICS) == [field.name for field in fields(RankMetrics)]
    result = rank_metrics([1, 2, 4, 3], [90, 91, 92, 95])
    assert tuple(metric.of(result) for metric in METRICS.values()) == pytest.approx(
        astuple(result), nan_ok=True
    )


def test_directions_agree_with_a_better_ranking() -> None:
    truth = np.arange(200.0)
    better = rank_metrics(np.where(truth == 0, 198.5, truth), truth)
    worse = rank_metrics(-truth, truth)
    for metric in METRICS.values():
        assert (metric.of(better) > metric.of(worse)) == metric.higher_is_better, metric.name


def test_registry_is_closed_and_names_are_unique() -> None:
    with pytest.raises(TypeError):
        METRICS["mine"] = Metric("mine", "Mine")  # type: ignore[index]
    with pytest.raises(InputError, match="share a name"):
        _registry(Metric("mine", "Mine"), Metric("mine", "Yours"))


Published = Callable[[str], tuple[NDArray[np.float64], NDArray[np.float64]]]


@pytest.fixture
def published(shared: Path) -> Published:
    """Return scores that Zhao et al. published, and the official accuracies beside them."""
    folder = shared / "nas-bench-201"

    def read(method: str) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        scores = pd.read_csv(folder / "published-predictions" / f"zhao2021-{method}.csv")
        table = pd.read_csv(folder / "accuracies.csv")
        both = scores.merge(table, on="arch", validate="one_to_one")
        assert len(both) == 15_625
        return both["score"].to_numpy(), both["cifar10_test_200"].to_numpy()

    return read


# tau is the authors' own figure; the others are known to about one unit of their last digit
@pytest.mark.parametrize(
    ("method", "tau", "rho", "at_1pct", "at_5pct"),
    [("one-shot", 0.4855, 0.677, 0.000, 0.014), ("few-shot", 0.5503, 0.741, 0.006, 0.128)],
)
def test_published_predictions(
    published: Published, method: str, tau: float, rho: float, at_1pct: float, at_5pct: float
) -> None:
    result = rank_metrics(*published(method))
    assert result.kendall_tau == pytest.approx(tau, abs=6e-5)
    assert result.spearman_rho == pytest.approx(rho, abs=1e-3)
    assert result.precision_at_1pct == pytest.approx(at_1pct, abs=6e-4)
    assert result.precision_at_5pct == pytest.approx(at_5pct, abs=2 / 781)


@pytest.mark.parametrize(
    ("method", "tied_best", "one_order"), [("one-shot", 30, 91.28), ("few-shot", 2, 93.17)]
)
def test_published_choice_is_one_of_equals(
    published: Published, method: str, tied_best: int, one_order: float
) -> None:
    scores, truth = published(method)
    equals = truth[scores == scores.max()]
    assert len(equals) == tied_best
    assert np.isclose(equals, one_order).any()
    assert rank_metrics(scores, truth).predicted_best == pytest.approx(equals.mean())


def test_published_best_of_ten(published: Published) -> None:
    assert rank_metrics(*published("few-shot")).best_of_top_10 == pytest.approx(93.23, abs=5e-3)
    scores, truth = published("one-shot")
    # thirty equals for ten places: 91.42 is their luckiest order
    equals = truth[scores == scores.max()]
    assert equals.max() == pytest.approx(91.42, abs=5e-3)
    expected = expected_best(np.zeros(30), equals, 10)
    assert rank_metrics(scores, truth).best_of_top_10 == pytest.approx(expected)
    assert equals.mean() < expected < equals.max()
