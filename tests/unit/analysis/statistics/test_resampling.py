"""Intervals over architectures: coverage by simulation, and against SciPy's bootstrap."""

from __future__ import annotations

import math

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy import stats

from analysis.statistics.intervals import Interval
from analysis.statistics.resampling import bootstrap_architectures
from benchmark.errors import InputError

Vector = NDArray[np.float64]
RHO = 0.8  # of the normal pairs that are drawn


def pearson(scores: Vector, truth: Vector) -> float:
    return float(np.corrcoef(scores, truth)[0, 1])


def tau(scores: Vector, truth: Vector) -> float:
    return float(stats.kendalltau(scores, truth).statistic)


def pairs(generator: np.random.Generator, count: int) -> tuple[Vector, Vector]:
    truth = generator.normal(size=count)
    return RHO * truth + math.sqrt(1 - RHO**2) * generator.normal(size=count), truth


def covered(interval: Interval, value: float) -> bool:
    return interval.low <= value <= interval.high


@pytest.mark.nightly
@pytest.mark.parametrize("size", [None, 100])
def test_coverage(size: int | None) -> None:
    draws = np.random.default_rng(0)
    hits = [
        covered(
            bootstrap_architectures(
                pearson, *pairs(draws, 300), draws, resamples=199, size=size
            ),
            RHO,
        )
        for _ in range(300)
    ]  # fmt: skip
    assert 0.92 <= np.mean(hits) <= 0.98


@pytest.mark.nightly
@pytest.mark.parametrize("size", [None, 80])
def test_coverage_of_tau(size: int | None) -> None:
    draws = np.random.default_rng(1)
    expected = 2 / math.pi * math.asin(RHO)  # of normal pairs
    hits = [
        covered(
            bootstrap_architectures(tau, *pairs(draws, 200), draws, resamples=150, size=size),
            expected,
        )
        for _ in range(250)
    ]
    # three standard errors at 250 experiments are 4.1 points
    assert 0.91 <= np.mean(hits) <= 0.99


def test_against_scipy() -> None:
    scores, truth = pairs(np.random.default_rng(2), 300)
    expected = stats.bootstrap(
        (scores, truth),
        pearson,
        paired=True,
        vectorized=False,
        method="percentile",
        n_resamples=2_000,
        rng=np.random.default_rng(0),
    ).confidence_interval
    found = bootstrap_architectures(
        pearson, scores, truth, np.random.default_rng(0), resamples=2_000
    )
    width = expected.high - expected.low
    assert (found.low, found.high) == pytest.approx((expected.low, expected.high), abs=width / 15)


def test_runs_share_each_resample() -> None:
    scores, truth = pairs(np.random.default_rng(3), 200)
    one = bootstrap_architectures(pearson, scores, truth, np.random.default_rng(0), resamples=50)
    twice = np.stack([scores, scores])
    assert one == bootstrap_architectures(
        pearson, twice, truth, np.random.default_rng(0), resamples=50
    )


def test_fewer_architectures_give_a_wider_interval() -> None:
    scores, truth = pairs(np.random.default_rng(4), 1_600)
    few, many = (
        bootstrap_architectures(
            pearson, scores[:n], truth[:n], np.random.default_rng(0), resamples=500
        )
        for n in (100, 1_600)
    )
    assert few.high - few.low == pytest.approx(4 * (many.high - many.low), rel=0.35)


def test_what_is_undefined_has_no_interval() -> None:
    interval = bootstrap_architectures(
        lambda scores, truth: math.nan, [1, 2, 3], [1, 2, 3], np.random.default_rng(0)
    )
    assert math.isnan(interval.low)
    assert math.isnan(interval.high)


@pytest.mark.parametrize(
    ("scores", "options", "message"),
    [
        ([1, 2], {}, r"scores of shape \(2,\) and truth of shape \(3,\)"),
        ([1, 2, 3], {"size": 4}, "size is 4: draw 2 to 3"),
        ([1, 2, 3], {"confidence": 95}, "confidence is 95"),
        ([1, 2, 3], {"resamples": 0}, "resamples is 0"),
    ],
)
def test_what_cannot_be_resampled(
    scores: list[float], options: dict[str, int], message: str
) -> None:
    with pytest.raises(InputError, match=message):
        bootstrap_architectures(
            pearson,
            scores,
            [1, 2, 3],
            np.random.default_rng(0),
            **options,
        )
