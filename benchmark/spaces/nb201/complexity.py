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
from benchmark.spaces.nb201.codes import OPERATIONS, decode

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


TABLE_NETWORK = NetworkScale()


@dataclass(frozen=True)
class _Convolution:
    """A convolution without bias, followed by BatchNorm."""

    kernel: int
    inputs: int
    outputs: int
    resolution: int
    affine: bool = True

    @property
    def parameters(self) -> int:
        weights = self.kernel**2 * self.inputs * self.outputs
        return weights + 2 * self.outputs * self.affine

    @property
    def flops(self) -> int:
        return self.kernel**2 * self.inputs * self.outputs * self.resolution**2


def parameters(codes: ArrayLike, scale: NetworkScale, *, affine: bool = True) -> NDArray[np.int64]:
    """Return the number of trainable parameters [...] of architectures [...].

    ``affine`` says whether the BatchNorm of the candidate operations has weight and bias; in a
    supernet it has none.

    Example:
        >>> from benchmark.spaces.nb201 import from_string
        >>> code = from_string("|nor_conv_3x3~0|+|nor_conv_3x3~0|avg_pool_3x3~1|"
        ...                    "+|none~0|nor_conv_3x3~1|avg_pool_3x3~2|")
        >>> int(parameters(code, TABLE_NETWORK))
        802426
    """
    operations = [sum(layer.parameters for layer in layers) for layers in _cells(scale, affine)]
    last = scale.stages[-1][0]
    fixed = sum(layer.parameters for layer in _skeleton(scale))
    return _total(codes, operations, fixed + 2 * last + (last + 1) * scale.classes)


def flops(codes: ArrayLike, scale: NetworkScale) -> NDArray[np.int64]:
    """Return the multiply-adds [...] of a forward pass of one image through architectures [...].

    The official table has them in millions.
    """
    operations = [sum(layer.flops for layer in layers) for layers in _cells(scale, affine=True)]
    fixed = sum(layer.flops for layer in _skeleton(scale))
    return _total(codes, operations, fixed + (scale.stages[-1][0] + 1) * scale.classes)


def _total(codes: ArrayLike, operations: list[int], fixed: int) -> NDArray[np.int64]:
    """Add the cost of the six operations to that of the rest."""
    return np.asarray(np.array(operations, np.int64)[decode(codes)].sum(axis=-1) + fixed)


def _cells(scale: NetworkScale, affine: bool) -> Iterator[list[_Convolution]]:
    """Yield for each operation its convolutions on one edge of all cells."""
    for name in OPERATIONS:
        kernel = _KERNELS.get(name)
        yield scale.cells * [
            _Convolution(kernel, width, width, resolution, affine)
            for width, resolution in scale.stages
            if kernel is not None
        ]


def _skeleton(scale: NetworkScale) -> Iterator[_Convolution]:
    """Yield the convolutions that every architecture has: stem and residual blocks."""
    yield _Convolution(3, scale.input_channels, scale.channels, scale.resolution)
    for (before, _), (after, resolution) in zip(scale.stages, scale.stages[1:], strict=False):
        yield _Convolution(3, before, after, resolution)
        yield _Convolution(3, after, after, resolution)
        yield _Convolution(1, before, after, resolution, affine=False)
