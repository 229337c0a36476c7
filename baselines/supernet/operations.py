"""The five candidate operations of an edge [NAS-Bench-201, arXiv 2001.00326, section 2.1]."""

from __future__ import annotations

import torch
import torch.nn.functional as F  # noqa: N812 - PyTorch's own abbreviation
from torch import Tensor, nn

from baselines.supernet.normalisation import Normalise
from benchmark.space import OPERATIONS

NONE, SKIP_CONNECT, NOR_CONV_1X1, NOR_CONV_3X3, AVG_POOL_3X3 = range(len(OPERATIONS))


def convolution_weight(inputs: int, outputs: int, kernel: int) -> nn.Parameter:
    """Return the weight [outputs, inputs, kernel, kernel] of a convolution, not drawn yet.

    It lies channels last in memory, as feature maps do, which saves a third of a training step.
    """
    shape = (outputs, inputs, kernel, kernel)
    return nn.Parameter(torch.empty(shape, memory_format=torch.channels_last))


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

    def forward(self, x: Tensor, operation: int, normalise: Normalise) -> Tensor:
        """Apply one operation but ``none``, which brings nothing and so is never applied.

        Args:
            x: Feature maps [B, C, H, W] of the edge's source.
            operation: Index into `OPERATIONS`, not that of ``none``.
            normalise: The BatchNorm that follows a convolution.

        Returns:
            Feature maps [B, C, H, W].
        """
        if operation == SKIP_CONNECT:
            return x
        if operation == AVG_POOL_3X3:
            return F.avg_pool2d(x, 3, stride=1, padding=1, count_include_pad=False)
        if operation == NOR_CONV_1X1:
            return normalise(F.conv2d(F.relu(x), self.nor_conv_1x1))
        return normalise(F.conv2d(F.relu(x), self.nor_conv_3x3, padding=1))
