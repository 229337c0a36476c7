"""The exact bootstrap against all resamples written out, the sampled one against the exact."""

from __future__ import annotations

import math
import statistics
from fractions import Fraction
from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from analysis.statistics import intervals
from analysis.statistics.intervals import MAX_EXACT_RUNS, Interval, bootstrap_mean, summarise
from benchmark.errors import InputError


def interval_of(values: list[float], confidence: float = 0.95) -> Interval:
    return bootstrap_mean(values, confidence=confidence, generator=np.random.default_rng(0))


def ends(interval: Interval) -> tuple[float, float]:
    return interval.low, interval.high


@settings(max_examples=60)
@given(
    values=st.lists(st.integers(-3, 9), min_size=2, max_size=5),
    confidence=st.sampled_from(["0.5", "0.8", "0.9", "0.95", "0.99"]),
)
def test_few_runs_against_all_resamples(values: list[int], confidence: str) -> None:
    sums = sorted(sum(resample) for resample in product(values, repeat=len(values)))
    tail = (1 - Fraction(confidence)) / 2 * len(sums)
    # the outermost means with at least the tail at or beyond them
    size, mean = len(values), statistics.fmean(values)
    tails = [end / size - mean for end in (sums[math.ceil(tail) - 1], sums[-math.ceil(tail)])]
    quantile = 1 - float(tail / len(sums))
    t, z = stats.t.ppf(quantile, size - 1), statistics.NormalDist().inv_cdf(quantile)
    expected = [mean + t / z * math.sqrt(size / (size - 1)) * end for end in tails]
    found = ends(interval_of([float(v) for v in values], float(confidence)))
    assert found == pytest.approx(expected, abs=1e-9)


runs = st.lists(st.floats(-100, 100), min_size=2, max_size=MAX_EXACT_RUNS)


@given(values=runs, data=st.data())
def test_order_of_the_runs_does_not_matter(values: list[float], data: st.DataObject) -> None:
    assert interval_of(data.draw(st.permutations(values))) == interval_of(values)


@given(values=runs)
def test_mirrored_values_have_the_mirrored_interval(values: list[float]) -> None:
    interval = interval_of(values)
    mirrored = (-interval.high, -interval.low)
    assert ends(interval_of([-v for v in values])) == pytest.approx(mirrored)


@given(values=runs)
def test_intervals_are_nested_around_the_mean(values: list[float]) -> None:
    narrow, wide = interval_of(values, 0.5), interval_of(values, 0.99)
    assert wide.low - 1e-9 <= narrow.low <= statistics.fmean(values) + 1e-9
    assert statistics.fmean(values) - 1e-9 <= narrow.high <= wide.high + 1e-9


# of 1,500 experiments, chance moves a coverage of 95 % by 1.1 points at two standard errors
@pytest.mark.nightly
@pytest.mark.parametrize("size", [3, 5, 8])
@pytest.mark.parametrize("shape", ["normal", "uniform", "gamma"])
def test_coverage(size: int, shape: str) -> None:
    draws = np.random.default_rng(size)
    values, mean = {
        "normal": (draws.normal(0.7, 0.02, (1_500, size)), 0.7),
        "uniform": (draws.uniform(size=(1_500, size)), 0.5),
        "gamma": (draws.gamma(9, size=(1_500, size)), 9),  # skewness 2/3
    }[shape]
    found = [bootstrap_mean(x, resamples=999, generator=draws) for x in values]
    covered = np.mean([interval.low <= mean <= interval.high for interval in found])
    assert 0.92 <= covered <= 0.98


def test_an_interval_is_cut_at_the_bounds() -> None:
    cut = summarise([0.8, 1.0], np.random.default_rng(0), bounds=(0, 1))
    assert (cut.low, cut.high) == (0, 1)
    whole = summarise([0.8, 1.0], np.random.default_rng(0))
    assert whole.low < 0
    assert whole.high > 1


@pytest.mark.parametrize("size", [MAX_EXACT_RUNS, MAX_EXACT_RUNS + 1])
def test_equal_runs_have_no_width(size: int) -> None:
    assert ends(interval_of([0.3] * size)) == pytest.approx((0.3, 0.3))


def test_few_runs_draw_nothing() -> None:
    generator, untouched = np.random.default_rng(3), np.random.default_rng(3)
    bootstrap_mean(range(MAX_EXACT_RUNS), generator=generator)
    assert generator.random() == untouched.random()


def test_many_runs_draw_from_the_generator_alone() -> None:
    values = np.random.default_rng(0).normal(size=MAX_EXACT_RUNS + 1)
    first, again, other = (
        bootstrap_mean(values, generator=np.random.default_rng(seed)) for seed in (1, 1, 2)
    )
    assert first == again
    assert first != other


def test_sampled_agrees_with_exact(monkeypatch: pytest.MonkeyPatch) -> None:
    values = np.random.default_rng(0).normal(size=MAX_EXACT_RUNS + 1)
    sampled = bootstrap_mean(values, resamples=50_000, generator=np.random.default_rng(0))
    monkeypatch.setattr(intervals, "MAX_EXACT_RUNS", MAX_EXACT_RUNS + 1)
    exact = bootstrap_mean(values, generator=np.random.default_rng(0))
    assert ends(sampled) == pytest.approx(ends(exact), abs=0.03 * (exact.high - exact.low))


@given(values=runs)
def test_summary(values: list[float]) -> None:
    summary = summarise(values, np.random.default_rng(0), confidence=0.8)
    assert summary.runs == len(values)
    assert summary.mean == pytest.approx(statistics.fmean(values))
    assert summary.std == pytest.approx(statistics.stdev(values), abs=1e-9)
    assert Interval(summary.low, summary.high) == interval_of(values, 0.8)


def test_one_run_has_a_mean_only() -> None:
    summary = summarise([0.4], np.random.default_rng(0))
    assert (summary.mean, summary.runs) == (0.4, 1)
    assert np.isnan([summary.std, summary.low, summary.high]).all()


@pytest.mark.parametrize("size", [1, 2, MAX_EXACT_RUNS + 1])
def test_an_undefined_value_is_never_dropped(size: int) -> None:
    values = np.append(np.ones(size - 1), math.nan)
    summary = summarise(values, np.random.default_rng(0))
    assert summary.runs == size
    assert np.isnan([summary.mean, summary.std, summary.low, summary.high]).all()


@pytest.mark.parametrize("values", [[], 3.0, [[1.0, 2.0]]])
def test_only_a_list_of_runs(values: object) -> None:
    with pytest.raises(InputError, match="one number for each run"):
        summarise(np.array(values), np.random.default_rng(0))


def test_infinite_runs() -> None:
    with pytest.raises(InputError, match="some are infinite"):
        summarise([1.0, math.inf], np.random.default_rng(0))


@pytest.mark.parametrize("confidence", [0.0, 1.0, 95.0, math.nan])
def test_confidence_out_of_range(confidence: float) -> None:
    with pytest.raises(InputError, match=r"confidence is .* between 0 and 1"):
        interval_of([1.0, 2.0], confidence)


def test_resamples_out_of_range() -> None:
    with pytest.raises(InputError, match="resamples is 0"):
        bootstrap_mean([1.0, 2.0], resamples=0, generator=np.random.default_rng(0))
