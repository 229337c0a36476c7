"""One searchable layer of the supernet, with all its options."""

from collections.abc import Sequence
from typing import cast

import torch
from torch import Tensor, nn

from baselines.supernets.layers import ConvNorm, InvertedBottleneck
from baselines.supernets.normalisation import Normalise
from benchmark.spaces.macro.layers import IDENTITY, SHAPES, LayerShape


class MacroLayer(nn.Module):
    """The identity and two inverted bottlenecks, each with weights of its own.

    In a stage's first layer the identity is a 1×1 convolution, see `LayerShape`. Every BatchNorm
    has scale and shift, which belong to its option, as in single-path supernets
    [arXiv 1904.00420].
    """

    def __init__(self, shape: LayerShape) -> None:
        super().__init__()
        self.is_residual = shape.is_residual
        self.shortcut = (
            None if shape.place else ConvNorm(shape.inputs, shape.outputs, 1, shape.stride)
        )
        self.bottlenecks = nn.ModuleDict(
            {
                str(option): InvertedBottleneck(
                    shape.inputs,
                    shape.outputs,
                    kernel=bottleneck.kernel,
                    expansion=bottleneck.expansion,
                    stride=shape.stride,
                )
                for option, bottleneck in SHAPES.items()
            }
        )

    def bottleneck(self, option: int) -> InvertedBottleneck:
        """Return the bottleneck of an option that is not the identity."""
        return cast(InvertedBottleneck, self.bottlenecks[str(option)])

    def forward(self, x: Tensor, option: int, normalise: Normalise) -> Tensor:
        """Apply an option to feature maps [B, C, H, W]."""
        if option == IDENTITY:
            return x if self.shortcut is None else self.shortcut(x, normalise)
        found: Tensor = self.bottleneck(option)(x, normalise)
        return x + found if self.is_residual else found

    def mixed(
        self, x: Tensor, options: Sequence[int], weights: Tensor, normalise: Normalise
    ) -> Tensor:
        """Return the sum of options of feature maps [B, C, H, W], weighted by [n]."""
        outputs = [self(x, option, normalise) for option in options]
        total: Tensor = outputs[0] * weights[0]
        for output, weight in zip(outputs[1:], weights[1:].unbind(), strict=True):
            total = torch.addcmul(total, weight, output)
        return total
