from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy import stats

from baselines.method import Method
from baselines.reference import Flops, Parameters, RandomScores
from baselines.reference.random_and_size import scrambled
from benchmark.spaces.base import Codes
from benchmark.spaces.nb201 import SIZE, from_string
from benchmark.spaces.registry import open_space
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


def split_mix(state: int, count: int) -> list[int]:
    """Draw from SplitMix64 one number after the other."""
    drawn, bits = [], (1 << 64) - 1
    for _ in range(count):
        state = state + 0x9E3779B97F4A7C15 & bits
        value = (state ^ state >> 30) * 0xBF58476D1CE4E5B9 & bits
        value = (value ^ value >> 27) * 0x94D049BB133111EB & bits
        drawn.append(value ^ value >> 31)
    return drawn


def test_codes_are_places_in_a_known_random_sequence() -> None:
    published = [6457827717110365317, 3203168211198807973, 9817491932198370423]
    assert split_mix(1234567, 3) == published  # Rosetta Code, Pseudo-random numbers/Splitmix64
    key = 99
    mixed = split_mix(key - 0x9E3779B97F4A7C15 & (1 << 64) - 1, 1)[0]
    expected = [(one >> 11) / 2**53 for one in split_mix(mixed, 50)]
    np.testing.assert_array_equal(scrambled(np.arange(1, 51), key), expected)


@pytest.mark.parametrize("space", ["darts", "mobilenet"])
def test_random_scores_of_spaces_without_a_list_depend_on_code_and_seed_alone(space: str) -> None:
    opened = open_space(space)
    codes = np.sort(opened.sample(5_000))

    def scores(seed: int, candidates: Codes) -> NDArray[np.float64]:
        return (
            RandomScores({}).run(tiny_experiment(seed, space=opened, candidates=candidates)).scores
        )

    one, other = scores(0, codes), scores(1, codes)
    np.testing.assert_array_equal(scores(0, codes[::7]), one[::7])
    for drawn in (one, other, np.diff(one) % 1):
        assert stats.kstest(drawn, "uniform").pvalue > 0.001
    for given in (other, codes):
        assert abs(stats.kendalltau(one, given).statistic) < 0.04


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
