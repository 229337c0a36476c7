"""Layers that supernets share: weights of convolutions, BatchNorm with scale and shift."""

import math
from collections.abc import Callable

import torch
import torch.nn.functional as F  # noqa: N812 - PyTorch's own abbreviation
from torch import Tensor, nn

from baselines.supernets.parts.normalisation import Normalise


def convolution_weight(inputs: int, outputs: int, kernel: int) -> nn.Parameter:
    """Return the uninitialised weight [outputs, inputs, kernel, kernel] of a convolution.

    It is channels last in memory, as feature maps are, which saves a third of a training step.
    """
    shape = (outputs, inputs, kernel, kernel)
    return nn.Parameter(torch.empty(shape, memory_format=torch.channels_last))


Activation = Callable[[Tensor], Tensor]


class ScaleShift(nn.Module):
    """A BatchNorm of C channels with scale and shift."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.ones(channels))
        self.bias = nn.Parameter(torch.zeros(channels))

    def forward(self, x: Tensor, normalise: Normalise) -> Tensor:
        """Normalise feature maps [B, C, H, W]."""
        return normalise(x, self.weight, self.bias)


class ConvNorm(nn.Module):
    """A convolution that keeps the resolution or divides it by its stride, and BatchNorm.

    A depthwise one filters each of its channels alone. An activation may follow.
    """

    def __init__(
        self,
        inputs: int,
        outputs: int,
        kernel: int,
        stride: int = 1,
        *,
        depthwise: bool = False,
        activation: Activation | None = None,
    ) -> None:
        super().__init__()
        self.weight = convolution_weight(1 if depthwise else inputs, outputs, kernel)
        self.norm = ScaleShift(outputs)
        self.stride, self.groups = stride, inputs if depthwise else 1
        self.activation = activation

    def forward(self, x: Tensor, normalise: Normalise) -> Tensor:
        """Turn feature maps [B, C, H, W] into [B, outputs, H/stride, W/stride], rounded up."""
        padding = self.weight.shape[-1] // 2
        x = F.conv2d(x, self.weight, None, self.stride, padding, groups=self.groups)
        x = self.norm(x, normalise)
        return x if self.activation is None else self.activation(x)


class InTurn(nn.Module):
    """Layers of a supernet one after the other."""

    def __init__(self, *layers: nn.Module) -> None:
        super().__init__()
        self.layers = nn.ModuleList(layers)

    def forward(self, x: Tensor, normalise: Normalise) -> Tensor:
        """Pass feature maps [B, C, H, W] through all."""
        for layer in self.layers:
            x = layer(x, normalise)
        return x


class InvertedBottleneck(InTurn):
    """An inverted bottleneck [MobileNetV2, arXiv 1801.04381, section 3.3].

    A 1×1 convolution to ``expansion`` times as many channels, which is left out for 1, a depthwise
    convolution, and a 1×1 convolution without activation. Adding its input is up to the caller.
    """

    def __init__(
        self,
        inputs: int,
        outputs: int,
        *,
        kernel: int,
        expansion: int,
        stride: int = 1,
        activation: Activation = F.relu,
    ) -> None:
        hidden = inputs * expansion
        expand = [ConvNorm(inputs, hidden, 1, activation=activation)] if expansion != 1 else []
        super().__init__(
            *expand,
            ConvNorm(hidden, hidden, kernel, stride=stride, depthwise=True, activation=activation),
            ConvNorm(hidden, outputs, 1),
        )


@torch.no_grad()
def draw_weights(network: nn.Module, classifier: nn.Linear, generator: torch.Generator) -> None:
    """Draw all weights of a network as PyTorch does by default, in the order of its parameters."""
    for weight in network.parameters():
        if weight.ndim > 1:
            bound = 1 / math.sqrt(weight[0].numel())
            weight.uniform_(-bound, bound, generator=generator)
    bound = 1 / math.sqrt(classifier.in_features)
    classifier.bias.uniform_(-bound, bound, generator=generator)
