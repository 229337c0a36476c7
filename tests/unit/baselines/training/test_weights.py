from __future__ import annotations

import io
import math
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

from baselines.supernets.nb201.network import CellSupernet
from baselines.training.weights import StepRange, learning_rate, path_training
from benchmark.errors import DivergedError
from benchmark.images import Batches
from benchmark.spaces.base import Choices
from benchmark.tasks.sections import TrainingSettings
from tests.unit.baselines.naive import naive_logits
from tests.unit.baselines.tiny import tiny_images, tiny_network, tiny_scale, tiny_training

PATHS = np.array(
    [[3, 2, 1, 0, 4, 3], [2, 3, 3, 1, 2, 0], [3, 0, 3, 2, 1, 1], [0, 0, 0, 3, 0, 0]], np.int8
)


def new_batches(count: int = 8) -> Batches:
    images = tiny_images(torch.float64).train
    return Batches(images, 4, count, 1, torch.Generator().manual_seed(5))


def train(
    network: CellSupernet,
    paths: Choices,
    span: StepRange,
    settings: TrainingSettings,
    batches: Batches | None = None,
    before_step: Callable[[], None] = lambda: None,
) -> list[float]:
    training = path_training(network, batches or new_batches(), paths, span, settings)
    while training.position < span.steps:
        before_step()
        training.step()
    return training.losses()


def sgd_by_hand(
    weights: Mapping[str, Tensor],
    paths: Choices,
    span: StepRange,
    settings: TrainingSettings,
) -> tuple[list[float], list[float]]:
    """Train plain tensors in place, weight by weight, and return losses and gradient norms."""
    velocity = {name: torch.zeros_like(weight) for name, weight in weights.items()}
    losses, norms = [], []
    for step, path in enumerate(paths.tolist(), start=span.start):
        pixels, labels = new_batches()[step]
        logits = naive_logits(weights, pixels, path, cells=1)
        loss = -logits.log_softmax(1)[range(len(labels)), labels].mean()
        names = list(weights)
        found = torch.autograd.grad(loss, [weights[name] for name in names], allow_unused=True)
        gradients = {
            name: gradient
            for name, gradient in zip(names, found, strict=True)
            if gradient is not None
        }
        norm = math.sqrt(sum(float(gradient.square().sum()) for gradient in gradients.values()))
        turn = math.cos(math.pi * step / span.total)
        first, last = settings.learning_rate, settings.final_learning_rate
        rate = (first + last) / 2 + (first - last) / 2 * turn
        for name, gradient in gradients.items():
            weight = weights[name].detach()
            clipped = gradient * min(1, settings.gradient_norm / norm)
            pull = clipped + settings.weight_decay * weight
            velocity[name] = settings.momentum * velocity[name] + pull
            weight -= rate * (pull + settings.momentum * velocity[name])
        losses.append(loss.item())
        norms.append(norm)
    return losses, norms


@pytest.mark.parametrize(
    ("changes", "clips"),
    [
        pytest.param({"gradient_norm": 0.1}, True, id="clipped"),
        pytest.param({"gradient_norm": 1e6}, False, id="free"),
        pytest.param({"momentum": 0.0, "weight_decay": 0.0}, None, id="plain"),
        pytest.param({"weight_decay": 0.5}, None, id="decayed"),
    ],
)
def test_steps_equal_those_by_hand(changes: dict[str, Any], clips: bool | None) -> None:
    settings = tiny_training(learning_rate=0.2, final_learning_rate=0.05, **changes)
    span = StepRange(start=2, steps=len(PATHS), total=9)
    network, twin = tiny_network(tiny_scale()), tiny_network(tiny_scale())
    weights = dict(twin.named_parameters())

    losses = train(network, PATHS, span, settings)
    expected, norms = sgd_by_hand(weights, PATHS, span, settings)

    if clips is not None:
        assert all((norm > settings.gradient_norm) == clips for norm in norms)
    assert losses == pytest.approx(expected, rel=1e-6)
    for name, weight in network.named_parameters():
        torch.testing.assert_close(weight, weights[name], rtol=0, atol=1e-6, msg=name)


@pytest.mark.parametrize(
    ("span", "first", "after"),
    [
        (StepRange(0, 3, 3), 0.2, 0.05),
        (StepRange(4, 3, 9, cosine_start=4, cosine_steps=3), 0.2, 0.05),
        (StepRange(0, 3, 3, cosine_steps=6), 0.2, 0.125),
    ],
    ids=["the whole", "its own cosine", "half a cosine"],
)
def test_the_rate_runs_over_its_own_cosine(span: StepRange, first: float, after: float) -> None:
    settings = tiny_training(learning_rate=0.2, final_learning_rate=0.05)
    network, paths = tiny_network(tiny_scale()), PATHS[[0] * 3]
    training = path_training(network, new_batches(), paths, span, settings)
    rates = []
    for _ in range(3):
        rates.append(training.rate)
        training.step()
    assert rates[0] == pytest.approx(first)
    assert training.rate == pytest.approx(after)
    assert rates == sorted(rates, reverse=True)


