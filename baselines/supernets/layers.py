"""Layers that supernets share: weights of convolutions, BatchNorm with scale and shift."""

import math

import torch
from torch import Tensor, nn

from baselines.supernets.normalisation import Normalise


def convolution_weight(inputs: int, outputs: int, kernel: int) -> nn.Parameter:
    """Return the uninitialised weight [outputs, inputs, kernel, kernel] of a convolution.

    It is channels last in memory, as feature maps are, which saves a third of a training step.
    """
    shape = (outputs, inputs, kernel, kernel)
    return nn.Parameter(torch.empty(shape, memory_format=torch.channels_last))


class ScaleShift(nn.Module):
    """A BatchNorm of C channels with scale and shift, as all outside the cells have."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.ones(channels))
        self.bias = nn.Parameter(torch.zeros(channels))

    def forward(self, x: Tensor, normalise: Normalise) -> Tensor:
        """Normalise feature maps [B, C, H, W]."""
        return normalise(x, self.weight, self.bias)


@torch.no_grad()
def draw_weights(network: nn.Module, classifier: nn.Linear, generator: torch.Generator) -> None:
    """Draw all weights of a network as PyTorch does by default, in the order of its parameters."""
    for weight in network.parameters():
        if weight.ndim > 1:
            bound = 1 / math.sqrt(weight[0].numel())
            weight.uniform_(-bound, bound, generator=generator)
    bound = 1 / math.sqrt(classifier.in_features)
    classifier.bias.uniform_(-bound, bound, generator=generator)
