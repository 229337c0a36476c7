"""The networks of DARTS's space."""

from collections.abc import Iterator
from typing import Any, ClassVar

import torch
from torch import Tensor, nn

from baselines.supernets.base import Family, Supernet
from baselines.supernets.darts.cell import FIRST_EDGE, SearchCell, kept_inputs
from baselines.supernets.darts.child import GenotypeCell, GenotypeNetwork
from baselines.supernets.darts.network import GenotypeSupernet
from baselines.supernets.parts.child import ChildNetwork, Convolution
from baselines.supernets.parts.mixture import Path
from benchmark.spaces.base import Scale
from benchmark.spaces.darts.codes import N_EDGES, NODES
from benchmark.spaces.darts.complexity import DartsScale


class GenotypeFamily(Family):
    """The search network, and the evaluation network of each genotype."""

    space: ClassVar[str] = "darts"

    def supernet(self, scale: Scale, generator: torch.Generator) -> Supernet:
        """Return a supernet with freshly drawn weights."""
        assert isinstance(scale, DartsScale)
        return GenotypeSupernet(scale, generator)

    def child(
        self, code: int, scale: Scale, generator: torch.Generator, *, running: bool = False
    ) -> ChildNetwork:
        """Return one genotype with freshly drawn weights."""
        assert isinstance(scale, DartsScale)
        return GenotypeNetwork(code, scale, generator, running=running)

    @torch.no_grad()
    def inherit(self, supernet: Supernet, child: ChildNetwork, path: Path) -> None:
        """Copy weights; BatchNorm within cells, which has none in the supernet, stays."""
        assert isinstance(supernet, GenotypeSupernet)
        assert isinstance(child, GenotypeNetwork)
        pairs: list[tuple[Any, Tensor]] = [
            (child.stem[0].weight, supernet.stem),
            (child.stem[1].weight, supernet.stem_norm.weight),
            (child.stem[1].bias, supernet.stem_norm.bias),
            (child.classifier.weight, supernet.classifier.weight),
            (child.classifier.bias, supernet.classifier.bias),
        ]
        for mine, theirs in zip(child.blocks, supernet.cells(), strict=True):
            assert isinstance(mine, GenotypeCell)
            own = [*mine.preprocess, *mine.edges]
            given = [*theirs.preprocess, *kept_layers(theirs, path)]
            for layers, candidate in zip(own, given, strict=True):
                pairs.extend(_pairs(layers, candidate))
        for weight, value in pairs:
            weight.copy_(value)


def kept_layers(cell: SearchCell, path: Path) -> Iterator[nn.Module | None]:
    """Yield the layers of the eight kept edges, None for an operation without weights."""
    kind = cell.place.kind
    for node in NODES:
        for source in kept_inputs(path, kind, node):
            edge = FIRST_EDGE[node] + source
            yield cell.edge(edge).layers(path[kind * N_EDGES + edge])


def _pairs(own: nn.Module, given: nn.Module | None) -> list[tuple[Tensor, Tensor]]:
    """Pair the weights of convolutions, which both hold in the same order."""
    weights = [layer.weight for layer in own.modules() if isinstance(layer, Convolution)]
    return list(zip(weights, [] if given is None else given.parameters(), strict=True))
