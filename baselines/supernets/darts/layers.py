"""The layers of the evaluation network's operations, as standard PyTorch modules.

BatchNorm has weight and bias everywhere; it does not follow pooling [DARTS, arXiv 1806.09055].
"""

import torch
from torch import Tensor, nn

from baselines.supernets.parts.child import Convolution, norm


class Halving(nn.Module):
    """Halves height and width by two 1×1 convolutions, one of them shifted by a pixel."""

    def __init__(self, inputs: int, outputs: int, running: bool) -> None:
        super().__init__()
        self.activation = nn.ReLU()
        self.even = Convolution(inputs, outputs // 2, 1, bias=False)
        self.odd = Convolution(inputs, outputs // 2, 1, bias=False)
        self.norm = norm(outputs, running)

    def forward(self, x: Tensor) -> Tensor:
        """Turn feature maps [B, inputs, H, W] into [B, outputs, H/2, W/2]."""
        activated = self.activation(x)
        halves = [self.even(activated[:, :, ::2, ::2]), self.odd(activated[:, :, 1::2, 1::2])]
        out: Tensor = self.norm(torch.cat(halves, 1))
        return out


class EverySecond(nn.Module):
    """Picks every second pixel in both directions."""

    def forward(self, x: Tensor) -> Tensor:
        """Turn feature maps [B, C, H, W] into [B, C, H/2, W/2]."""
        return x[:, :, ::2, ::2]


def operation_layers(name: str, channels: int, stride: int, running: bool) -> nn.Module:
    """Return the layers of an operation from C to C channels.

    ``running`` says whether BatchNorm keeps running statistics.
    """
    match name:
        case "max_pool_3x3":
            return nn.MaxPool2d(3, stride, padding=1)
        case "avg_pool_3x3":
            return nn.AvgPool2d(3, stride, padding=1, count_include_pad=False)
        case "skip_connect":
            return nn.Identity() if stride == 1 else Halving(channels, channels, running)
    kernel = int(name[-1])
    if name.startswith("dil_conv"):
        return nn.Sequential(*_spread(channels, kernel, stride, 2, running))
    return nn.Sequential(
        *_spread(channels, kernel, stride, 1, running), *_spread(channels, kernel, 1, 1, running)
    )


def point_conv(inputs: int, outputs: int, running: bool) -> nn.Module:
    """Return ReLU, a 1×1 convolution and BatchNorm."""
    convolution = Convolution(inputs, outputs, 1, bias=False)
    return nn.Sequential(nn.ReLU(), convolution, norm(outputs, running))


def _spread(
    channels: int, kernel: int, stride: int, dilation: int, running: bool
) -> list[nn.Module]:
    """Return ReLU, a depthwise and a 1×1 convolution, and BatchNorm."""
    first: list[nn.Module] = [nn.ReLU()]
    if stride == dilation == 2:  # it sees just the picked pixels, and is much faster so
        stride = dilation = 1
        first.append(EverySecond())
    depthwise = Convolution(
        channels,
        channels,
        kernel,
        stride,
        padding=dilation * (kernel // 2),
        dilation=dilation,
        groups=channels,
        bias=False,
    )
    pointwise = Convolution(channels, channels, 1, bias=False)
    return [*first, depthwise, pointwise, norm(channels, running)]
