from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
import torch
from torch import Tensor

from baselines.reference import AzNas
from baselines.reference.az_nas import aggregate_ranks, gradient_kept, spectral_entropy, traits
from benchmark.spaces.nb201 import encode
from tests.unit.baselines.conformance import ReferenceConformance
from tests.unit.baselines.reference.written_out import CODES, double_network, noise, written_out


class TestAzNas(ReferenceConformance):
    method = AzNas
    scores_are_ranks = True


def naive_entropy(feature: Tensor) -> float:
    """Take the singular values of the centred rows one channel a column."""
    batch, channels, height, width = feature.shape
    rows = np.array(
        [
            [float(feature[b, c, h, w]) for c in range(channels)]
            for b, h, w in itertools.product(range(batch), range(height), range(width))
        ]
    )
    squares = np.linalg.svd(rows - rows.mean(0), compute_uv=False) ** 2
    shares = [square / squares.sum() for square in squares if square > 0]
    return -math.fsum(share * math.log(share) for share in shares)


@pytest.mark.parametrize("code", CODES[:2])
def test_expressivity_and_progressivity(code: int) -> None:
    network, images = double_network(code), noise()
    with torch.no_grad():
        passed = written_out(network.weights(), images.pixels, code)
    entropies = [naive_entropy(feature) for feature in passed.features]
    expressivity, progressivity, _ = traits(network, images.pixels, torch.Generator())
    assert expressivity == pytest.approx(sum(entropies), rel=1e-6)
    gains = [after - before for before, after in itertools.pairwise(entropies)]
    assert progressivity == pytest.approx(min(gains), rel=1e-6)


def test_entropy_counts_equal_components() -> None:
    generator = torch.Generator().manual_seed(0)
    one = torch.randn(50, 1, 4, 4, generator=generator, dtype=torch.float64)
    assert spectral_entropy(one.expand(-1, 3, -1, -1)) == pytest.approx(0, abs=1e-9)
    many = torch.randn(500, 3, 4, 4, generator=generator, dtype=torch.float64)
    assert spectral_entropy(many) == pytest.approx(math.log(3), abs=1e-2)


def block(kind: str, x: Tensor) -> Tensor:
    """Mix channels and neighbours, and halve the image where asked to."""
    generator = torch.Generator().manual_seed(4)
    weight = torch.randn(2, 2, 3, 3, generator=generator, dtype=torch.float64)
    stride = 2 if kind == "halving" else 1
    return torch.nn.functional.conv2d(x.clamp(min=0), weight, stride=stride, padding=1)


@pytest.mark.parametrize("kind", ["keeping", "halving"])
def test_trainability_is_that_of_the_whole_jacobian(kind: str) -> None:
    x = noise().pixels.expand(-1, 2, -1, -1)[:2, :, :4, :4].clone().requires_grad_()
    after = block(kind, x)
    kept = gradient_kept(x, after, torch.Generator().manual_seed(9))

    drawn = torch.randint(
        2, after.shape, generator=torch.Generator().manual_seed(9), dtype=after.dtype
    )
    sent = torch.where(drawn > 0, 1.0, -1.0).double()
    jacobian = torch.autograd.functional.jacobian(lambda given: block(kind, given), x)
    full = jacobian.reshape(sent.numel(), x.numel()).numpy()
    arrived = (full.T @ sent.numpy().ravel()).reshape(x.shape)
    stride, (batch, channels, height, width) = x.shape[-1] // after.shape[-1], after.shape
    mean = np.zeros((x.shape[1] * stride**2, channels))
    for b, h, w in itertools.product(range(batch), range(height), range(width)):
        patch = arrived[b, :, h * stride : (h + 1) * stride, w * stride : (w + 1) * stride]
        mean += np.outer(patch.ravel(), sent[b, :, h, w].numpy()) / (batch * height * width)
    largest = np.linalg.svd(mean, compute_uv=False)[0]
    assert kept == pytest.approx(2 - largest - 1 / largest, rel=1e-9)


def test_trainability_is_best_where_gradients_keep_their_norm() -> None:
    x = noise().pixels.expand(-1, 2, -1, -1).clone().requires_grad_()
    turned = torch.stack([x[:, 1], -x[:, 0]], 1)
    assert gradient_kept(x, turned, torch.Generator()) == pytest.approx(0, abs=0.2)
    longer = gradient_kept(x, 4 * turned, torch.Generator())
    shorter = gradient_kept(x, turned / 4, torch.Generator())
    assert longer == pytest.approx(2 - 4 - 1 / 4, abs=0.3)
    assert shorter == pytest.approx(2 - 1 / 4 - 4, abs=0.3)
    assert gradient_kept(x, 0 * turned, torch.Generator()) == -math.inf


def test_an_identity_cell_is_not_trainable() -> None:
    skip = int(encode([0, 0, 0, 1, 0, 0]))
    assert traits(double_network(skip), noise().pixels, torch.Generator())[2] == -math.inf


def test_ranks_are_multiplied() -> None:
    rng = np.random.default_rng(0)
    columns = np.column_stack([rng.integers(0, 4, 12), rng.normal(size=12), np.full(12, -np.inf)])
    expected = []
    for row in columns:
        product = 1.0
        for value, column in zip(row, columns.T, strict=True):
            below = sum(other < value for other in column)
            alike = sum(other == value for other in column)
            product *= (below + (alike + 1) / 2) / 12
        expected.append(math.log(product))
    np.testing.assert_allclose(aggregate_ranks(columns), expected)
