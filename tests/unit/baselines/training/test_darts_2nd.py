"""The second-order gradient against one solved by hand and against double backward."""

from __future__ import annotations

import math
from types import SimpleNamespace

import pytest
import torch
import torch.nn.functional as F  # noqa: N812 - PyTorch's own abbreviation
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor
from torch.func import functional_call

from baselines.supernets.nb201.network import CellSupernet
from baselines.supernets.parts.mixture import Mixture
from baselines.training import base_class
from baselines.training.architecture import Architecture
from baselines.training.darts_2nd import STEP, SecondOrderDarts, unrolled_gradient
from baselines.training.differentiable import Differentiable, gradients
from baselines.training.weights import StepRange, WeightTraining
from benchmark.images import Batches
from benchmark.spaces.subspaces.subspace import Subspace
from benchmark.tasks.sections import TrainingSettings
from tests.unit.baselines.tiny import (
    FULL,
    SPACE,
    tiny_experiment,
    tiny_images,
    tiny_network,
    tiny_scale,
    tiny_search,
    tiny_training,
)

NUMBERS = st.floats(-2, 2, allow_subnormal=False)
SUBSPACE = Subspace(SPACE, ((1, 3), (0, 1, 2, 3, 4), (0, 2, 4), (2,), (0, 1, 2, 3, 4), (3, 4)))
IMAGES = tiny_images(torch.float64)
TRAIN, VALID = (
    Batches(part, 8, 6, 1, torch.Generator().manual_seed(seed))
    for seed, part in enumerate((IMAGES.train, IMAGES.valid))
)


@given(w=NUMBERS, a=NUMBERS, rate=st.floats(0.01, 0.5))
def test_two_parameters_solved_by_hand(w: float, a: float, rate: float) -> None:
    """L_train = ½(w − a²)² + aw and L_valid = ½(w + a − 1)².

    w' = w − ξ(w − a² + a), so dw'/da = −ξ(1 − 2a) and
    dL_valid/da = (w' + a − 1)(1 − ξ(1 − 2a)).
    """
    weight = torch.tensor(w, dtype=torch.float64, requires_grad=True)
    alpha = torch.tensor(a, dtype=torch.float64, requires_grad=True)

    def train() -> Tensor:
        return (weight - alpha**2) ** 2 / 2 + alpha * weight

    def valid() -> Tensor:
        return (weight + alpha - 1) ** 2 / 2

    (found,) = unrolled_gradient(train, valid, [weight], [alpha], rate)
    ahead = w - rate * (w - a**2 + a)
    expected = (ahead + a - 1) * (1 - rate * (1 - 2 * a))
    assert found.item() == pytest.approx(expected, rel=1e-3, abs=1e-6)
    assert weight.item() == w


def tiny_architecture(subspace: Subspace, seed: int) -> Architecture:
    generator = torch.Generator().manual_seed(seed)
    return Architecture(subspace, torch.randn(6, 5, generator=generator, dtype=torch.float64))


def softmax_mixture(architecture: Architecture) -> Mixture:
    return Mixture(
        architecture.options,
        tuple(architecture.parameter(decision).softmax(0) for decision in range(6)),
    )


def weight_training(
    network: CellSupernet, architecture: Architecture, options: TrainingSettings
) -> WeightTraining:
    steps = StepRange(0, 5, 5)
    return WeightTraining(
        network, TRAIN, steps, options, lambda _: softmax_mixture(architecture).detached()
    )


def by_double_backward(
    network: CellSupernet,
    architecture: Architecture,
    training: WeightTraining,
    rate: float,
) -> list[Tensor]:
    """Differentiate through one step of SGD with momentum and weight decay, exactly."""
    group = training.optimiser.param_groups[0]
    weights: dict[str, Tensor] = dict(network.named_parameters())

    def loss(values: dict[str, Tensor], batch: tuple[Tensor, Tensor]) -> Tensor:
        arguments = (batch[0], softmax_mixture(architecture))
        logits: Tensor = functional_call(network, values, arguments)
        return F.cross_entropy(logits, batch[1])

    first = torch.autograd.grad(
        loss(weights, training.batch()),
        list(weights.values()),
        create_graph=True,
        materialize_grads=True,
        allow_unused=True,
    )
    ahead = {}
    for (name, weight), gradient in zip(weights.items(), first, strict=True):
        state = training.optimiser.state.get(weight, {})
        momentum = state.get("momentum_buffer", torch.zeros_like(weight))
        pull = gradient + group["weight_decay"] * weight + group["momentum"] * momentum
        ahead[name] = weight - rate * pull
    return gradients(loss(ahead, VALID[0]), list(architecture.parameters()))


def relative_error(network: CellSupernet, subspace: Subspace, steps: int, seed: int) -> float:
    """Compare the gradients after some steps of training, and check that nothing has moved."""
    architecture = tiny_architecture(subspace, seed)
    options = tiny_training(learning_rate=0.1, weight_decay=0.05)
    training = weight_training(network, architecture, options)
    for _ in range(steps):
        training.step()
    before = {name: weight.detach().clone() for name, weight in network.named_parameters()}
    base = SecondOrderDarts(tiny_experiment(images=IMAGES, search=tiny_search("darts-2nd")))
    found = base.architecture_gradient(
        training, architecture, lambda: softmax_mixture(architecture), VALID[0]
    )
    expected = by_double_backward(network, architecture, training, training.rate)
    for name, weight in network.named_parameters():
        assert torch.equal(weight, before[name])
    one, other = (torch.cat(parts) for parts in (found, expected))
    return float((one - other).norm() / other.norm())


@settings(max_examples=6)
@given(seed=st.integers(0, 99), subspace=st.sampled_from([FULL, SUBSPACE]))
@pytest.mark.parametrize("steps", [0, 2])
def test_a_tiny_supernet_equals_double_backward(steps: int, seed: int, subspace: Subspace) -> None:
    """By a step so short that no ReLU changes sign: kinks are no curvature to double backward."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("baselines.training.darts_2nd.STEP", 1e-8)
        network = tiny_network(tiny_scale(channels=2), seed)
        assert relative_error(network, subspace, steps, seed) < 1e-3


@pytest.mark.parametrize("seed", range(3))
def test_without_kinks_the_error_falls_with_the_square_of_the_step(
    seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in ("operations", "cell", "network"):
        smooth = SimpleNamespace(**{**vars(F), "relu": F.softplus})
        monkeypatch.setattr(f"baselines.supernets.nb201.{module}.F", smooth)
    errors = []
    for step in (STEP, STEP / 10):
        monkeypatch.setattr("baselines.training.darts_2nd.STEP", step)
        errors.append(relative_error(tiny_network(tiny_scale(channels=2), seed), FULL, 0, seed))
    assert errors[0] < 1e-2
    assert errors[1] < 1e-3
    assert errors[0] / errors[1] == pytest.approx(100, rel=0.05)


def test_it_differs_from_first_order() -> None:
    """Else the test above would pass for first order too."""
    network = tiny_network(tiny_scale(channels=2))
    architecture = tiny_architecture(FULL, 0)
    training = weight_training(network, architecture, tiny_training(learning_rate=0.1))
    found = []
    for name in ("darts", "darts-2nd"):
        base = base_class(name)(tiny_experiment(images=IMAGES, search=tiny_search(name)))
        assert isinstance(base, Differentiable)
        parts = base.architecture_gradient(
            training, architecture, lambda: softmax_mixture(architecture), VALID[0]
        )
        found.append(torch.cat(parts))
    assert float((found[0] - found[1]).norm() / found[1].norm()) > 1e-2
    assert math.isfinite(float(found[0].norm()))
