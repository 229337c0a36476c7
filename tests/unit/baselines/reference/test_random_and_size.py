from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from baselines.method import Method
from baselines.reference import Flops, Parameters, RandomScores
from benchmark.spaces.nb201 import SIZE, from_string
from tests.unit.baselines.conformance import ReferenceConformance
from tests.unit.baselines.tiny import tiny_experiment, tiny_scale


class TestChance(ReferenceConformance):
    method = RandomScores


def test_random_scores_are_uniform_and_independent_between_seeds() -> None:
    one, other = (
        RandomScores({}).run(tiny_experiment(seed, candidates=np.arange(SIZE))).scores
        for seed in (0, 1)
    )
    assert stats.kstest(one, "uniform").pvalue > 0.001
    assert abs(stats.kendalltau(one, other).statistic) < 0.02


class TestParameters(ReferenceConformance):
    method = Parameters


class TestFlops(ReferenceConformance):
    method = Flops


@pytest.mark.parametrize(("method", "official"), [(Parameters, 802_426), (Flops, 113_951_370)])
def test_sizes_are_those_of_the_official_table(method: type[Method], official: int) -> None:
    code = from_string(
        "|nor_conv_3x3~0|+|nor_conv_3x3~0|avg_pool_3x3~1|+|none~0|nor_conv_3x3~1|avg_pool_3x3~2|"
    )
    outcome = method({}).run(tiny_experiment(candidates=np.array([code])))
    assert outcome.scores.tolist() == [official]


@pytest.mark.parametrize("method", [Parameters, Flops])
def test_the_tasks_own_network_does_not_matter(method: type[Method]) -> None:
    one, other = (
        method({}).run(tiny_experiment(scale=scale)).scores
        for scale in (tiny_scale(), tiny_scale(channels=8, cells=2))
    )
    np.testing.assert_array_equal(one, other)
