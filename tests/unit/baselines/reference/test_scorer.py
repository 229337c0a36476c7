from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest
import torch

from baselines.reference import scorer
from baselines.reference.network import Network
from baselines.reference.scorer import measure_codes, measure_space, score_space
from benchmark.errors import CheckError
from benchmark.seeds import Streams
from benchmark.spaces.nb201 import SIZE, is_connected, live_codes
from benchmark.spaces.nb201.complexity import NetworkScale
from tests.unit.baselines.tiny import tiny_experiment

SMALLEST = NetworkScale(channels=1, cells=1, resolution=4, classes=2, input_channels=1)


def draws(network: Network, generator: torch.Generator) -> Sequence[float]:
    """Tell the weights, and what the stream gives after them."""
    total = sum(float(weight.detach().double().sum()) for weight in network.weights())
    return [total, float(torch.rand((), generator=generator))]


def test_an_architecture_measures_the_same_in_any_company() -> None:
    codes = np.array([15624, 25, 11817, 10853])
    together = measure_codes(codes, SMALLEST, Streams(0), draws)
    for code, row in zip(codes[::-1], together[::-1], strict=True):
        alone = measure_codes(np.array([code]), SMALLEST, Streams(0), draws)
        np.testing.assert_array_equal(alone, [row])
    assert len(np.unique(together)) == together.size


def test_seeds_draw_other_weights() -> None:
    codes = np.array([25, 15624])
    one, other = (measure_codes(codes, SMALLEST, Streams(seed), draws) for seed in (0, 1))
    assert not (one == other).any()


def test_dead_edges_are_left_out() -> None:
    codes = np.arange(0, SIZE, 397)
    measured = measure_codes(codes, SMALLEST, Streams(0), draws)
    alive = measure_codes(live_codes(codes), SMALLEST, Streams(0), draws)
    np.testing.assert_array_equal(measured, alive)
    np.testing.assert_array_equal(np.isfinite(measured).all(1), is_connected(codes))
    assert np.isneginf(measured[~is_connected(codes)]).all()


def test_the_whole_space_is_measured_once_a_function(monkeypatch: pytest.MonkeyPatch) -> None:
    built: list[int] = []

    def build(code: int, scale: NetworkScale, generator: torch.Generator) -> torch.nn.Module:
        built.append(code)
        return torch.nn.Identity()

    monkeypatch.setattr(scorer, "Network", build)
    shares: list[float] = []
    experiment = tiny_experiment(progress=shares.append)
    measured = measure_space(experiment, SMALLEST, lambda *_: [built[-1], -built[-1]])
    assert sorted(built) == np.unique(live_codes())[1:].tolist()
    live = is_connected()
    np.testing.assert_array_equal(measured[live], np.stack([live_codes(), -live_codes()], 1)[live])
    assert np.isneginf(measured[~live]).all()
    assert shares == sorted(shares)
    assert shares[-1] == 1
    assert len(shares) == len(built) + 1


def test_what_has_no_score_ranks_last_and_is_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scorer, "Network", lambda code, *_: torch.nn.Identity())
    values = iter([-np.inf, *range(10_000)])
    outcome = score_space(tiny_experiment(), SMALLEST, lambda *_: [float(next(values))])
    live = is_connected()
    assert np.isfinite(outcome.scores).all()
    assert (outcome.scores[~live] == -1).all()
    alike = live_codes() == np.unique(live_codes())[1]  # the first measured
    assert (outcome.scores[alike] == -1).all()
    assert outcome.scores[live & ~alike].min() == 0
    assert outcome.trace["ranked_last"] == int((~live).sum() + alike.sum())
    assert outcome.trace["networks"] == 9444


def test_a_measure_that_is_no_number_is_an_error() -> None:
    with pytest.raises(CheckError, match=r"^\|none~0\|.* measures NaN: pass more images"):
        measure_codes(np.array([25]), SMALLEST, Streams(0), lambda *_: [1.0, float("nan")])
