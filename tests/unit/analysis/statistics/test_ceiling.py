from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import kendalltau, spearmanr

from analysis.statistics.ceiling import agreement_of, ceiling_tau, spearman_brown, table_quality
from benchmark.spaces.registry import open_space
from benchmark.truth import AccuracyKey, Agreement, Measurements, Source, TruthTable

SPACE = open_space("nb201")

KEY = AccuracyKey("digits", "test", 4)


def noisy(noise: float, seeds: int, generator: np.random.Generator) -> tuple[np.ndarray, ...]:
    """Draw what is measured, and means over seeds of two sets of measurements of it."""
    truth = generator.normal(size=4_000)
    sets = truth + noise * generator.normal(size=(2, seeds, truth.size))
    return truth, *sets.mean(1)


@pytest.mark.parametrize("noise", [0.5, 1.0, 2.0])
@pytest.mark.parametrize("seeds", [1, 3, 10])
def test_means_over_seeds_correlate_as_foretold(noise: float, seeds: int) -> None:
    _, one, other = noisy(noise, seeds, np.random.default_rng(0))
    single = 1 / (1 + noise**2)
    assert np.corrcoef(one, other)[0, 1] == pytest.approx(spearman_brown(single, seeds), abs=0.03)


@pytest.mark.parametrize("noise", [0.5, 1.0, 2.0])
@pytest.mark.parametrize("seeds", [1, 3, 10])
def test_perfect_scores_reach_the_ceiling(noise: float, seeds: int) -> None:
    generator = np.random.default_rng(1)
    truth, one, _ = noisy(noise, seeds, generator)
    _, first, second = noisy(noise, 1, generator)
    between = float(kendalltau(first, second).statistic)
    reached = float(kendalltau(truth, one).statistic)
    assert reached == pytest.approx(ceiling_tau(between, seeds), abs=0.03)


def test_seeds_that_do_not_agree_let_nothing_be_reached() -> None:
    assert spearman_brown(-0.1, 3) == spearman_brown(0, 3) == 0
    assert ceiling_tau(-0.1, 3) == 0
    assert ceiling_tau(1.0, 1) == pytest.approx(1)


def test_what_is_not_known_lets_nothing_be_said() -> None:
    assert np.isnan(spearman_brown(np.nan, 3))
    assert np.isnan(ceiling_tau(np.nan, 3))


def test_agreement_is_scipys_over_all_pairs() -> None:
    by_seed = np.random.default_rng(2).integers(0, 40, (3, 60)).astype(float)  # ties among them
    pairs = [(by_seed[0], by_seed[1]), (by_seed[0], by_seed[2]), (by_seed[1], by_seed[2])]
    found = agreement_of(by_seed)
    assert found.architectures == 60
    assert found.tau == pytest.approx(np.mean([kendalltau(*pair).statistic for pair in pairs]))
    assert found.rho == pytest.approx(np.mean([spearmanr(*pair).statistic for pair in pairs]))


def test_uneven_seeds_have_no_one_reliability() -> None:
    table = TruthTable(
        "t",
        "",
        Source("-", "-"),
        np.arange(SPACE.size),
        {KEY: np.linspace(0, 100, SPACE.size)},
        measurements=Measurements(agreement={KEY: Agreement(0.5, 9, rho=0.6)}),
        space=SPACE,
    )
    assert table_quality(table) == []
