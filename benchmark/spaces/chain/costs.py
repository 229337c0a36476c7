"""What layers cost, counted as published tables do: parameters, and multiply-adds of one image.

BatchNorm has a scale and a shift for each channel. Normalising, activations, pooling and biases of
convolutions count no multiply-adds.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class Cost:
    """Trainable parameters and multiply-adds of a part of a network."""

    parameters: int = 0
    multiply_adds: int = 0

    def __add__(self, other: Cost) -> Cost:
        return Cost(self.parameters + other.parameters, self.multiply_adds + other.multiply_adds)


def halved(resolution: int, stride: int) -> int:
    """Return the height or width of feature maps after a layer whose padding keeps stride 1's."""
    return -(-resolution // stride)


def convolution(
    kernel: int, inputs: int, outputs: int, resolution: int, *, depthwise: bool = False
) -> Cost:
    """Return the cost of a convolution and its BatchNorm, of maps with this resolution after it.

    A depthwise one filters each of its channels alone.
    """
    weights = kernel**2 * (1 if depthwise else inputs) * outputs
    return Cost(weights + 2 * outputs, weights * resolution**2)


def inverted_bottleneck(
    inputs: int,
    outputs: int,
    resolution: int,
    *,
    kernel: int,
    expansion: int,
    stride: int = 1,
    squeezed: int = 0,
) -> Cost:
    """Return the cost of an inverted bottleneck [MobileNetV2, arXiv 1801.04381, section 3.3].

    Maps have this resolution before it. Without expansion (1) it has no first convolution. If
    ``squeezed`` is not 0, channels are squeezed to so many and excited
    [SENet, arXiv 1709.01507], by 1×1 convolutions with bias.

    Example:
        >>> inverted_bottleneck(16, 24, 8, kernel=3, expansion=3, stride=2)
        Cost(parameters=2592, multiply_adds=74496)
    """
    hidden, after = inputs * expansion, halved(resolution, stride)
    cost = convolution(kernel, hidden, hidden, after, depthwise=True)
    cost += convolution(1, hidden, outputs, after)
    if expansion != 1:
        cost += convolution(1, inputs, hidden, resolution)
    if squeezed:
        cost += Cost(2 * squeezed * hidden + squeezed + hidden, 2 * squeezed * hidden)
    return cost


def classifier(inputs: int, classes: int) -> Cost:
    """Return the cost of a linear layer with bias."""
    return Cost((inputs + 1) * classes, inputs * classes)


def total_costs(
    choices: NDArray[np.integer[Any]], options: Sequence[Sequence[int]], fixed: int
) -> NDArray[np.int64]:
    """Return the costs [...] of choices [..., D], given those of each decision's options.

    Example:
        >>> total_costs(np.array([1, 0]), [[10, 20], [3, 4, 5]], fixed=100)
        array(123)
    """
    most = max(map(len, options))
    table = np.array([[*costs, *[0] * (most - len(costs))] for costs in options], np.int64)
    return np.asarray(table[np.arange(len(table)), choices].sum(axis=-1) + fixed)
