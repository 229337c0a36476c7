from __future__ import annotations

import numpy as np
from scipy import stats

from baselines.reference import Chance
from benchmark.spaces.nb201 import SIZE
from tests.unit.baselines.conformance import ReferenceConformance
from tests.unit.baselines.tiny import tiny_experiment


class TestChance(ReferenceConformance):
    method = Chance


def test_scores_are_uniform_and_independent_between_seeds() -> None:
    one, other = (
        Chance({}).run(tiny_experiment(seed, candidates=np.arange(SIZE))).scores for seed in (0, 1)
    )
    assert stats.kstest(one, "uniform").pvalue > 0.001
    assert abs(stats.kendalltau(one, other).statistic) < 0.02
