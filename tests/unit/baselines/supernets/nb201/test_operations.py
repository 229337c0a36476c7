from __future__ import annotations

import pytest
import torch
from torch import Tensor

from baselines.supernets.nb201.operations import (
    AVG_POOL_3X3,
    NOR_CONV_1X1,
    NOR_CONV_3X3,
    SKIP_CONNECT,
    CellNode,
    Edge,
)
from baselines.supernets.parts.normalisation import by_batch
from benchmark.spaces.nb201 import OPERATIONS


@pytest.fixture(scope="module")
def edge() -> Edge:
    edge = Edge(channels=2).double()
    generator = torch.Generator().manual_seed(0)
    with torch.no_grad():
        for weight in edge.parameters():
            weight.uniform_(-1, 1, generator=generator)
    return edge


@pytest.fixture(scope="module")
def x() -> Tensor:
    return torch.randn(3, 2, 4, 5, generator=torch.Generator().manual_seed(1)).double()


def neighbourhood(x: Tensor, row: int, column: int, reach: int) -> Tensor:
    rows = slice(max(0, row - reach), row + reach + 1)
    return x[:, :, rows, max(0, column - reach) : column + reach + 1]


def correlate(x: Tensor, weight: Tensor) -> Tensor:
    """Multiply and add pixel by pixel, with zeros around the maps."""
    reach = weight.shape[-1] // 2
    padded = torch.nn.functional.pad(x, (reach,) * 4)
    out = torch.zeros(len(x), len(weight), *x.shape[2:], dtype=x.dtype)
    for row in range(x.shape[2]):
        for column in range(x.shape[3]):
            seen = neighbourhood(padded, row + reach, column + reach, reach)
            out[:, :, row, column] = torch.einsum("bcij,ocij->bo", seen, weight)
    return out


@pytest.mark.parametrize("operation", [NOR_CONV_1X1, NOR_CONV_3X3])
def test_convolutions_follow_relu_and_precede_batchnorm(
    edge: Edge, x: Tensor, operation: int
) -> None:
    weight = dict(edge.named_parameters())[OPERATIONS[operation]]
    assert weight.shape[-1] == {NOR_CONV_1X1: 1, NOR_CONV_3X3: 3}[operation]
    expected = by_batch(correlate(x.clamp(min=0), weight))
    torch.testing.assert_close(edge(CellNode(x), operation, by_batch), expected)


def test_average_pooling_does_not_count_the_padding(edge: Edge, x: Tensor) -> None:
    pooled = edge(CellNode(x), AVG_POOL_3X3, by_batch)
    for row in range(x.shape[2]):
        for column in range(x.shape[3]):
            mean = neighbourhood(x, row, column, reach=1).mean((2, 3))
            torch.testing.assert_close(pooled[:, :, row, column], mean)


def test_a_skip_changes_nothing(edge: Edge, x: Tensor) -> None:
    assert edge(CellNode(x), SKIP_CONNECT, by_batch) is x


def test_only_convolutions_have_weights(edge: Edge) -> None:
    assert [name for name, _ in edge.named_parameters()] == ["nor_conv_1x1", "nor_conv_3x3"]
