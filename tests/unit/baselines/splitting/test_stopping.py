from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy import stats

from baselines.splitting import EarlyStop, best_decision, best_partition
from baselines.splitting.stopping import overtaking, separated_distances

PLANNED = 100
ERROR = 0.05
DECISIONS = [(place,) for place in range(6)]
Found = dict[tuple[int, ...], NDArray[np.float64]]  # distances [batches, 5, 5] of each decision


def batch_distances(generator: np.random.Generator, batches: int, gap: float) -> Found:
    """Return distances of six decisions, one of which separates more on average."""
    found: Found = {}
    for chosen in DECISIONS:
        level = np.zeros((5, 5))
        level[:2, 2:] = gap * (chosen == (3,))
        noise = generator.normal(0.5, 0.2, (batches, 5, 5))
        matrix = np.clip(np.triu(noise + level, 1), 0, 2)
        found[chosen] = matrix + matrix.transpose(0, 2, 1)
    return found


def stopped_after(distances: Found, error: float = ERROR) -> int:
    stop = EarlyStop(PLANNED, groups=2, min_size=2, error=error)
    for used in range(1, PLANNED + 1):
        so_far = {chosen: list(torch.from_numpy(all_[:used])) for chosen, all_ in distances.items()}
        if stop.should_stop(so_far, used):
            assert stop.used == used
            return used
    return PLANNED


def decided(distances: Found, used: int) -> tuple[tuple[int, ...], object]:
    partitions = {
        chosen: best_partition(all_[:used].mean(0), 2, 2) for chosen, all_ in distances.items()
    }
    chosen = best_decision(partitions)
    return chosen, partitions[chosen].groups


@given(st.integers(2, 5), st.integers(0, 2**32 - 1))
@settings(max_examples=20)
def test_separated_distances_equal_those_of_each_pair(size: int, seed: int) -> None:
    matrices = np.random.default_rng(seed).random((3, size, size))
    matrices += matrices.transpose(0, 2, 1)
    found = separated_distances(matrices, groups=2, min_size=1)
    for batch, matrix in enumerate(matrices):
        expected = []
        for labels in itertools.product((0, 1), repeat=size - 1):
            if any(labels):
                side = (0, *labels)
                pairs = itertools.combinations(range(size), 2)
                expected.append(sum(matrix[a, b] for a, b in pairs if side[a] != side[b]))
        np.testing.assert_allclose(sorted(found[batch]), sorted(expected))


def test_the_chance_is_that_of_students_t_for_each_rival() -> None:
    values = np.random.default_rng(1).normal([1.2, 1.0, 0.7], 0.4, (16, 3))
    expected = 0.0
    for rival in (1, 2):
        ahead = (values[:, 0] - values[:, rival]).tolist()
        mean = sum(ahead) / 16
        variance = sum((one - mean) ** 2 for one in ahead) / 15
        ratio = mean / math.sqrt(variance * (PLANNED - 16) / (16 * PLANNED))
        expected += 1 - stats.t.cdf(ratio, 15)
    assert overtaking(values, PLANNED) == pytest.approx(expected)


def test_a_rival_overtakes_as_often_as_is_said() -> None:
    """Over gaps of all sizes, as the docstring says that nothing is known of them beforehand."""
    generator = np.random.default_rng(2)
    said, happened = [], []
    for gap in generator.uniform(-1, 1, 4_000):
        values = generator.normal([gap, 0.0], 0.5, (PLANNED, 2))
        said.append(overtaking(values[:16], PLANNED))
        leader = int(values[:16].mean(0).argmax())
        happened.append(int(values.mean(0).argmax()) != leader)
    deviation = math.sqrt(np.mean(said) / 4_000)
    assert np.mean(happened) == pytest.approx(np.mean(said), abs=4 * deviation)


def test_rivals_that_are_level_never_let_it_stop() -> None:
    one = np.random.default_rng(3).random((32, 1))
    assert overtaking(np.hstack([one, one]), PLANNED) == 1


def test_a_clear_gap_stops_at_the_first_look_and_no_gap_never() -> None:
    generator = np.random.default_rng(4)
    assert stopped_after(batch_distances(generator, PLANNED, gap=1.0)) == 8
    assert stopped_after(batch_distances(generator, PLANNED, gap=0.0)) == PLANNED


def test_without_an_error_all_batches_are_used() -> None:
    clear = batch_distances(np.random.default_rng(4), PLANNED, gap=1.0)
    assert stopped_after(clear, error=0.0) == PLANNED


@pytest.mark.parametrize("gap", [0.05, 0.1, 0.2])
def test_the_decision_differs_no_more_often_than_allowed(gap: float) -> None:
    generator = np.random.default_rng(5)
    runs, wrong, saved = 60, 0, 0
    for _ in range(runs):
        distances = batch_distances(generator, PLANNED, gap)
        used = stopped_after(distances)
        saved += PLANNED - used
        wrong += decided(distances, used) != decided(distances, PLANNED)
    assert stats.binomtest(wrong, runs, ERROR, alternative="greater").pvalue > 0.001
    assert saved > 0  # else nothing could be wrong
