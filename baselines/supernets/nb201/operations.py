"""The five candidate operations of an edge [NAS-Bench-201, arXiv 2001.00326, section 2.1]."""

from collections.abc import Sequence
from functools import cache, cached_property
from typing import Protocol

import torch
import torch.nn.functional as F  # noqa: N812 - PyTorch's own abbreviation
from torch import Tensor, nn

from baselines.supernets.parts.layers import convolution_weight
from baselines.supernets.parts.normalisation import Normalise
from benchmark.spaces.nb201 import OPERATIONS

LEAST_PIXELS, LEAST_SIZE = 16, 1 << 15  # of maps, from which on a CPU pools them by a convolution

NONE, SKIP_CONNECT, NOR_CONV_1X1, NOR_CONV_3X3, AVG_POOL_3X3 = range(len(OPERATIONS))


class CellNode:
    """Feature maps [B, C, H, W] that edges start from, and what several edges compute of them."""

    def __init__(self, maps: Tensor) -> None:
        self.maps = maps

    @cached_property
    def activated(self) -> Tensor:
        """Their ReLU, the first step of all convolutions."""
        return F.relu(self.maps)

    @cached_property
    def averaged(self) -> Tensor:
        """The maps after average pooling."""
        return average_pool(self.maps)


class ConvolutionUnit(Protocol):
    """Applies a convolution and BatchNorm."""

    def __call__(self, x: Tensor, weight: Tensor, padding: int, normalise: Normalise) -> Tensor:
        """Return feature maps [B, C, H, W]."""
        ...


def conv_norm(x: Tensor, weight: Tensor, padding: int, normalise: Normalise) -> Tensor:
    """Apply a convolution of a given weight and padding, then BatchNorm."""
    return normalise(F.conv2d(x, weight, padding=padding))


class Edge(nn.Module):
    """The weights of one edge: a 1×1 and a 3×3 convolution; the other operations have none.

    BatchNorm has no scale and shift here, so that no operation can be weighted against another.
    Input and output have C channels.
    """

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.nor_conv_1x1 = convolution_weight(channels, channels, 1)
        self.nor_conv_3x3 = convolution_weight(channels, channels, 3)
        self.unit: ConvolutionUnit = conv_norm

    def forward(self, node: CellNode, operation: int, normalise: Normalise) -> Tensor:
        """Apply an operation, an index into `OPERATIONS` but not that of ``none``."""
        if operation == SKIP_CONNECT:
            return node.maps
        if operation == AVG_POOL_3X3:
            return node.averaged
        unit = self.unit if torch.is_grad_enabled() else conv_norm  # scoring is not compiled
        return unit(node.activated, *self._convolution(operation), normalise)

    def convolve(self, activated: Tensor, operation: int) -> Tensor:
        """Apply the convolution of an operation to maps after their ReLU, [B, C, H, W]."""
        weight, padding = self._convolution(operation)
        return F.conv2d(activated, weight, padding=padding)

    def _convolution(self, operation: int) -> tuple[nn.Parameter, int]:
        """Return the weight and the padding of an operation that is a convolution."""
        return (self.nor_conv_1x1, 0) if operation == NOR_CONV_1X1 else (self.nor_conv_3x3, 1)


def average_pool(x: Tensor) -> Tensor:
    """Average feature maps [B, C, H, W] over 3×3 pixels, at the border over those inside.

    On a CPU a depthwise convolution with ones, divided by the number of pixels inside, takes a
    third of the time of PyTorch's pooling; it is used unless maps are tiny.
    """
    channels, height, width = x.shape[1:]
    small = height * width < LEAST_PIXELS or x.numel() < LEAST_SIZE
    if small or x.device.type != "cpu":
        return F.avg_pool2d(x, 3, stride=1, padding=1, count_include_pad=False)
    ones, shares = _pooling(channels, height, width, x.dtype)
    return F.conv2d(x, ones, padding=1, groups=channels) * shares


@cache
def _pooling(channels: int, height: int, width: int, dtype: torch.dtype) -> tuple[Tensor, Tensor]:
    """Return a kernel of ones [C, 1, 3, 3], and 1 / (pixels inside) [1, C, H, W], channels last."""
    with torch.inference_mode(False):  # training uses them too
        ones = torch.ones(channels, 1, 3, 3, dtype=dtype)
        inside = F.conv2d(torch.ones(1, 1, height, width, dtype=dtype), ones[:1], padding=1)
        shares = (1 / inside).repeat(1, channels, 1, 1)
        return ones, shares.contiguous(memory_format=torch.channels_last)


def mixed(
    edge: Edge, node: CellNode, operations: Sequence[int], weights: Tensor, normalise: Normalise
) -> Tensor | None:
    """Return the weighted sum of an edge's operations, feature maps [B, C, H, W].

    None is returned where there is only ``none``, which adds nothing.
    """
    total: Tensor | None = None
    for operation, weight in zip(operations, weights.unbind(), strict=True):
        if operation != NONE:
            output = edge(node, operation, normalise)
            total = weight * output if total is None else torch.addcmul(total, weight, output)
    return total
