from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor

from baselines.training import BASES, SupernetState, base_class
from baselines.training.differentiable import Differentiable, parameters_of
from baselines.training.snas import Snas, gumbel_noise
from baselines.training.weights import StepRange
from benchmark.budget import Spending
from benchmark.errors import InputError
from benchmark.seeds import Streams
from benchmark.spaces.subspaces.subspace import Subspace
from tests.unit.baselines.tiny import (
    BATCH,
    FULL,
    SPACE,
    tiny_experiment,
    tiny_images,
    tiny_scoring,
    tiny_search,
)

LEFT = Subspace(SPACE, ((1, 3), (0, 1, 2, 3, 4), (0, 2, 4), (2,), (0, 1, 2, 3, 4), (3, 4)))
NAMES = ["darts", "darts-2nd", "snas"]
PASSES = {"darts": 2, "darts-2nd": 5, "snas": 2}


def new_base(name: str, seed: int = 0, **search: Any) -> Differentiable:
    settings = tiny_search(name, **{"alpha_learning_rate": 0.05, **search})
    base = base_class(name)(tiny_experiment(seed, search=settings))
    assert isinstance(base, Differentiable)
    return base


def alphas(state: SupernetState) -> list[Tensor]:
    return [alpha.detach().clone() for alpha in parameters_of(state).parameters()]


@pytest.mark.parametrize("name", NAMES)
def test_a_removed_operation_has_no_parameter_and_its_weights_stand_still(name: str) -> None:
    base = new_base(name)
    state = base.start(LEFT)
    assert [len(alpha) for alpha in alphas(state)] == [len(one) for one in LEFT.allowed]
    before = {name: weight.detach().clone() for name, weight in state.network.named_parameters()}
    started = alphas(state)
    base.train(state, StepRange(0, 3, 3), Spending.LEAF_TRAINING, "x")
    kernels = {2: "nor_conv_1x1", 3: "nor_conv_3x3"}
    there = {
        f"edges.{edge}.{kernels[operation]}"
        for edge, allowed in enumerate(LEFT.allowed)
        for operation in allowed
        if operation in kernels
    }
    for weight_name, weight in state.network.named_parameters():
        is_shared = ".edges." not in weight_name
        trained = is_shared or weight_name.split(".", 2)[2] in there
        assert torch.equal(weight, before[weight_name]) != trained, weight_name
    for one, other, allowed in zip(started, alphas(state), LEFT.allowed, strict=True):
        assert len(allowed) == 1 or not torch.equal(one, other)


@pytest.mark.parametrize("name", NAMES)
def test_weights_of_a_mixture_sum_to_one_over_what_is_there(name: str) -> None:
    base = new_base(name)
    state = base.start(LEFT)
    mixture = base.mixtures(state, 1, "x")(0, 0.3)
    assert mixture.options == LEFT.allowed
    for weights, allowed in zip(mixture.weights, LEFT.allowed, strict=True):
        assert weights.shape == (len(allowed),)
        assert float(weights.sum().detach()) == pytest.approx(1, abs=1e-6)


@given(draw=st.integers(0, 3), progress=st.floats(0, 1), seed=st.integers(0, 9))
def test_snas_weights_equal_the_formula(draw: int, progress: float, seed: int) -> None:
    """w_o = exp((log α_o + G_o) / λ) / Σ, λ from 1 to 0.1 linearly [SNAS, eq. 4]."""
    base = new_base("snas", seed)
    state = base.start(LEFT)
    found = base.mixtures(state, 4, "x")(draw, progress)
    noise = gumbel_noise(SPACE, 4, Streams(seed).torch("x")).double().numpy()[draw]
    temperature = 1 - 0.9 * progress
    for edge, (weights, allowed) in enumerate(zip(found.weights, LEFT.allowed, strict=True)):
        alpha = parameters_of(state).parameter(edge).detach().double().numpy()
        powers = (alpha + noise[edge, list(allowed)]) / temperature
        expected = np.exp(powers - powers.max())
        expected /= expected.sum()
        np.testing.assert_allclose(weights.detach().numpy(), expected, rtol=1e-4, atol=1e-6)


def test_the_temperature_falls_linearly() -> None:
    base = new_base("snas", temperature=2.0, final_temperature=0.5)
    assert isinstance(base, Snas)
    assert [base.temperature(share) for share in (0, 0.5, 1)] == [2.0, 1.25, 0.5]


def test_the_operation_of_the_greatest_weight_is_drawn_by_softmax() -> None:
    """The argmax over log α + G follows softmax(log α): what Gumbel noise is for."""
    alpha = torch.tensor([0.0, 1.0, -1.0, 0.5, 0.2])
    noise = gumbel_noise(SPACE, 20_000, torch.Generator().manual_seed(0))[:, 0]
    drawn = (alpha + noise).argmax(1)
    shares = torch.bincount(drawn, minlength=5) / len(drawn)
    torch.testing.assert_close(shares, alpha.softmax(0), rtol=0, atol=0.015)


def test_initial_parameters_are_those_published() -> None:
    for name, mean, deviation in (("darts", 0.0, 1e-3), ("snas", 1.0, 0.01)):
        drawn = torch.cat(
            [torch.cat(alphas(new_base(name, seed).start(FULL))) for seed in range(40)]
        )
        assert float(drawn.mean()) == pytest.approx(mean, abs=deviation / 5)
        assert float(drawn.std()) == pytest.approx(deviation, rel=0.1)


