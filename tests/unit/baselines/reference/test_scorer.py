from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest
import torch

from baselines.reference.scorer import (
    measure_candidates,
    measure_codes,
    score_candidates,
    trace_of,
)
from baselines.supernets.nb201.family import CellFamily
from baselines.supernets.parts.child import ChildNetwork
from benchmark.errors import CheckError
from benchmark.seeds import Streams
from benchmark.spaces.base import Codes
from benchmark.spaces.nb201.complexity import NetworkScale
from tests.unit.baselines.tiny import SPACE, tiny_experiment

SMALLEST = NetworkScale(channels=1, cells=1, resolution=4, classes=2, input_channels=1)
FAMILY = CellFamily()


def draws(network: ChildNetwork, generator: torch.Generator) -> Sequence[float]:
    """Return the sum of the weights, and the next number of the stream."""
    total = sum(float(weight.detach().double().sum()) for weight in network.weights())
    return [total, float(torch.rand((), generator=generator))]


def test_a_measure_does_not_depend_on_other_architectures() -> None:
    codes = np.array([15624, 25, 11817, 10853])
    together = measure_codes(codes, FAMILY, SMALLEST, Streams(0), draws)
    for code, row in zip(codes[::-1], together[::-1], strict=True):
        alone = measure_codes(np.array([code]), FAMILY, SMALLEST, Streams(0), draws)
        np.testing.assert_array_equal(alone, [row])
    assert len(np.unique(together)) == together.size


def test_seeds_draw_other_weights() -> None:
    codes = np.array([25, 15624])
    one, other = (measure_codes(codes, FAMILY, SMALLEST, Streams(seed), draws) for seed in (0, 1))
    assert not (one == other).any()


def test_what_does_not_matter_is_left_out() -> None:
    codes = np.arange(0, SPACE.size, 797)
    measured = measure_codes(codes, FAMILY, SMALLEST, Streams(0), draws)
    alive = measure_codes(SPACE.canonical(codes), FAMILY, SMALLEST, Streams(0), draws)
    np.testing.assert_array_equal(measured, alive)
    np.testing.assert_array_equal(np.isfinite(measured).all(1), SPACE.works(codes))
    assert np.isneginf(measured[~SPACE.works(codes)]).all()


class Unbuilt(torch.nn.Module):
    """Stands in for a network that no measure of the test uses."""

    def __init__(self, code: int) -> None:
        super().__init__()
        self.code = code


@pytest.fixture
def _unbuilt(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(CellFamily, "child", lambda family, code, *_: Unbuilt(code))


@pytest.mark.usefixtures("_unbuilt")
@pytest.mark.parametrize("candidates", [SPACE.all_codes(), np.array([0, 2, 25, 26, 9626])])
def test_each_function_of_the_candidates_is_measured_once(candidates: Codes) -> None:
    measured: list[int] = []

    def measure(network: ChildNetwork, _: torch.Generator) -> Sequence[float]:
        assert isinstance(network, Unbuilt)
        measured.append(network.code)
        return [network.code, -network.code]

    shares: list[float] = []
    experiment = tiny_experiment(candidates=candidates, progress=shares.append)
    measures = measure_candidates(experiment, SMALLEST, measure)
    working, live = SPACE.works(candidates), SPACE.canonical(candidates)
    assert measured == sorted(set(live[working].tolist()))
    np.testing.assert_array_equal(measures[working], np.stack([live, -live], 1)[working])
    assert np.isneginf(measures[~working]).all()
    assert shares == sorted(shares)
    assert shares[-1] == 1
    assert trace_of(experiment, SMALLEST)["networks"] == len(measured)


@pytest.mark.usefixtures("_unbuilt")
def test_what_measures_minus_infinity_ranks_last_and_is_counted() -> None:
    candidates = np.array([0, 2, 25, 26, 9626, 15624])  # 0 is disconnected; 25 and 26 are equal
    values = {2: -np.inf, 25: 3.5, 9626: -7.0, 15624: 1.0}

    def measure(network: ChildNetwork, _: torch.Generator) -> Sequence[float]:
        assert isinstance(network, Unbuilt)
        return [values[network.code]]

    outcome = score_candidates(tiny_experiment(candidates=candidates), SMALLEST, measure)
    assert outcome.scores.tolist() == [-8, -8, 3.5, 3.5, -7, 1]
    assert outcome.trace["ranked_last"] == 2


@pytest.mark.usefixtures("_unbuilt")
def test_candidates_without_any_score_are_tied() -> None:
    experiment = tiny_experiment(candidates=np.array([0, 1, 5]))
    outcome = score_candidates(experiment, SMALLEST, lambda *_: [-np.inf])
    assert outcome.scores.tolist() == [0, 0, 0]
    assert outcome.trace["ranked_last"] == 3


def test_a_measure_that_is_no_number_is_an_error() -> None:
    with pytest.raises(CheckError, match=r"^\|none~0\|.* measures NaN: pass more images"):
        measure_codes(np.array([25]), FAMILY, SMALLEST, Streams(0), lambda *_: [1.0, float("nan")])
