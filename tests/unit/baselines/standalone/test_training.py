from __future__ import annotations

import math
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest
import torch
import torch.nn.functional as F  # noqa: N812 - PyTorch's own abbreviation

from baselines.standalone import training
from baselines.standalone.evaluation import AccuracyAndLoss, evaluate_network
from baselines.standalone.images import read_parts, seed_batches
from baselines.standalone.training import learning_rate
from benchmark.errors import DivergedError
from benchmark.seeds import Streams
from benchmark.spaces.nb201 import encode, live_codes
from benchmark.tasks.protocol import TrainingProtocol
from tests.unit.baselines.standalone.tiny import ARCH, network_of, numbers, tiny, train


def naive(
    code: int, seed: int, protocol: TrainingProtocol
) -> tuple[dict[str, float], dict[str, float]]:
    """Train in the plainest way: own update rule, own mean of weights, own accuracy and loss."""
    settings, parts = protocol.training, read_parts(protocol, Path(), "cpu")
    batches = seed_batches(protocol, seed, Path(), "cpu")
    network = network_of(code, protocol, Streams(seed).torch("alone/weights"))
    weights = list(network.parameters())
    speeds = [torch.zeros_like(weight) for weight in weights]
    history = []
    for step in range(len(batches)):
        pixels, labels = batches[step]
        logits = network(pixels).log_softmax(1)
        classes, smoothing = logits.shape[1], settings.label_smoothing
        wanted = F.one_hot(labels, classes) * (1 - smoothing) + smoothing / classes
        gradients = torch.autograd.grad(-(wanted * logits).sum(1).mean(), weights)
        norm = math.sqrt(sum(float(gradient.square().sum()) for gradient in gradients))
        shrink = min(1, settings.gradient_norm / norm) if settings.gradient_norm else 1
        rate = learning_rate(step, len(batches), settings)
        with torch.no_grad():
            for place, weight in enumerate(weights):
                gradient = gradients[place] * shrink + settings.weight_decay * weight
                speeds[place] = settings.momentum * speeds[place] + gradient
                weight.sub_(rate * (gradient + settings.momentum * speeds[place]))
        history.append(deepcopy(network.state_dict()))
    if settings.average == "mean":
        averaged = history[round(settings.average_from * len(batches)) :]
        network.load_state_dict(
            {
                name: torch.stack([one[name].double() for one in averaged]).mean(0)
                for name in averaged[0]
            }
        )
    network.eval()
    accuracy, loss = {}, {}
    for split, part in (("valid", parts.valid), ("test", parts.test)):
        with torch.no_grad():
            rows = network(part.pixels).log_softmax(1)
        accuracy[split] = 100 * float((rows.argmax(1) == part.labels).double().mean())
        loss[split] = -float(rows[range(len(part)), part.labels].mean())
    return accuracy, loss


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"training__label_smoothing": 0.1, "training__gradient_norm": 0.0},
        {"training__average": "mean"},
        {"training__gradient_norm": 0.5, "training__schedule": "linear", "data__flip": True},
    ],
)
def test_training_is_what_it_says(changes: dict[str, Any]) -> None:
    accuracy, loss = naive(ARCH, 3, tiny(**changes))
    trained = train(ARCH, 3, **changes)
    assert trained.loss == pytest.approx(loss, rel=1e-3)
    assert trained.accuracy == pytest.approx(accuracy, abs=0.7)  # two images at a tie


def test_the_same_seed_gives_the_same_bits_whatever_was_trained_before() -> None:
    first = train()
    train(7, 5)
    torch.manual_seed(99)
    assert numbers(train()) == numbers(first)
    assert numbers(train(seed=1)) != numbers(first)


def test_dead_edges_change_nothing() -> None:
    code = int(encode([3, 0, 0, 1, 0, 0]))  # nothing leaves node 1
    assert live_codes([code]) != [code]
    assert numbers(train(code)) == numbers(train(int(live_codes([code])[0])))


def test_the_curve_has_a_point_an_epoch() -> None:
    curve = train(training__epochs=3).curve
    assert {split: len(points) for split, points in curve.items()} == {"valid": 3, "test": 3}
    assert train(evaluation__curve_images=0).curve == {}


def test_the_end_of_the_curve_is_the_accuracy_where_all_images_are_shown() -> None:
    trained = train(evaluation__curve_images=300)
    assert {split: points[-1] for split, points in trained.curve.items()} == trained.accuracy
    assert [len(points) for points in trained.curve.values()] == [2, 2]


@pytest.mark.parametrize(
    ("changes", "times"),
    [
        ({"curve_images": 300}, 2 * 2),  # an epoch and the end
        ({"curve_images": 297}, 2 * 2 + 1),  # of 300 test images these are not all
        ({"curve_images": 300, "mirrored": True}, 3 * 2),
        ({"curve_images": 300, "batch_norm_images": 100}, 3 * 2),
        ({"curve_images": 0}, 2),
    ],
)
def test_nothing_is_evaluated_twice(
    changes: dict[str, Any], times: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = []

    def count(*arguments: Any, **options: Any) -> AccuracyAndLoss:
        asked.append(arguments)
        return evaluate_network(*arguments, **options)

    monkeypatch.setattr(training, "evaluate_network", count)
    trained = train(**{f"evaluation__{name}": value for name, value in changes.items()})
    assert len(asked) == times
    assert {len(points) for points in trained.curve.values()} <= {2}


@pytest.mark.parametrize("curve_images", [0, 50])
def test_a_training_that_diverges_names_the_step(curve_images: int) -> None:
    """After the first step all weights are infinite, so the second loss is the first not finite."""
    message = r"^training diverged at step 2 of 12: the loss is nan, lower the learning rate$"
    with pytest.raises(DivergedError, match=message):
        train(
            training__learning_rate=1e38,
            training__warm_up=0.0,
            training__gradient_norm=0.0,
            evaluation__curve_images=curve_images,
        )


def test_a_training_that_diverges_ends_with_its_epoch() -> None:
    shares: list[float] = []
    protocol = tiny(training__learning_rate=1e38, training__warm_up=0.0)
    with pytest.raises(DivergedError):
        training.train_standalone(ARCH, 0, protocol, Path(), progress=shares.append)
    assert shares == [step / 12 for step in range(1, 6)]