@pytest.mark.parametrize("name", NAMES)
def test_every_pass_of_a_step_is_charged(name: str) -> None:
    base = new_base(name)
    assert base.passes == PASSES[name]
    passed: list[int] = []
    state = base.start(FULL)
    state.network.register_forward_pre_hook(lambda module, given: passed.append(len(given[0])))
    base.train(state, StepRange(0, 3, 3), Spending.LEAF_TRAINING, "x")
    assert sum(passed) == base.experiment.ledger.spent == 3 * PASSES[name] * BATCH
    assert state.progress == 1


@pytest.mark.parametrize("name", NAMES)
def test_frozen_parameters_stand_still_and_cost_nothing(name: str) -> None:
    base = new_base(name)
    state = base.start(FULL)
    before, weight = alphas(state), next(state.network.parameters()).detach().clone()
    base.train(state, StepRange(0, 3, 3), Spending.SHARED_TRAINING, "x", frozen=True)
    assert all(torch.equal(one, other) for one, other in zip(before, alphas(state), strict=True))
    assert not torch.equal(weight, next(state.network.parameters()))
    assert base.experiment.ledger.spent == 3 * BATCH


def test_a_part_inherits_what_it_keeps() -> None:
    base = new_base("darts")
    parent = base.start(FULL)
    base.train(parent, StepRange(0, 3, 6), Spending.SHARED_TRAINING, "x")
    child = base.inherit(parent, LEFT)
    for one, other, allowed in zip(alphas(child), alphas(parent), LEFT.allowed, strict=True):
        assert torch.equal(one, other[list(allowed)])
    assert child.network is not parent.network
    assert child.progress == parent.progress == 0.5


def graded_state(base: Differentiable) -> SupernetState:
    """Return a supernet of LEFT in which the last operation of each edge has the greatest α."""
    state = base.start(LEFT)
    with torch.no_grad():
        for alpha in parameters_of(state).parameters():
            alpha.copy_(torch.arange(len(alpha), dtype=alpha.dtype))
    return state


def test_the_greatest_parameters_are_selected() -> None:
    base, codes = new_base("darts"), LEFT.codes()
    chosen = base.select(graded_state(base), codes, np.zeros(len(codes)), "x")
    assert SPACE.decode(codes[chosen]).tolist() == [allowed[-1] for allowed in LEFT.allowed]


def test_the_greatest_sum_of_parameters_is_selected_among_few_candidates() -> None:
    base = new_base("darts")
    lacking = [[2, 0, 0, 2, 0, 3], [2, 4, 4, 2, 4, 4]]  # operation 2 on edge 0 has no parameter
    there = [[1, 0, 0, 2, 0, 3], [3, 3, 0, 2, 0, 3], [1, 1, 2, 2, 1, 3], [1, 3, 0, 2, 1, 3]]
    codes = SPACE.encode([*lacking, *there])  # sums of α: 0, 1 + 3, 1 + 1 + 1, 3 + 1
    state = graded_state(base)
    scores = np.arange(len(codes), dtype=float)
    assert base.select(state, codes, scores, "x") == 3  # the first of equals
    assert base.select(state, codes[:2], scores[:2], "x") == 1  # by its score


def test_images_that_score_do_not_train_the_architecture() -> None:
    images, settings = tiny_images(), tiny_scoring(batch_norm="training")
    for choice, first in (("apart", 4), ("all", 0)):
        search = tiny_search("darts", alpha_images=choice)
        base = base_class("darts")(tiny_experiment(images=images, search=search, scoring=settings))
        assert isinstance(base, Differentiable)
        seen = base.architecture_batches._images.labels
        assert torch.equal(seen, images.valid.labels[first:])
    everything = tiny_scoring(16, batch_norm="training")
    with pytest.raises(InputError, match="all 16 validation images score, none is left"):
        base_class("darts")(tiny_experiment(search=tiny_search("darts"), scoring=everything))


@pytest.mark.parametrize("name", NAMES)
def test_matching_leaves_weights_and_parameters_as_they_are(name: str) -> None:
    base = new_base(name)
    state = base.start(LEFT)
    weights = [weight.detach().clone() for weight in state.network.parameters()]
    started = alphas(state)
    passes: list[None] = []
    batches = base.experiment.batches(base.experiment.images.train, 2, "matching")
    for soft in (False, True):
        found = base.distances(
            state, [(1,), (0, 2)], batches, "x", lambda: passes.append(None), soft=soft
        )
        shapes = {chosen: matrix.shape for chosen, matrix in found.items()}
        assert shapes == {(1,): (5, 5), (0, 2): (6, 6)}
    assert len(passes) == 2 * len(batches) * base.matching_passes([5, 6])
    assert base.matching_passes([5, 6]) == 5 + 6
    for weight, before in zip(state.network.parameters(), weights, strict=True):
        assert torch.equal(weight, before)
        assert weight.grad is None
    for alpha, before in zip(parameters_of(state).parameters(), started, strict=True):
        assert torch.equal(alpha, before)
        assert alpha.grad is None


def test_every_base_has_a_name_of_its_own() -> None:
    assert [base.name for base in BASES.values()] == list(BASES) == ["rsps", *NAMES]
