"""The networks of NAS-Bench-201."""

from typing import ClassVar

import torch
from torch import nn

from baselines.supernets.base import Family, Supernet
from baselines.supernets.nb201.cell import Cell, ResidualBlock
from baselines.supernets.nb201.child import CellNetwork, ChildCell, ChildResidualBlock
from baselines.supernets.nb201.network import CellSupernet
from baselines.supernets.nb201.operations import NOR_CONV_1X1, NOR_CONV_3X3
from baselines.supernets.parts.child import ChildNetwork
from baselines.supernets.parts.mixture import Path
from benchmark.spaces.base import Scale
from benchmark.spaces.nb201.complexity import NetworkScale


class CellFamily(Family):
    """The supernet of cells, and each cell's own network."""

    space: ClassVar[str] = "nb201"

    def supernet(self, scale: Scale, generator: torch.Generator) -> Supernet:
        """Return a supernet with freshly drawn weights."""
        assert isinstance(scale, NetworkScale)
        return CellSupernet(scale, generator)

    def child(
        self, code: int, scale: Scale, generator: torch.Generator, *, running: bool = False
    ) -> ChildNetwork:
        """Return one architecture with freshly drawn weights."""
        assert isinstance(scale, NetworkScale)
        return CellNetwork(code, scale, generator, running=running)

    @torch.no_grad()
    def inherit(self, supernet: Supernet, child: ChildNetwork, path: Path) -> None:
        """Copy weights; BatchNorm of the candidate operations, which the supernet lacks, stays."""
        assert isinstance(supernet, CellSupernet)
        assert isinstance(child, CellNetwork)
        pairs: list[Pair] = [
            (_weight(child.stem, 0), supernet.stem),
            (_weight(child.stem, 1), supernet.stem_norm.weight),
            (_bias(child.stem, 1), supernet.stem_norm.bias),
            (_weight(child.head, 0), supernet.last_norm.weight),
            (_bias(child.head, 0), supernet.last_norm.bias),
            (child.classifier.weight, supernet.classifier.weight),
            (child.classifier.bias, supernet.classifier.bias),
        ]
        for mine, theirs in zip(child.blocks, supernet.blocks, strict=True):
            if isinstance(theirs, Cell):
                assert isinstance(mine, ChildCell)
                pairs.extend(_cell_pairs(mine, theirs, path))
            else:
                assert isinstance(mine, ChildResidualBlock)
                assert isinstance(theirs, ResidualBlock)
                pairs.extend(_block_pairs(mine, theirs))
        for own, given in pairs:
            own.copy_(given)


Pair = tuple[torch.Tensor, torch.Tensor]


def _cell_pairs(child: ChildCell, cell: Cell, path: Path) -> list[Pair]:
    pairs: list[Pair] = []
    for edge, operation in enumerate(path):
        if operation in (NOR_CONV_1X1, NOR_CONV_3X3):
            weights = cell.edge(edge)
            weight = weights.nor_conv_1x1 if operation == NOR_CONV_1X1 else weights.nor_conv_3x3
            pairs.append((_weight(child.edges[str(edge)], 1), weight))
    return pairs


def _block_pairs(child: ChildResidualBlock, block: ResidualBlock) -> list[Pair]:
    main, shortcut = child.main, child.shortcut
    return [
        (_weight(main, 1), block.conv_a),
        (_weight(main, 2), block.norm_a.weight),
        (_bias(main, 2), block.norm_a.bias),
        (_weight(main, 4), block.conv_b),
        (_weight(main, 5), block.norm_b.weight),
        (_bias(main, 5), block.norm_b.bias),
        (_weight(shortcut, 1), block.shortcut),
    ]


def _weight(layers: nn.Module, place: int) -> torch.Tensor:
    assert isinstance(layers, nn.Sequential)
    return layers[place].get_parameter("weight")


def _bias(layers: nn.Module, place: int) -> torch.Tensor:
    assert isinstance(layers, nn.Sequential)
    return layers[place].get_parameter("bias")
