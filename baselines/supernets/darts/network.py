"""The supernet of DARTS's space: the search network, with the weights of every operation.

A 3×3 stem convolution, cells of which two reduce, global average pooling, linear [DARTS, arXiv
1806.09055, section 3.1]. All normal cells have the same architecture, and all reduction cells. A
*path* keeps two edges of each node with one operation each, as in the evaluation network. A
`Mixture` sums all edges, each a weighted sum of its operations, so it ignores the decisions on
inputs; there BatchNorm follows pooling, as in the published search network. Its eighth operation,
``none``, is left out: it adds nothing, and no genotype keeps it.
"""

from collections.abc import Iterator

import torch
import torch.nn.functional as F  # noqa: N812 - PyTorch's own abbreviation
from torch import Tensor, nn

from baselines.supernets.base import Supernet
from baselines.supernets.darts.cell import SearchCell
from baselines.supernets.darts.many import LEAST_CHUNK, chunk_logits, chunk_size, chunks
from baselines.supernets.parts.layers import ScaleShift, convolution_weight, draw_weights
from baselines.supernets.parts.mixture import Mixture, Path
from baselines.supernets.parts.normalisation import ByGroup, Normalise
from benchmark.spaces.base import Codes
from benchmark.spaces.darts.codes import FIRST_PAIR, N_EDGES
from benchmark.spaces.darts.complexity import STEM, DartsScale
from benchmark.spaces.registry import open_space


class GenotypeSupernet(Supernet):
    """The whole network with initial weights, drawn as PyTorch does by default, on the CPU.

    Example:
        >>> scale = DartsScale(channels=2, cells=3, resolution=8)
        >>> network = GenotypeSupernet(scale, torch.Generator().manual_seed(0))
        >>> network(torch.zeros(2, 3, 8, 8), path=[3] * 28 + [0, 5, 9, 2, 1, 0]).shape
        torch.Size([2, 10])
    """

    def __init__(self, scale: DartsScale, generator: torch.Generator) -> None:
        super().__init__(open_space("darts"))
        self.stem = convolution_weight(scale.input_channels, STEM * scale.channels, 3)
        self.stem_norm = ScaleShift(STEM * scale.channels)
        self.blocks = nn.ModuleList(SearchCell(place) for place in scale.places())
        self.classifier = nn.utils.skip_init(nn.Linear, scale.outputs, scale.classes)
        draw_weights(self, self.classifier, generator)

    def logits(self, images: Tensor, path: Path | Mixture, normalise: Normalise) -> Tensor:
        """Return the logits [B, classes] of a path or mixture for images [B, channels, H, W]."""
        last = self.begin(images, normalise)
        before = last
        for cell in self.cells():
            before, last = last, cell(before, last, path, normalise)
        logits: Tensor = self.classifier(last.mean((2, 3)))
        return logits

    def decision_weights(self, decision: int) -> list[nn.Parameter]:
        """Return the weights of an edge in all cells of its kind, none for inputs of a node."""
        if decision >= FIRST_PAIR:
            return []
        kind, edge = divmod(decision, N_EDGES)
        return [
            weight
            for cell in self.cells()
            if cell.place.kind == kind
            for weight in cell.edge(edge).parameters()
        ]

    def common_weights(self) -> list[nn.Parameter]:
        """Return the weights that preprocess the inputs of all cells."""
        return [weight for cell in self.cells() for weight in cell.preprocess.parameters()]

    def many_logits(
        self, codes: Codes, pixels: Tensor, normalise: ByGroup, parts: int, memory: int
    ) -> Iterator[tuple[slice, Tensor]]:
        """Yield the logits of many genotypes, as many at once as fit the memory."""
        maps = self.begin(pixels, normalise)
        size = chunk_size(maps, maps.shape[1] // STEM, parts, memory)
        if size < LEAST_CHUNK:
            yield from super().many_logits(codes, pixels, normalise, parts, memory)
            return
        for places, paths in chunks(self.space.decode(codes), size):
            found = chunk_logits(maps, list(self.cells()), self.classifier, paths, normalise)
            yield places, found

    def begin(self, images: Tensor, normalise: Normalise) -> Tensor:
        """Turn images [B, channels, H, W] into the first cells' input [B, 3C, H, W]."""
        maps: Tensor = self.stem_norm(F.conv2d(images, self.stem, padding=1), normalise)
        return maps

    def cells(self) -> Iterator[SearchCell]:
        """Yield the cells, from the first to the last."""
        return (cell for cell in self.blocks if isinstance(cell, SearchCell))
