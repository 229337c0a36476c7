"""The supernet: the table's network around a cell that holds every candidate operation.

A 3×3 stem convolution; three stages of N cells with C, 2C and 4C channels; a residual block of
stride 2 between stages; BatchNorm, ReLU, global average pooling, linear [NAS-Bench-201, arXiv
2001.00326, section 2.1]. A *path* gives each edge one operation, the same in all cells: it is one
architecture. A `Mixture` gives each edge a weighted sum of operations, the same in all cells too.
"""

from collections.abc import Iterator

import torch
import torch.nn.functional as F  # noqa: N812 - PyTorch's own abbreviation
from torch import Tensor, nn

from baselines.supernets.base import Supernet
from baselines.supernets.nb201.cell import Cell, ResidualBlock
from baselines.supernets.nb201.compiling import compiled_unit
from baselines.supernets.nb201.prefix_tree import many_logits
from baselines.supernets.parts.layers import ScaleShift, convolution_weight, draw_weights
from baselines.supernets.parts.mixture import Mixture, Path
from baselines.supernets.parts.normalisation import ByGroup, Normalise
from benchmark.spaces.base import Codes
from benchmark.spaces.nb201.complexity import NetworkScale
from benchmark.spaces.registry import open_space


class CellSupernet(Supernet):
    """The whole network with initial weights, drawn as PyTorch does by default, on the CPU.

    Example:
        >>> scale = NetworkScale(channels=4, cells=1, resolution=8, input_channels=1)
        >>> network = CellSupernet(scale, torch.Generator().manual_seed(0))
        >>> network(torch.zeros(2, 1, 8, 8), path=[3, 0, 0, 1, 0, 4]).shape
        torch.Size([2, 10])
    """

    def __init__(self, scale: NetworkScale, generator: torch.Generator) -> None:
        super().__init__(open_space("nb201"))
        self.stem = convolution_weight(scale.input_channels, scale.channels, 3)
        self.stem_norm = ScaleShift(scale.channels)
        self.blocks = nn.ModuleList(_blocks(scale))
        outputs = scale.stages[-1][0]
        self.last_norm = ScaleShift(outputs)
        self.classifier = nn.utils.skip_init(nn.Linear, outputs, scale.classes)
        draw_weights(self, self.classifier, generator)

    def logits(self, images: Tensor, path: Path | Mixture, normalise: Normalise) -> Tensor:
        """Return the logits [B, classes] of a path or mixture for images [B, channels, H, W]."""
        x = self.begin(images, normalise)
        for block in self.blocks:
            x = block(x, path, normalise) if isinstance(block, Cell) else block(x, normalise)
        return self.finish(x, normalise)

    def decision_weights(self, decision: int) -> list[nn.Parameter]:
        """Return the weights that one edge of the cell has in all cells."""
        return [weight for cell in self.cells() for weight in cell.edge(decision).parameters()]

    def common_weights(self) -> list[nn.Parameter]:
        """Return the weights of the residual blocks."""
        return [weight for block in self.residual_blocks() for weight in block.parameters()]

    def many_logits(
        self, codes: Codes, pixels: Tensor, normalise: ByGroup, parts: int, memory: int
    ) -> Iterator[tuple[slice, Tensor]]:
        """Yield the logits of many architectures, what they share computed once."""
        x = self.begin(pixels, normalise)
        return many_logits(x, list(self.blocks), self.finish, codes, normalise, parts, memory)

    def compile_parts(self) -> None:
        """Compile all edges, see `compiled_unit`."""
        unit = compiled_unit(self.stem.device)
        for cell in self.cells():
            for edge in cell.all_edges():
                edge.unit = unit

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


def _blocks(scale: NetworkScale) -> Iterator[nn.Module]:
    """Yield cells and residual blocks from the stem to the last BatchNorm."""
    for stage, (channels, _) in enumerate(scale.stages):
        if stage:
            yield ResidualBlock(channels // 2)
        yield from (Cell(channels) for _ in range(scale.cells))
