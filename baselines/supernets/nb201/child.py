"""The stand-alone network of one architecture [NAS-Bench-201, arXiv 2001.00326, section 2.1].

Unlike in the supernet, BatchNorm of the candidate operations has weight and bias.
"""

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from baselines.supernets.chain.child import ChainNetwork
from baselines.supernets.parts.child import Convolution, conv_norm, norm
from benchmark.spaces.nb201 import EDGES, OPERATIONS, decode
from benchmark.spaces.nb201.complexity import STAGES, NetworkScale


class ChildCell(nn.Module):
    """A cell of four nodes; each is the sum of its incoming edges.

    ``running`` says whether BatchNorm keeps running statistics.
    """

    def __init__(self, operations: Sequence[int], channels: int, running: bool) -> None:
        super().__init__()
        layers = [_operation(OPERATIONS[operation], channels, running) for operation in operations]
        self.edges = nn.ModuleDict(
            {str(edge): layer for edge, layer in enumerate(layers) if layer is not None}
        )

    def forward(self, x: Tensor) -> Tensor:
        """Pass feature maps [B, C, H, W]; a disconnected cell returns zeros."""
        nodes: list[Tensor | None] = [x, None, None, None]
        for edge, (source, target) in enumerate(EDGES):
            value, present = nodes[source], nodes[target]
            if value is None or str(edge) not in self.edges:
                continue
            added = self.edges[str(edge)](value)
            nodes[target] = added if present is None else present + added
        output = nodes[-1]
        return torch.zeros_like(x) if output is None else output


class ChildResidualBlock(nn.Module):
    """The block of stride 2 between two stages, from C to 2C channels, its shortcut pooled."""

    def __init__(self, channels: int, running: bool) -> None:
        super().__init__()
        self.main = nn.Sequential(
            *_relu_conv_norm(channels, 2 * channels, 3, running, stride=2),
            *_relu_conv_norm(2 * channels, 2 * channels, 3, running),
        )
        self.shortcut = nn.Sequential(
            nn.AvgPool2d(2), Convolution(channels, 2 * channels, 1, bias=False)
        )

    def forward(self, x: Tensor) -> Tensor:
        """Pass feature maps [B, C, H, W]; the output is [B, 2C, H/2, W/2]."""
        out: Tensor = self.main(x) + self.shortcut(x)
        return out


class CellNetwork(ChainNetwork):
    """One architecture of NAS-Bench-201."""

    def __init__(
        self, code: int, scale: NetworkScale, generator: torch.Generator, *, running: bool = False
    ) -> None:
        operations = decode(code).tolist()
        blocks: list[nn.Module] = []
        for stage in range(STAGES):
            channels, _ = scale.stages[stage]
            if stage:
                blocks.append(ChildResidualBlock(channels // 2, running))
            blocks.extend(ChildCell(operations, channels, running) for _ in range(scale.cells))
        super().__init__(
            stem=nn.Sequential(*conv_norm(scale.input_channels, scale.channels, 3, running)),
            blocks=blocks,
            head=nn.Sequential(norm(channels, running), nn.ReLU()),
            classifier=(channels, scale.classes),
            generator=generator,
        )


def _operation(name: str, channels: int, running: bool) -> nn.Module | None:
    """Return the layers of a candidate operation, None for ``none``."""
    match name:
        case "none":
            return None
        case "skip_connect":
            return nn.Identity()
        case "avg_pool_3x3":
            return nn.AvgPool2d(3, stride=1, padding=1, count_include_pad=False)
        case "nor_conv_1x1":
            return nn.Sequential(*_relu_conv_norm(channels, channels, 1, running))
        case _:
            return nn.Sequential(*_relu_conv_norm(channels, channels, 3, running))


def _relu_conv_norm(
    inputs: int, outputs: int, kernel: int, running: bool, stride: int = 1
) -> list[nn.Module]:
    return [nn.ReLU(), *conv_norm(inputs, outputs, kernel, running, stride=stride)]
