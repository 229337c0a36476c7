"""Parameters and multiply-adds of the evaluation network, without its auxiliary head.

Counted as `benchmark.spaces.chain.costs` says; ``none`` and pooling cost nothing [DARTS, arXiv
1806.09055, section 3.1.1 and the published program].
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import ArrayLike, NDArray

from benchmark.errors import InputError
from benchmark.spaces.base import Scale
from benchmark.spaces.chain.costs import Cost, classifier, convolution
from benchmark.spaces.darts.codes import INPUTS, KINDS, NODES, OPERATIONS

STEM = 3  # channels of the stem over those of the first cell
NONE = len(OPERATIONS)  # an operation of published lists that no genotype of this space has


@dataclass(frozen=True)
class DartsScale(Scale):
    """Size of the network of cells; the defaults are the evaluation network on CIFAR-10."""

    channels: int = 36  # channels C of a node of the first cell; doubled at each reduction
    cells: int = 20  # cells in all, two of them reduction cells

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.resolution % 4:
            raise InputError(
                f"resolution is {self.resolution}: it is halved twice, so use a multiple of 4"
            )
        if self.channels % 2:
            raise InputError(
                f"channels is {self.channels}: half of them come from each of two convolutions "
                "where maps are halved, so use an even number"
            )
        if self.cells < 3:
            raise InputError(
                f"cells is {self.cells}: use 3 or more, two of them are reduction cells"
            )

    def describe(self) -> str:
        """Return the size in a few words."""
        return f"C={self.channels}, {self.cells} cells, {self.resolution}×{self.resolution}"

    @property
    def abbreviation(self) -> str:
        """The size as part of a name."""
        return f"c{self.channels}n{self.cells}r{self.resolution}"

    @property
    def reductions(self) -> tuple[int, int]:
        """The positions of the reduction cells, at one and two thirds of the depth."""
        return self.cells // 3, 2 * self.cells // 3

    def places(self) -> Iterator["CellPlace"]:
        """Yield where each cell stands, from the first to the last."""
        before = last = STEM * self.channels
        channels, resolution, halved = self.channels, self.resolution, False
        for number in range(self.cells):
            reduces = number in self.reductions
            if reduces:
                channels, resolution = 2 * channels, resolution // 2
            yield CellPlace(before, last, channels, resolution, reduces, halved)
            before, last, halved = last, len(NODES) * channels, reduces

    @property
    def outputs(self) -> int:
        """Channels of the last cell's output."""
        return len(NODES) * self.channels * 4


@dataclass(frozen=True)
class CellPlace:
    """Where a cell stands in the network: what it reads, and what its nodes have."""

    before: int  # channels of the output of the cell before the last
    last: int  # channels of the last cell's output
    channels: int  # of a node
    resolution: int  # of a node, in pixels
    reduces: bool  # whether it is a reduction cell
    halved: bool  # whether the last cell was one, so that the first input is halved here

    @property
    def kind(self) -> int:
        """Position in `KINDS`."""
        return int(self.reduces)

    def stride(self, source: int) -> int:
        """Return the stride of an edge from a node of the cell."""
        return 2 if self.reduces and source < INPUTS else 1


TABLE_SCALE = DartsScale()


def parameters_of_cells(
    sources: ArrayLike, operations: ArrayLike, scale: DartsScale
) -> NDArray[np.int64]:
    """Return trainable parameters [...] of inputs and operations [..., 2, 4, 2] of kept edges.

    An operation may also be `NONE`.
    """
    return _total(sources, operations, _costs(scale)[0])


def multiply_adds_of_cells(
    sources: ArrayLike, operations: ArrayLike, scale: DartsScale
) -> NDArray[np.int64]:
    """Return the multiply-adds [...] of a forward pass of one image; arguments as above."""
    return _total(sources, operations, _costs(scale)[1])


Costs = tuple[NDArray[np.int64], int]
"""Costs of operations by cell kind and whether an input is read, [2, 2, 8]; cost of the rest."""


def _total(sources: ArrayLike, operations: ArrayLike, costs: Costs) -> NDArray[np.int64]:
    of_edges, rest = costs
    kinds = np.arange(len(KINDS))[:, None, None]
    reads_input = (np.asarray(sources) < INPUTS).astype(np.int64)
    edges = of_edges[kinds, reads_input, np.asarray(operations)]
    return np.asarray(edges.sum(axis=(-3, -2, -1)) + rest)


@cache
def _costs(scale: DartsScale) -> tuple[Costs, Costs]:
    """Return the costs in parameters and in multiply-adds."""
    edges = np.zeros((2, len(KINDS), 2, len(OPERATIONS) + 1), np.int64)
    rest = convolution(3, scale.input_channels, STEM * scale.channels, scale.resolution)
    rest += classifier(scale.outputs, scale.classes)
    for place in scale.places():
        width, pixels = place.channels, place.resolution
        unreduced = 2 * pixels if place.reduces else pixels  # where both inputs are preprocessed
        rest += convolution(1, place.before, width, unreduced)
        rest += convolution(1, place.last, width, unreduced)
        for reads_input in range(2):
            halves = place.reduces and bool(reads_input)
            for number, name in enumerate(OPERATIONS):
                cost = _operation(name, width, pixels, halves)
                edges[:, place.kind, reads_input, number] += cost.parameters, cost.multiply_adds
    return (edges[0], rest.parameters), (edges[1], rest.multiply_adds)


def _operation(name: str, width: int, pixels: int, halves: bool) -> Cost:
    """Return the cost of an operation whose output has so many channels and pixels a side."""
    kind, _, size = name.rpartition("_")
    if kind in ("sep_conv", "dil_conv"):
        filters = int(size[0]) ** 2 * width  # of a depthwise convolution without BatchNorm
        once = convolution(1, width, width, pixels) + Cost(filters, filters * pixels**2)
        return once + once if kind == "sep_conv" else once
    if kind == "skip" and halves:
        return convolution(1, width, width, pixels)  # two of them, each for half of the outputs
    return Cost()