def test_only_weights_on_the_path_change() -> None:
    network = tiny_network(tiny_scale())
    before = {name: weight.detach().clone() for name, weight in network.named_parameters()}
    path = [3, 2, 0, 1, 2, 3]
    train(network, np.array([path], np.int8), StepRange(0, 1, 1), tiny_training())
    kernels = {2: "nor_conv_1x1", 3: "nor_conv_3x3"}
    on_path = {f"edges.{edge}.{kernels[op]}" for edge, op in enumerate(path) if op in kernels}
    for name, weight in network.named_parameters():
        is_shared = ".edges." not in name
        should_change = is_shared or name.split(".", 2)[2] in on_path
        assert torch.equal(weight, before[name]) != should_change, name


def test_weights_left_alone_once_do_not_move_by_momentum() -> None:
    network = tiny_network(tiny_scale())
    settings = tiny_training(learning_rate=0.1, weight_decay=0.1)
    steps: list[Tensor] = []

    def watch() -> None:
        steps.append(next(network.cells()).edge(3).nor_conv_3x3.detach().clone())

    paths = np.array([[0, 0, 0, 3, 0, 0], [0, 0, 0, 2, 0, 0], [0, 0, 0, 2, 0, 0]], np.int8)
    train(network, paths, StepRange(0, 3, 3), settings, before_step=watch)
    watch()
    assert not torch.equal(steps[0], steps[1])
    assert all(torch.equal(steps[1], later) for later in steps[2:])


def test_a_step_range_takes_its_own_batches() -> None:
    seen: list[int] = []

    class Watched(Batches):
        def __getitem__(self, number: int) -> tuple[Tensor, Tensor]:
            seen.append(number)
            return super().__getitem__(number)

    batches = Watched(tiny_images(torch.float64).train, 4, 8, 1, torch.Generator().manual_seed(5))
    span = StepRange(start=3, steps=2, total=8)
    losses = train(tiny_network(tiny_scale()), PATHS, span, tiny_training(), batches)
    assert seen == [3, 4]
    assert len(losses) == 2


def test_no_steps_change_nothing() -> None:
    network = tiny_network(tiny_scale())
    losses = train(network, PATHS[:0], StepRange(0, 0, 9), tiny_training())
    assert losses == []
    for name, weight in tiny_network(tiny_scale()).named_parameters():
        assert torch.equal(weight, network.get_parameter(name))


def test_the_learning_rate_is_a_cosine() -> None:
    settings = tiny_training(learning_rate=0.5, final_learning_rate=0.1)
    rates = [learning_rate(step, 100, settings) for step in range(101)]
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(
        torch.optim.SGD([torch.zeros(1)], lr=0.5), T_max=100, eta_min=0.1
    )
    expected = []
    for _ in rates:
        expected.append(schedule.get_last_lr()[0])
        schedule.optimizer.step()
        schedule.step()
    assert rates == pytest.approx(expected, rel=1e-9)
    assert rates[0] == 0.5
    assert rates[-1] == pytest.approx(0.1)


@pytest.mark.parametrize("every", [3, 256])
def test_divergence_is_noticed_at_the_next_check_or_the_end(
    every: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("baselines.training.weights.CHECK_EVERY", every)
    settings = tiny_training(learning_rate=1e200, gradient_norm=1e200)
    span = StepRange(2, 20, 22)
    batches = new_batches(22)
    training = path_training(tiny_network(tiny_scale()), batches, PATHS[[0] * 20], span, settings)

    def train_all() -> None:
        while training.position < span.steps:
            training.step()
        training.losses()

    with pytest.raises(DivergedError, match=r"^the loss of step 3 is (nan|inf): lower the"):
        train_all()
    assert training.position == min(every, span.steps)
    with pytest.raises(DivergedError, match="the loss of step 3"):
        training.state_dict()  # never saved in a checkpoint


@pytest.mark.parametrize("left_after", range(len(PATHS) + 1))
def test_training_left_at_any_step_resumes_with_the_same_bits(left_after: int) -> None:
    span, settings = StepRange(1, len(PATHS), 6), tiny_training(learning_rate=0.2)
    whole = tiny_network(tiny_scale())
    expected = train(whole, PATHS, span, settings)

    first = path_training(tiny_network(tiny_scale()), new_batches(), PATHS, span, settings)
    for _ in range(left_after):
        first.step()
    kept = io.BytesIO()
    torch.save(first.state_dict(), kept)
    kept.seek(0)
    network = tiny_network(tiny_scale(), seed=1)
    later = path_training(network, new_batches(), PATHS, span, settings)
    later.load_state_dict(torch.load(kept, weights_only=True))
    assert later.position == left_after
    while later.position < span.steps:
        later.step()

    assert later.losses() == expected
    for name, weight in network.named_parameters():
        assert torch.equal(weight, whole.get_parameter(name))
