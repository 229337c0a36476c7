"""Parameters and multiply-adds of an architecture, counted as NAS-Bench-201 does.

Dead edges count too, as in the official table. Multiply-adds are those of convolutions and of the
linear layer with its bias; BatchNorm, ReLU and pooling count as zero.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from benchmark.errors import InputError
from benchmark.spaces.base import Scale
from benchmark.spaces.chain.costs import Cost, total_costs
from benchmark.spaces.nb201.codes import EDGES, OPERATIONS, decode

STAGES = 3
_KERNELS = {"nor_conv_1x1": 1, "nor_conv_3x3": 3}


@dataclass(frozen=True)
class NetworkScale(Scale):
    """Size of the network around the cell; the defaults are those of NAS-Bench-201 on CIFAR-10."""

    channels: int = 16  # channels C of the first stage; the others have 2C and 4C
    cells: int = 5  # cells N in each of the three stages

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.resolution % 4:
            raise InputError(
                f"resolution is {self.resolution}: it is halved twice, so use a multiple of 4"
            )

    def describe(self) -> str:
        """Return the size in a few words."""
        return f"C={self.channels}, N={self.cells}, {self.resolution}×{self.resolution}"

    @property
    def abbreviation(self) -> str:
        """The size as part of a name."""
        return f"c{self.channels}n{self.cells}r{self.resolution}"

    @property
    def stages(self) -> tuple[tuple[int, int], ...]:
        """Channels and resolution of each stage."""
        return tuple((self.channels << n, self.resolution >> n) for n in range(STAGES))


TABLE_SCALE = NetworkScale()


def parameters(codes: ArrayLike, scale: NetworkScale, *, affine: bool = True) -> NDArray[np.int64]:
    """Return the number of trainable parameters [...] of architectures [...].

    ``affine`` says whether the BatchNorm of the candidate operations has weight and bias; in a
    supernet it has none.

    Example:
        >>> from benchmark.spaces.nb201 import from_string
        >>> code = from_string("|nor_conv_3x3~0|+|nor_conv_3x3~0|avg_pool_3x3~1|"
        ...                    "+|none~0|nor_conv_3x3~1|avg_pool_3x3~2|")
        >>> int(parameters(code, TABLE_SCALE))
        802426
    """
    cells = [cost.parameters for cost in _cells(scale, affine)]
    last = scale.stages[-1][0]
    fixed = _skeleton(scale).parameters + 2 * last + (last + 1) * scale.classes
    return _total(codes, cells, fixed)


def multiply_adds(codes: ArrayLike, scale: NetworkScale) -> NDArray[np.int64]:
    """Return the multiply-adds [...] of a forward pass of one image through architectures [...].

    The official table has them in millions.
    """
    cells = [cost.multiply_adds for cost in _cells(scale, affine=True)]
    fixed = _skeleton(scale).multiply_adds + (scale.stages[-1][0] + 1) * scale.classes
    return _total(codes, cells, fixed)


def _total(codes: ArrayLike, operations: list[int], fixed: int) -> NDArray[np.int64]:
    """Add the cost of the six operations to that of the rest."""
    return total_costs(decode(codes), [operations] * len(EDGES), fixed)


def _cells(scale: NetworkScale, affine: bool) -> Iterator[Cost]:
    """Yield for each operation the cost of having it on one edge of all cells."""
    for name in OPERATIONS:
        cost = Cost()
        for width, resolution in scale.stages:
            for _ in range(scale.cells if name in _KERNELS else 0):
                cost += _convolution(_KERNELS[name], width, width, resolution, affine)
        yield cost


def _skeleton(scale: NetworkScale) -> Cost:
    """Return the cost of the convolutions that every architecture has: stem, residual blocks."""
    cost = _convolution(3, scale.input_channels, scale.channels, scale.resolution)
    for (before, _), (after, resolution) in zip(scale.stages, scale.stages[1:], strict=False):
        cost += _convolution(3, before, after, resolution)
        cost += _convolution(3, after, after, resolution)
        cost += _convolution(1, before, after, resolution, affine=False)
    return cost


def _convolution(
    kernel: int, inputs: int, outputs: int, resolution: int, affine: bool = True
) -> Cost:
    """Return the cost of a convolution without bias, and of BatchNorm after it if ``affine``."""
    weights = kernel**2 * inputs * outputs
    return Cost(weights + 2 * outputs * affine, weights * resolution**2)
