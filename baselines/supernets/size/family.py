"""The networks of the size space of NATS-Bench."""

from collections.abc import Iterator
from typing import ClassVar

import torch
from torch import Tensor, nn

from baselines.supernets.base import Family, Supernet
from baselines.supernets.parts.child import ChildNetwork
from baselines.supernets.parts.mixture import Path
from baselines.supernets.size.child import SizeCell, SizeNetwork
from baselines.supernets.size.supernet import SizeSupernet, SlicedBlock, SlicedCell
from benchmark.spaces.base import Scale
from benchmark.spaces.size.space import SizeScale


class SizeFamily(Family):
    """The supernet of widths, and each choice of them on its own."""

    space: ClassVar[str] = "size"

    def supernet(self, scale: Scale, generator: torch.Generator) -> Supernet:
        """Return a supernet with freshly drawn weights."""
        assert isinstance(scale, SizeScale)
        return SizeSupernet(scale, generator)

    def child(
        self, code: int, scale: Scale, generator: torch.Generator, *, running: bool = False
    ) -> ChildNetwork:
        """Return one architecture with freshly drawn weights."""
        assert isinstance(scale, SizeScale)
        return SizeNetwork(code, scale, generator, running=running)

    @torch.no_grad()
    def inherit(self, supernet: Supernet, child: ChildNetwork, path: Path) -> None:
        """Copy the slices of weights that a path uses."""
        assert isinstance(supernet, SizeSupernet)
        assert isinstance(child, SizeNetwork)
        theirs = list(_parameters(supernet, child))
        for own, given in zip(child.parameters(), theirs, strict=True):
            own.copy_(given[tuple(slice(length) for length in own.shape)])


def _parameters(supernet: SizeSupernet, child: SizeNetwork) -> Iterator[Tensor]:
    """Yield the supernet's weights in the order of the child's."""
    yield from supernet.stem.parameters()
    for layer, own in zip(supernet.layers, child.blocks, strict=True):
        if isinstance(own, SizeCell):
            assert isinstance(layer, SlicedCell)
            yield from layer.convolutions.parameters()
            yield from () if isinstance(own.skip, nn.Identity) else layer.skip.parameters()
        else:
            assert isinstance(layer, SlicedBlock)
            yield from (*layer.first.parameters(), *layer.second.parameters(), layer.shortcut)
    yield from supernet.last_norm.parameters()
    yield from supernet.classifier.parameters()
