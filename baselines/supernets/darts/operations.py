"""The candidate operations of an edge in a supernet [DARTS, arXiv 1806.09055, section 3.1.1].

BatchNorm has no scale and shift here, so that no operation can be weighted against another. All
convolutions come after a ReLU, which a node computes once for all its edges.
"""

from collections.abc import Sequence

import torch
import torch.nn.functional as F  # noqa: N812 - PyTorch's own abbreviation
from torch import Tensor, nn

from baselines.supernets.parts.layers import convolution_weight
from baselines.supernets.parts.normalisation import Normalise
from benchmark.spaces.darts.codes import OPERATIONS

MAX_POOL, AVG_POOL, SKIP_CONNECT, SEP_CONV_3, SEP_CONV_5, DIL_CONV_3, DIL_CONV_5 = range(
    len(OPERATIONS)
)
POOLS = (MAX_POOL, AVG_POOL)


class PointConv(nn.Module):
    """A 1×1 convolution after a ReLU, and BatchNorm: what a cell does with an input."""

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__()
        self.weight = convolution_weight(inputs, outputs, 1)

    def forward(self, activated: Tensor, normalise: Normalise) -> Tensor:
        """Turn activated maps [B, inputs, H, W] into [B, outputs, H, W]."""
        return normalise(F.conv2d(activated, self.weight))


class HalvingConv(nn.Module):
    """Halves height and width by two 1×1 convolutions, one of them shifted by a pixel.

    They see different pixels; each makes half of the channels.
    """

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__()
        self.even = convolution_weight(inputs, outputs // 2, 1)
        self.odd = convolution_weight(inputs, outputs // 2, 1)

    def forward(self, activated: Tensor, normalise: Normalise) -> Tensor:
        """Turn activated maps [B, inputs, H, W] into [B, outputs, H/2, W/2]."""
        even = F.conv2d(activated[:, :, ::2, ::2], self.even)
        odd = F.conv2d(activated[:, :, 1::2, 1::2], self.odd)
        return normalise(torch.cat([even, odd], 1))


class SpreadConv(nn.Module):
    """A depthwise convolution, a 1×1 convolution and BatchNorm."""

    def __init__(self, channels: int, kernel: int, *, stride: int = 1, dilation: int = 1) -> None:
        super().__init__()
        self.depthwise = convolution_weight(1, channels, kernel)
        self.pointwise = convolution_weight(channels, channels, 1)
        # with a stride of its dilation it sees just every second pixel, which is several times
        # faster to pick first
        self.picked = dilation if stride == dilation else 1
        self.stride, self.dilation = stride // self.picked, dilation // self.picked
        self.padding = self.dilation * (kernel // 2)

    def forward(self, activated: Tensor, normalise: Normalise) -> Tensor:
        """Filter activated maps [B, C, H, W]."""
        if self.picked > 1:
            activated = activated[:, :, :: self.picked, :: self.picked]
        filtered = F.conv2d(
            activated,
            self.depthwise,
            stride=self.stride,
            padding=self.padding,
            dilation=self.dilation,
            groups=len(self.depthwise),
        )
        return normalise(F.conv2d(filtered, self.pointwise))


class SeparableConv(nn.Module):
    """Two depthwise separable convolutions; only the first has the edge's stride."""

    def __init__(self, channels: int, kernel: int, stride: int) -> None:
        super().__init__()
        self.first = SpreadConv(channels, kernel, stride=stride)
        self.second = SpreadConv(channels, kernel)

    def forward(self, activated: Tensor, normalise: Normalise) -> Tensor:
        """Filter activated maps [B, C, H, W]."""
        out: Tensor = self.second(F.relu(self.first(activated, normalise)), normalise)
        return out


class NodeMaps:
    """Feature maps [B, C, H, W] of a node, and what several of its edges compute of them.

    All edges from a node of a cell have the same stride.
    """

    def __init__(self, maps: Tensor, stride: int, normalise: Normalise) -> None:
        self.maps = maps
        self.normalise = normalise
        self._stride = stride
        self._activated: Tensor | None = None
        self._pooled: dict[int, Tensor] = {}
        self._normalised: dict[int, Tensor] = {}

    @property
    def activated(self) -> Tensor:
        """Their ReLU."""
        if self._activated is None:
            self._activated = F.relu(self.maps)
        return self._activated

    def pooled(self, operation: int) -> Tensor:
        """Return the maps after 3×3 pooling."""
        if operation not in self._pooled:
            self._pooled[operation] = pool(self.maps, operation, self._stride)
        return self._pooled[operation]

    def normalised(self, operation: int) -> Tensor:
        """Return the same after BatchNorm."""
        if operation not in self._normalised:
            self._normalised[operation] = self.normalise(self.pooled(operation))
        return self._normalised[operation]


def pool(maps: Tensor, operation: int, stride: int) -> Tensor:
    """Pool feature maps [B, C, H, W] over 3×3 pixels, at the border over those inside."""
    if operation == MAX_POOL:
        return F.max_pool2d(maps, 3, stride=stride, padding=1)
    return F.avg_pool2d(maps, 3, stride=stride, padding=1, count_include_pad=False)


class CandidateEdge(nn.Module):
    """The weights of all operations of one edge of a cell with C channels."""

    def __init__(self, channels: int, stride: int) -> None:
        super().__init__()
        self.sep_conv_3x3 = SeparableConv(channels, 3, stride)
        self.sep_conv_5x5 = SeparableConv(channels, 5, stride)
        self.dil_conv_3x3 = SpreadConv(channels, 3, stride=stride, dilation=2)
        self.dil_conv_5x5 = SpreadConv(channels, 5, stride=stride, dilation=2)
        if stride > 1:  # elsewhere a skip connection has no weights
            self.skip_connect = HalvingConv(channels, channels)

    def layers(self, operation: int) -> nn.Module | None:
        """Return the layers of an operation, None if it has no weights."""
        return self._modules.get(OPERATIONS[operation])

    def forward(self, node: NodeMaps, operation: int) -> Tensor:
        """Apply an operation as a path does: BatchNorm does not follow pooling."""
        if operation in POOLS:
            return node.pooled(operation)
        layers = self.layers(operation)
        if layers is None:
            return node.maps
        out: Tensor = layers(node.activated, node.normalise)
        return out

    def mixed(self, node: NodeMaps, operations: Sequence[int], weights: Tensor) -> Tensor:
        """Return the weighted sum of operations; here BatchNorm follows pooling."""
        total: Tensor | None = None
        for operation, weight in zip(operations, weights.unbind(), strict=True):
            pools = operation in POOLS
            maps = node.normalised(operation) if pools else self(node, operation)
            total = weight * maps if total is None else torch.addcmul(total, weight, maps)
        assert total is not None  # an edge has an operation
        return total
