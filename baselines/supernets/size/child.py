"""The stand-alone network of one choice of widths [NATS-Bench, arXiv 2009.00437, section 3]."""

import torch
import torch.nn.functional as F  # noqa: N812 - PyTorch's own abbreviation
from torch import Tensor, nn

from baselines.supernets.chain.child import ChainNetwork
from baselines.supernets.parts.child import Convolution, conv_norm, norm
from benchmark.spaces.registry import open_space
from benchmark.spaces.size.space import REDUCING, SizeScale


class SizeCell(nn.Module):
    """The cell from one width to another; its skip is a 1×1 convolution if the width changes."""

    def __init__(self, inputs: int, outputs: int, running: bool) -> None:
        super().__init__()
        widths = (inputs, inputs, outputs, outputs, outputs)
        self.convolutions = nn.ModuleList(
            nn.Sequential(nn.ReLU(), *conv_norm(width, outputs, 3, running)) for width in widths
        )
        same = inputs == outputs
        self.skip = (
            nn.Identity() if same else nn.Sequential(*conv_norm(inputs, outputs, 1, running))
        )

    def forward(self, x: Tensor) -> Tensor:
        """Pass feature maps [B, C, H, W]."""
        one = self.convolutions[0](x)
        two = self.convolutions[1](x) + self.convolutions[2](one)
        found: Tensor = self.skip(x) + self.convolutions[3](one) + self.convolutions[4](two)
        return found


class SizeBlock(nn.Module):
    """The residual block of stride 2 from one width to another."""

    def __init__(self, inputs: int, outputs: int, running: bool) -> None:
        super().__init__()
        self.main = nn.Sequential(
            nn.ReLU(),
            *conv_norm(inputs, outputs, 3, running, stride=2),
            nn.ReLU(),
            *conv_norm(outputs, outputs, 3, running),
        )
        self.shortcut = Convolution(inputs, outputs, 1, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        """Pass feature maps [B, C, H, W]; the output is [B, C', H/2, W/2]."""
        found: Tensor = self.main(x) + self.shortcut(F.avg_pool2d(x, 2))
        return found


class SizeNetwork(ChainNetwork):
    """One choice of widths."""

    def __init__(
        self, code: int, scale: SizeScale, generator: torch.Generator, *, running: bool = False
    ) -> None:
        widths = [scale.widths[option] for option in open_space("size").decode(code).tolist()]
        pairs = zip([widths[0], *widths[:-1]], widths, strict=True)
        super().__init__(
            stem=nn.Sequential(*conv_norm(scale.input_channels, widths[0], 3, running)),
            blocks=[
                (SizeBlock if layer in REDUCING else SizeCell)(inputs, outputs, running)
                for layer, (inputs, outputs) in enumerate(pairs)
            ],
            head=nn.Sequential(norm(widths[-1], running), nn.ReLU()),
            classifier=(widths[-1], scale.classes),
            generator=generator,
        )
