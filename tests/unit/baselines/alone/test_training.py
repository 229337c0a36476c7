from __future__ import annotations

import math
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest
import torch
import torch.nn.functional as F  # noqa: N812 - PyTorch's own abbreviation
from torch import nn

from baselines.alone import images, train_alone, training
from baselines.alone.images import _kept_batches, read_parts, seed_batches
from baselines.alone.measuring import Measured, measured, renormalise
from baselines.alone.training import Trained, _Average, learning_rate
from baselines.reference.network import Network
from benchmark.errors import DivergedError
from benchmark.images import Batches, Images, dataset_record
from benchmark.seeds import Streams
from benchmark.spaces.nb201 import encode, live_codes
from benchmark.spaces.nb201.complexity import NetworkScale, parameters
from benchmark.tasks.protocol import TrainingProtocol, load_protocol

ARCH = 9626


def tiny(**changes: Any) -> TrainingProtocol:
    """Return a protocol of twelve steps; changes name settings with __ for the point."""
    small = {
        "data.noise_draws": 1,
        "network.channels": 2,
        "training.epochs": 2,
        "training.batch_size": 200,
        "evaluation.curve_images": 50,
    }
    named = {name.replace("__", "."): value for name, value in changes.items()}
    return load_protocol("digits").changed(small | named)


def train(code: int = ARCH, seed: int = 0, **changes: Any) -> Trained:
    return train_alone(code, seed, tiny(**changes), Path())


def numbers(trained: Trained) -> tuple[object, ...]:
    return trained.accuracy, trained.loss, trained.curve


def naive(
    code: int, seed: int, protocol: TrainingProtocol
) -> tuple[dict[str, float], dict[str, float]]:
    """Train in the plainest way: own update rule, own mean of weights, image by image measures."""
    settings, parts = protocol.training, read_parts(protocol, Path(), "cpu")
    batches = seed_batches(protocol, seed, Path(), "cpu")
    network = Network(code, protocol.scale, Streams(seed).torch("alone/weights"), running=True)
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
        kept = history[round(settings.average_from * len(batches)) :]
        network.load_state_dict(
            {name: torch.stack([one[name].double() for one in kept]).mean(0) for name in kept[0]}
        )
    network.eval()
    accuracy, loss = {}, {}
    for split, part in (("valid", parts.valid), ("test", parts.test)):
        with torch.no_grad():
            rows = [network(pixels[None])[0].log_softmax(0) for pixels in part.pixels]
        right = [
            int(row.argmax()) == int(label) for row, label in zip(rows, part.labels, strict=True)
        ]
        accuracy[split] = 100 * sum(right) / len(right)
        losses = [-float(row[label]) for row, label in zip(rows, part.labels, strict=True)]
        loss[split] = sum(losses) / len(losses)
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


def test_batches_that_are_not_kept_are_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    first = train()
    _kept_batches.cache_clear()
    monkeypatch.setattr(images, "KEPT_BYTES", 0)
    again = train()
    assert isinstance(seed_batches(tiny(), 0, Path(), "cpu"), Batches)
    assert numbers(again) == numbers(first)


def test_as_many_seeds_as_fit_keep_their_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    _kept_batches.cache_clear()
    whole = seed_batches(tiny(), 0, Path(), "cpu")
    size = sum(whole[step][0].nbytes for step in range(len(whole)))
    monkeypatch.setattr(images, "KEPT_BYTES", 6 * size)
    first = {seed: seed_batches(tiny(), seed, Path(), "cpu") for seed in range(8)}
    again = {seed: seed_batches(tiny(), seed, Path(), "cpu") for seed in range(8)}
    assert [again[seed] is first[seed] for seed in range(8)] == 6 * [True] + 2 * [False]
    other = seed_batches(tiny(training__batch_size=100), 7, Path(), "cpu")
    assert other is seed_batches(tiny(training__batch_size=100), 7, Path(), "cpu")


