"""The stand-alone networks of Accel-NASBench [arXiv 2404.08005].

The published files do not tell the activation; here it is ReLU. Excitation is as in EfficientNet
[arXiv 1905.11946]: 1×1 convolutions with bias to a quarter of the block's input channels and back,
which the published numbers of parameters confirm.
"""

import torch
from torch import Tensor, nn

from baselines.supernets.chain.bottlenecks import child_bottleneck
from baselines.supernets.chain.child import ChainNetwork
from baselines.supernets.parts.child import Convolution, conv_norm
from benchmark.spaces.accel.layers import AccelLayer, AccelScale, chosen_layers
from benchmark.spaces.registry import open_space


class Excitation(nn.Module):
    """Scales channels by what their means say [SENet, arXiv 1709.01507].

    The biases of its convolutions begin as zeros.
    """

    def __init__(self, channels: int, squeezed: int) -> None:
        super().__init__()
        self.squeeze = Convolution(channels, squeezed, 1)
        self.activation = nn.ReLU()
        self.excite = Convolution(squeezed, channels, 1)
        self.gate = nn.Sigmoid()

    def forward(self, x: Tensor) -> Tensor:
        """Scale the channels of feature maps [B, C, H, W]."""
        means = x.mean((2, 3), keepdim=True)
        scales: Tensor = self.gate(self.excite(self.activation(self.squeeze(means))))
        return x * scales


def accel_network(
    code: int, scale: AccelScale, generator: torch.Generator, *, running: bool
) -> ChainNetwork:
    """Return one architecture with initial weights, on the CPU."""
    choices = open_space("accel").decode(code).tolist()
    stem = conv_norm(scale.input_channels, scale.stem, 3, running, stride=scale.stem_stride)
    last = conv_norm(scale.widths[-1], scale.head, 1, running)
    return ChainNetwork(
        stem=nn.Sequential(*stem, nn.ReLU()),
        blocks=[_block(one, running) for one in chosen_layers(choices, scale)],
        head=nn.Sequential(*last, nn.ReLU()),
        classifier=(scale.head, scale.classes),
        generator=generator,
    )


def _block(one: AccelLayer, running: bool) -> nn.Module:
    """Return one block of a network."""
    hidden = one.layer.inputs * one.shape.expansion
    excitation = Excitation(hidden, one.squeezed) if one.squeezed else None
    return child_bottleneck(one.layer, one.shape, running, nn.ReLU, excitation)
