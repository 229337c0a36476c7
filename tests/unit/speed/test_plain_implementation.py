"""The plain implementation, which speed is compared with, computes the same as ours."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import Tensor

from baselines.splitting import gradient_distances
from baselines.supernets.nb201.network import CellSupernet
from baselines.supernets.nb201.prefix_tree import MEMORY
from baselines.supernets.parts.normalisation import ByGroup
from baselines.training.weights import StepRange, path_training
from benchmark.images import Batches
from benchmark.spaces.base import Codes
from benchmark.spaces.nb201 import decode, distinct_codes
from tests.speed.plain_implementation import (
    OneByOne,
    PlainSupernet,
    plain_distances,
    plain_logits,
    plain_optimiser,
    plain_step,
)
from tests.speed.scales import DECISIONS
from tests.unit.baselines.tiny import FULL, tiny_images, tiny_network, tiny_scale, tiny_training

CODES = distinct_codes()[::187]
PATHS = np.array(
    [[3, 2, 1, 0, 4, 3], [2, 3, 3, 1, 2, 3], [3, 1, 3, 2, 1, 1], [2, 2, 4, 3, 3, 2]], np.int8
)


def plain_twin(network: CellSupernet, cells: int) -> PlainSupernet:
    return PlainSupernet(tiny_scale(cells=cells)).double().take_weights(network)


def new_batches() -> Batches:
    images = tiny_images(torch.float64).train
    return Batches(images, 4, len(PATHS), 1, torch.Generator().manual_seed(5))


def fast_logits(network: CellSupernet, codes: Codes, pixels: Tensor, counted: int | None) -> Tensor:
    with torch.inference_mode():
        found = network.many_logits(codes, pixels, ByGroup(len(pixels), counted), 1, MEMORY)
        return torch.cat([logits for _, logits in found])


@pytest.mark.parametrize("counted", [None, 5])
@pytest.mark.parametrize("cells", [1, 2])
def test_logits_are_equal(cells: int, counted: int | None) -> None:
    network = tiny_network(tiny_scale(cells=cells))
    plain, pixels = plain_twin(network, cells), tiny_images(torch.float64).valid.pixels
    plain.count_for_norms(counted)
    expected = plain_logits(plain, decode(CODES).tolist(), pixels)
    found = fast_logits(network, CODES, pixels, counted)
    torch.testing.assert_close(found, expected, rtol=1e-7, atol=1e-7)


def test_dead_edges_change_nothing() -> None:
    plain, pixels = (
        plain_twin(tiny_network(tiny_scale()), 1),
        tiny_images(torch.float64).valid.pixels,
    )
    dead, live = plain_logits(plain, [[0, 3, 2, 3, 4, 0], [0, 0, 0, 3, 0, 0]], pixels)
    torch.testing.assert_close(dead, live)


def test_training_is_equal() -> None:
    """SGD moves no weight that a step leaves without a gradient, here as there."""
    settings = tiny_training(learning_rate=0.2, gradient_norm=0.5)
    network = tiny_network(tiny_scale())
    plain, batches = plain_twin(network, 1), new_batches()
    optimiser = plain_optimiser(plain, settings)
    expected = []
    for step, path in enumerate(PATHS.tolist()):
        expected.append(plain_step(plain, optimiser, batches[step], path, settings.gradient_norm))
    constant = tiny_training(learning_rate=0.2, final_learning_rate=0.2, gradient_norm=0.5)
    stretch = StepRange(0, len(PATHS), len(PATHS))
    training = path_training(network, batches, PATHS, stretch, constant)
    for _ in PATHS:
        training.step()
    assert training.losses() == pytest.approx(expected, rel=1e-6)
    twin = plain_twin(network, 1)
    for name, weight in plain.named_parameters():
        torch.testing.assert_close(twin.get_parameter(name), weight, rtol=1e-6, atol=1e-8)


@pytest.mark.parametrize("cells", [1, 2])
def test_distances_are_equal(cells: int) -> None:
    network, batches = tiny_network(tiny_scale(cells=cells)), new_batches()
    given = [batches[number] for number in range(len(PATHS))]
    expected = plain_distances(plain_twin(network, cells), DECISIONS, given, PATHS.tolist())
    found = gradient_distances(network, FULL, DECISIONS, batches, PATHS, lambda: None)
    assert list(found) == list(expected)
    for chosen, matrix in found.items():
        np.testing.assert_allclose(matrix, expected[chosen], rtol=0, atol=1e-9)


def test_images_are_loaded_one_by_one() -> None:
    pixels = np.arange(2 * 8 * 8, dtype=np.uint8).reshape(2, 8, 8, 1)
    image, label = OneByOne(pixels, np.array([4, 7]), padding=0)[1]
    assert label == 7
    plain = torch.from_numpy(pixels[1]).permute(2, 0, 1).float() / 255
    found = image * 0.25 + 0.5
    assert torch.allclose(found, plain) or torch.allclose(found, plain.flip(2))
