from __future__ import annotations

from scipy import stats

from baselines.reference import Chance
from tests.unit.baselines.conformance import ReferenceConformance, cached_run


class TestChance(ReferenceConformance):
    method = Chance


def test_scores_are_uniform_and_know_nothing_of_other_seeds() -> None:
    one, other = (cached_run(Chance, seed).outcome.scores for seed in (0, 1))
    assert stats.kstest(one, "uniform").pvalue > 0.001
    assert abs(stats.kendalltau(one, other).statistic) < 0.02