def test_dead_edges_change_nothing() -> None:
    code = int(encode([3, 0, 0, 1, 0, 0]))  # nothing leaves node 1
    assert live_codes([code]) != [code]
    assert numbers(train(code)) == numbers(train(int(live_codes([code])[0])))


def test_no_image_is_in_two_parts() -> None:
    parts = read_parts(tiny(), Path(), "cpu")
    assert [len(part) for part in parts] == [1_200, 169, 300]
    seen = [{pixels.numpy().tobytes() for pixels in part.pixels} for part in parts]
    assert [len(one) for one in seen] == [1_200, 169, 300]
    assert len(set.union(*seen)) == 1_200 + 169 + 300


def test_the_checksum_of_the_images_is_that_of_a_run_on_them() -> None:
    data = tiny().data
    assert (
        read_parts(tiny(), Path(), "cpu").digest()
        == dataset_record("digits").read(data, Path()).digest()
    )


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
def test_nothing_is_measured_twice(
    changes: dict[str, Any], times: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = []

    def count(*arguments: Any, **options: Any) -> Measured:
        asked.append(arguments)
        return measured(*arguments, **options)

    monkeypatch.setattr(training, "measured", count)
    trained = train(**{f"evaluation__{name}": value for name, value in changes.items()})
    assert len(asked) == times
    assert {len(points) for points in trained.curve.values()} <= {2}


def test_a_training_that_diverges_is_an_error() -> None:
    with pytest.raises(DivergedError, match="lower the learning rate"):
        train(training__learning_rate=1e30, training__warm_up=0.0)


def test_a_network_that_is_trained_has_the_parameters_of_the_table() -> None:
    scale = NetworkScale(channels=4, cells=2, resolution=8)
    network = Network(ARCH, scale, torch.Generator(), running=True)
    assert sum(weight.numel() for weight in network.parameters()) == parameters(ARCH, scale)


@pytest.mark.parametrize(
    ("kind", "expected"), [("mean", (2 + 3 + 4) / 3), ("exponential", ((2 + 3) / 2 + 4) / 2)]
)
def test_averages_of_weights(kind: str, expected: float) -> None:
    settings = tiny(
        training__average=kind, training__average_from=0.25, training__average_decay=0.5
    ).training
    network = Network(ARCH, tiny().scale, torch.Generator(), running=True)
    average = _Average(network, settings, 4)
    for step, value in enumerate([100.0, 2.0, 3.0, 4.0]):
        with torch.no_grad():
            for weight in network.parameters():
                weight.fill_(value)
        average.update(step)
    found = {float(weight.detach().mean()) for weight in average.network.parameters()}
    assert found == {expected}
    assert average.network is not network


def test_mirrored_images_count_by_the_mean_of_their_logits() -> None:
    network = Network(ARCH, tiny().scale, Streams(0).torch("weights"), running=True)
    few = read_parts(tiny(), Path(), "cpu").test.first(20)
    found = measured(network, few, mirrored=True)
    with torch.no_grad():
        logits = (network(few.pixels) + network(few.pixels.flip(-1))) / 2
    assert found.loss == pytest.approx(float(F.cross_entropy(logits, few.labels)), rel=1e-5)
    assert found.loss != measured(network, few, mirrored=False).loss


def test_statistics_taken_anew_are_those_of_the_images() -> None:
    network = Network(ARCH, tiny().scale, Streams(0).torch("weights"), running=True)
    few = Images(torch.randn(300, 1, 8, 8), torch.zeros(300, dtype=torch.int64))
    renormalise(network, few)
    norm = network.stem[1]
    assert isinstance(norm, nn.BatchNorm2d)
    assert norm.running_mean is not None
    maps = network.stem[0](few.pixels)
    assert torch.allclose(norm.running_mean, maps.mean((0, 2, 3)), atol=1e-6)
    assert norm.momentum == 0.1
