"""The five candidate operations of an edge [NAS-Bench-201, arXiv 2001.00326, section 2.1]."""

from __future__ import annotations

from functools import cache, cached_property
from typing import Protocol

import torch
import torch.nn.functional as F  # noqa: N812 - PyTorch's own abbreviation
from torch import Tensor, nn

from baselines.supernets.nb201.normalisation import Normalise
from benchmark.spaces.nb201 import OPERATIONS

LEAST_PIXELS, LEAST_SIZE = 16, 1 << 15  # of maps whose pooling is worth a convolution on a CPU

NONE, SKIP_CONNECT, NOR_CONV_1X1, NOR_CONV_3X3, AVG_POOL_3X3 = range(len(OPERATIONS))


def convolution_weight(inputs: int, outputs: int, kernel: int) -> nn.Parameter:
    """Return the weight [outputs, inputs, kernel, kernel] of a convolution, not drawn yet.

    It lies channels last in memory, as feature maps do, which saves a third of a training step.
    """
    shape = (outputs, inputs, kernel, kernel)
    return nn.Parameter(torch.empty(shape, memory_format=torch.channels_last))


class CellNode:
    """What edges start from: feature maps, and what several edges would make of them alike.

    Args:
        maps: Feature maps [B, C, H, W].
    """

    def __init__(self, maps: Tensor) -> None:
        self.maps = maps

    @cached_property
    def activated(self) -> Tensor:
        """Their ReLU, which all convolutions begin with."""
        return F.relu(self.maps)

    @cached_property
    def averaged(self) -> Tensor:
        """The maps after average pooling, which has no weights."""
        return average_pool(self.maps)


class ConvolutionUnit(Protocol):
    """Applies a convolution and BatchNorm."""

    def __call__(self, x: Tensor, weight: Tensor, padding: int, normalise: Normalise) -> Tensor:
        """Return feature maps [B, C, H, W], of the shape that came in."""
        ...


def conv_norm(x: Tensor, weight: Tensor, padding: int, normalise: Normalise) -> Tensor:
    """Apply a convolution of a given weight and padding, and BatchNorm, one after the other."""
    return normalise(F.conv2d(x, weight, padding=padding))


class Edge(nn.Module):
    """The weights of one edge: a 1×1 and a 3×3 convolution; the other operations have none.

    BatchNorm has no scale and shift here, so that a child model cannot weigh one operation of the
    supernet against another.

    Args:
        channels: Number C of channels, in and out.
    """

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.nor_conv_1x1 = convolution_weight(channels, channels, 1)
        self.nor_conv_3x3 = convolution_weight(channels, channels, 3)
        self.unit: ConvolutionUnit = conv_norm

    def forward(self, node: CellNode, operation: int, normalise: Normalise) -> Tensor:
        """Apply one operation but ``none``, which brings nothing and so is never applied.

        Args:
            node: Where the edge starts.
            operation: Index into `OPERATIONS`, not that of ``none``.
            normalise: The BatchNorm that follows a convolution.

        Returns:
            Feature maps [B, C, H, W].
        """
        if operation == SKIP_CONNECT:
            return node.maps
        if operation == AVG_POOL_3X3:
            return node.averaged
        unit = self.unit if torch.is_grad_enabled() else conv_norm  # what scores stays as it is
        return unit(node.activated, *self._convolution(operation), normalise)

    def convolve(self, activated: Tensor, operation: int) -> Tensor:
        """Convolve maps after their ReLU, [B, C, H, W], by one of the two operations that do so."""
        weight, padding = self._convolution(operation)
        return F.conv2d(activated, weight, padding=padding)

    def _convolution(self, operation: int) -> tuple[nn.Parameter, int]:
        """Return the weight and the padding of one of the two operations that have them."""
        return (self.nor_conv_1x1, 0) if operation == NOR_CONV_1X1 else (self.nor_conv_3x3, 1)


def average_pool(x: Tensor) -> Tensor:
    """Average feature maps [B, C, H, W] over 3×3 pixels, at the border over those that are inside.

    On a CPU PyTorch's own pooling takes three times as long as a convolution of each channel with
    ones, divided by the number of pixels inside; that is taken unless maps are tiny.

    Example:
        >>> average_pool(torch.tensor([[[[4.0, 0.0]]]]))
        tensor([[[[2., 2.]]]])
    """
    channels, height, width = x.shape[1:]
    small = height * width < LEAST_PIXELS or x.numel() < LEAST_SIZE
    if small or x.device.type != "cpu":
        return F.avg_pool2d(x, 3, stride=1, padding=1, count_include_pad=False)
    ones, shares = _pooling(channels, height, width, x.dtype)
    return F.conv2d(x, ones, padding=1, groups=channels) * shares


@cache
def _pooling(channels: int, height: int, width: int, dtype: torch.dtype) -> tuple[Tensor, Tensor]:
    """Return a kernel of ones [C, 1, 3, 3], and one over the pixels around each that are inside.

    The latter is [1, C, H, W], channels last: repeated so that multiplying runs along memory.
    """
    with torch.inference_mode(False):  # they are used in training too
        ones = torch.ones(channels, 1, 3, 3, dtype=dtype)
        inside = F.conv2d(torch.ones(1, 1, height, width, dtype=dtype), ones[:1], padding=1)
        shares = (1 / inside).repeat(1, channels, 1, 1)
        return ones, shares.contiguous(memory_format=torch.channels_last)
