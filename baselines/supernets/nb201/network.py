"""The supernet: the table's network around a cell that holds every candidate operation.

A 3×3 stem convolution; three stages of N cells with C, 2C and 4C channels; a residual block of
stride 2 between stages; BatchNorm, ReLU, global average pooling, linear [NAS-Bench-201, arXiv
2001.00326, section 2.1]. A *path* gives each edge one operation, the same in all cells: it is one
architecture. A `Mixture` gives each edge a weighted sum of operations, the same in all cells too.
"""

import math
from collections.abc import Iterator, Sequence
from typing import cast

import torch
import torch.nn.functional as F  # noqa: N812 - PyTorch's own abbreviation
from torch import Tensor, nn

from baselines.supernets.nb201.mixture import Mixture, mixed
from baselines.supernets.nb201.normalisation import Normalise, by_batch
from baselines.supernets.nb201.operations import NONE, CellNode, Edge, convolution_weight
from benchmark.spaces.nb201 import EDGES
from benchmark.spaces.nb201.complexity import NetworkScale

Path = Sequence[int]  # six operations, in the order of EDGES


class Cell(nn.Module):
    """Four nodes of C channels and six edges; each node is the sum of its incoming edges."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.edges = nn.ModuleList(Edge(channels) for _ in EDGES)

    def edge(self, index: int) -> Edge:
        """Return one of the six edges."""
        return cast(Edge, self.edges[index])

    def all_edges(self) -> Iterator[Edge]:
        """Yield the six edges."""
        return (self.edge(index) for index in range(len(EDGES)))

    def forward(self, x: Tensor, path: Path | Mixture, normalise: Normalise) -> Tensor:
        """Pass feature maps [B, C, H, W] along a path; a disconnected one gives zeros."""
        sums: list[Tensor | None] = [x, None, None, None]
        nodes: dict[int, CellNode] = {}
        for index, (source, target) in enumerate(EDGES):
            value, present = sums[source], sums[target]
            if value is None:
                continue
            # all edges into the source come before those from it, so its sum is complete
            node = nodes.setdefault(source, CellNode(value))
            output = self._output(index, node, path, normalise)
            if output is not None:
                sums[target] = output if present is None else present + output
        last = sums[-1]
        return torch.zeros_like(x) if last is None else last

    def _output(
        self, index: int, node: CellNode, path: Path | Mixture, normalise: Normalise
    ) -> Tensor | None:
        """Return the output of an edge, None for zeros."""
        edge = self.edge(index)
        if isinstance(path, Mixture):
            return mixed(edge, node, path.operations[index], path.weights[index], normalise)
        return None if path[index] == NONE else edge(node, path[index], normalise)


class ScaleShift(nn.Module):
    """A BatchNorm of C channels with scale and shift, as all outside the cells have."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.ones(channels))
        self.bias = nn.Parameter(torch.zeros(channels))

    def forward(self, x: Tensor, normalise: Normalise) -> Tensor:
        """Normalise feature maps [B, C, H, W]."""
        return normalise(x, self.weight, self.bias)


class ResidualBlock(nn.Module):
    """The block of stride 2 between two stages, from C to 2C channels."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.conv_a = convolution_weight(channels, 2 * channels, 3)
        self.norm_a = ScaleShift(2 * channels)
        self.conv_b = convolution_weight(2 * channels, 2 * channels, 3)
        self.norm_b = ScaleShift(2 * channels)
        self.shortcut = convolution_weight(channels, 2 * channels, 1)

    def forward(self, x: Tensor, normalise: Normalise) -> Tensor:
        """Turn feature maps [B, C, H, W] into [B, 2C, H/2, W/2]."""
        out: Tensor = self.norm_a(F.conv2d(F.relu(x), self.conv_a, stride=2, padding=1), normalise)
        out = self.norm_b(F.conv2d(F.relu(out), self.conv_b, padding=1), normalise)
        return out + F.conv2d(F.avg_pool2d(x, 2), self.shortcut)


class Supernet(nn.Module):
    """The whole network with initial weights, drawn as PyTorch does by default, on the CPU.

    ``autocast`` is the precision of convolutions in training; None for that of the weights, which
    logits always have.

    Example:
        >>> scale = NetworkScale(channels=4, cells=1, resolution=8, input_channels=1)
        >>> network = Supernet(scale, torch.Generator().manual_seed(0))
        >>> network(torch.zeros(2, 1, 8, 8), path=[3, 0, 0, 1, 0, 4]).shape
        torch.Size([2, 10])
    """

    def __init__(self, scale: NetworkScale, generator: torch.Generator) -> None:
        super().__init__()
        self.autocast: torch.dtype | None = None
        self.stem = convolution_weight(scale.input_channels, scale.channels, 3)
        self.stem_norm = ScaleShift(scale.channels)
        self.blocks = nn.ModuleList(_blocks(scale))
        outputs = scale.stages[-1][0]
        self.last_norm = ScaleShift(outputs)
        self.classifier = nn.utils.skip_init(nn.Linear, outputs, scale.classes)
        _draw_weights(self, generator)

    def forward(
        self, images: Tensor, path: Path | Mixture, normalise: Normalise = by_batch
    ) -> Tensor:
        """Return the logits [B, classes] of a path or mixture for images [B, channels, H, W]."""
        lower = self.autocast is not None and torch.is_grad_enabled()
        with torch.autocast(images.device.type, self.autocast, enabled=lower):
            x = self.begin(images, normalise)
            for block in self.blocks:
                x = block(x, path, normalise) if isinstance(block, Cell) else block(x, normalise)
            logits = self.finish(x, normalise)
        return logits.to(self.stem.dtype)

    def begin(self, images: Tensor, normalise: Normalise) -> Tensor:
        """Turn images [B, channels, H, W] into the first cell's input [B, C, H, W]."""
        x: Tensor = self.stem_norm(F.conv2d(images, self.stem, padding=1), normalise)
        return x

    def finish(self, x: Tensor, normalise: Normalise) -> Tensor:
        """Turn the last cell's output [B, 4C, H/4, W/4] into logits [B, classes]."""
        pooled = F.relu(self.last_norm(x, normalise)).mean((2, 3))
        logits: Tensor = self.classifier(pooled)
        return logits

    def cells(self) -> Iterator[Cell]:
        """Yield the cells, from the first to the last."""
        return (block for block in self.blocks if isinstance(block, Cell))

    def residual_blocks(self) -> Iterator[ResidualBlock]:
        """Yield the residual blocks, from the first to the last."""
        return (block for block in self.blocks if isinstance(block, ResidualBlock))

    def edge_weights(self, edge: int) -> list[nn.Parameter]:
        """Return the weights that one edge of the cell has in all cells."""
        return [weight for cell in self.cells() for weight in cell.edge(edge).parameters()]


def _blocks(scale: NetworkScale) -> Iterator[nn.Module]:
    """Yield cells and residual blocks from the stem to the last BatchNorm."""
    for stage, (channels, _) in enumerate(scale.stages):
        if stage:
            yield ResidualBlock(channels // 2)
        yield from (Cell(channels) for _ in range(scale.cells))


@torch.no_grad()
def _draw_weights(network: Supernet, generator: torch.Generator) -> None:
    for weight in network.parameters():
        if weight.ndim > 1:
            bound = 1 / math.sqrt(weight[0].numel())
            weight.uniform_(-bound, bound, generator=generator)
    bound = 1 / math.sqrt(network.classifier.in_features)
    network.classifier.bias.uniform_(-bound, bound, generator=generator)
