"""A mixture against the network written down plainly, each operation passed and weighted."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
import torch
import torch.nn.functional as F  # noqa: N812 - PyTorch's own abbreviation
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from baselines.supernets.parts.mixture import Mixture
from benchmark.spaces.nb201 import EDGES
from tests.unit.baselines import naive
from tests.unit.baselines.tiny import tiny_images, tiny_network, tiny_scale

NETWORK = tiny_network(tiny_scale(channels=2))
IMAGES = tiny_images(torch.float64).train.first(6)
PIXELS, LABELS = IMAGES.pixels, IMAGES.labels
EDGE = st.sets(st.integers(0, 4), min_size=1).map(lambda found: tuple(sorted(found)))


def mixture_of(operations: Sequence[tuple[int, ...]], seed: int) -> Mixture:
    generator = torch.Generator().manual_seed(seed)
    return Mixture(
        tuple(operations),
        tuple(
            torch.rand(len(one), generator=generator, dtype=torch.float64).requires_grad_()
            for one in operations
        ),
    )


def naive_mixture(mixture: Mixture, images: Tensor) -> Tensor:
    weights = dict(NETWORK.named_parameters())

    def output(value: Tensor, name: str, edge: int) -> Tensor:
        parts = [
            weight * naive._operation(value, weights, f"{name}.edges.{edge}", operation)
            for operation, weight in zip(mixture.options[edge], mixture.weights[edge], strict=True)
        ]
        return torch.stack(parts).sum(0)

    def cell(x: Tensor, given: object, name: str, path: object) -> Tensor:
        one = output(x, name, 0)
        two = output(x, name, 1) + output(one, name, 2)
        return output(x, name, 3) + output(one, name, 4) + output(two, name, 5)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(naive, "_cell", cell)
        return naive.naive_logits(weights, images, [], cells=1)


@settings(max_examples=15)
@given(st.lists(EDGE, min_size=6, max_size=6), st.integers(0, 9))
def test_a_mixture_is_the_weighted_sum_of_its_operations(
    operations: list[tuple[int, ...]], seed: int
) -> None:
    mixture = mixture_of(operations, seed)
    found, expected = NETWORK(PIXELS, mixture), naive_mixture(mixture, PIXELS)
    torch.testing.assert_close(found, expected, rtol=0, atol=1e-6)
    alphas = list(mixture.weights)
    mine, theirs = (
        torch.autograd.grad(
            F.cross_entropy(logits, LABELS), alphas, allow_unused=True, materialize_grads=True
        )
        for logits in (found, expected)
    )
    torch.testing.assert_close(mine, theirs, rtol=0, atol=1e-6)


def test_one_operation_of_weight_one_is_a_path() -> None:
    path = [3, 1, 2, 0, 4, 3]
    one = torch.ones(1, dtype=torch.float64)
    mixture = Mixture(tuple((operation,) for operation in path), (one,) * len(EDGES))
    torch.testing.assert_close(NETWORK(PIXELS, mixture), NETWORK(PIXELS, path))
