"""Layers and stages of a network, and its size.

A 3×3 stem convolution and a fixed inverted bottleneck of expansion 1; six stages of 4, 4, 4, 4, 4
and 1 layers, each an option of its own; a 1×1 convolution, global average pooling, and a linear
layer [ProxylessNAS, arXiv 1812.00332, section 4.2]. The first layer of a stage changes the channels
and cannot be skipped.
"""

from dataclasses import dataclass

from benchmark.spaces.base import Scale
from benchmark.spaces.chain.costs import halved
from benchmark.spaces.chain.stages import (
    BottleneckShape,
    LayerShape,
    check_one_each,
    layers_in_stages,
)

STAGES = (4, 4, 4, 4, 4, 1)  # layers of each stage
SHAPES = tuple(BottleneckShape(kernel, expansion) for kernel in (3, 5, 7) for expansion in (3, 6))
OPTIONS = tuple(f"k{shape.kernel}e{shape.expansion}" for shape in SHAPES)
ZERO = len(SHAPES)  # the option of later layers that skips the layer
FIRST = BottleneckShape(kernel=3, expansion=1)  # of the fixed block


@dataclass(frozen=True, kw_only=True)
class MobileNetScale(Scale):
    """Size of a network; the defaults are those of ProxylessNAS's search on ImageNet.

    All channels are ``width_percent`` of what is given, rounded as in MobileNetV2, see `rounded`.
    """

    stem: int = 32  # channels of the stem
    first: int = 16  # channels of the fixed block
    widths: tuple[int, ...] = (24, 40, 80, 96, 192, 320)  # channels of each stage
    head: int = 1280  # channels of the last convolution
    width_percent: int = 100
    width_multiple: int = 8  # channels are a multiple of it
    stem_stride: int = 2
    strides: tuple[int, ...] = (2, 2, 2, 1, 2, 1)  # of the first layer of each stage

    def __post_init__(self) -> None:
        super().__post_init__()
        check_one_each(STAGES, widths=self.widths, strides=self.strides)

    def channels(self, given: int) -> int:
        """Return how many channels this network has where the full width has ``given``."""
        return rounded(given, self.width_percent, self.width_multiple)

    def describe(self) -> str:
        """Return the size in a few words."""
        return f"{self.channels(self.head)} last channels, {super().describe()}"

    @property
    def abbreviation(self) -> str:
        """The size as part of a name."""
        return f"w{self.width_percent}{super().abbreviation}"


TABLE_SCALE = MobileNetScale(resolution=224, classes=1000)


def rounded(channels: int, percent: int, multiple: int) -> int:
    """Return a share of channels as the nearest multiple, but not below 90 % of the share.

    Example:
        >>> rounded(32, percent=140, multiple=8)
        48
        >>> rounded(32, percent=35, multiple=8)  # 11.2, of which 8 are too few
        16
    """
    hundredths = channels * percent
    nearest = max(multiple, (hundredths + 50 * multiple) // (100 * multiple) * multiple)
    return nearest if 1000 * nearest >= 9 * hundredths else nearest + multiple


def first_shape(scale: MobileNetScale) -> LayerShape:
    """Return the shape of the fixed block, which follows the stem."""
    before = halved(scale.resolution, scale.stem_stride)
    stem, first = scale.channels(scale.stem), scale.channels(scale.first)
    return LayerShape(0, 0, stem, first, 1, before, before)


def layer_shapes(scale: MobileNetScale) -> tuple[LayerShape, ...]:
    """Return the shapes of the 21 layers."""
    first = first_shape(scale)
    widths = [scale.channels(width) for width in scale.widths]
    return tuple(layers_in_stages(STAGES, widths, scale.strides, first.outputs, first.after))
