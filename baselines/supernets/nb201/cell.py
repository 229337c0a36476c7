"""What the supernet is made of: cells, and the residual blocks between stages."""

from collections.abc import Iterator
from typing import cast

import torch
import torch.nn.functional as F  # noqa: N812 - PyTorch's own abbreviation
from torch import Tensor, nn

from baselines.supernets.nb201.operations import NONE, CellNode, Edge, mixed
from baselines.supernets.parts.layers import ScaleShift, convolution_weight
from baselines.supernets.parts.mixture import Mixture, Path
from baselines.supernets.parts.normalisation import Normalise
from benchmark.spaces.nb201 import EDGES


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
            return mixed(edge, node, path.options[index], path.weights[index], normalise)
        return None if path[index] == NONE else edge(node, path[index], normalise)


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
