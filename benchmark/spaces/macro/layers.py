"""Layers and stages of a network, and its size.

A 3×3 stem convolution; three stages of 2, 3 and 3 layers, each an option of its own; a 1×1
convolution, global average pooling, and a linear layer [arXiv 2103.11922, section 5]. The first
layer of a stage changes resolution and channels: there the identity is a 1×1 convolution and
BatchNorm, and bottlenecks have no residual connection.
"""

from dataclasses import dataclass

from benchmark.spaces.base import Scale
from benchmark.spaces.chain.stages import (
    BottleneckShape,
    LayerShape,
    check_one_each,
    layers_in_stages,
)

STAGES = (2, 3, 3)  # layers of each stage
OPTIONS = ("identity", "k3e3", "k5e6")  # an inverted bottleneck's kernel and expansion
IDENTITY, FIRST_BOTTLENECK = 0, 1

SHAPES = {1: BottleneckShape(3, 3), 2: BottleneckShape(5, 6)}  # of the options but the identity


@dataclass(frozen=True, kw_only=True)
class MacroScale(Scale):
    """Size of a network; the defaults are those of NAS-Bench-Macro on CIFAR-10."""

    stem: int = 32  # channels of the stem
    widths: tuple[int, ...] = (64, 128, 256)  # channels of each stage
    strides: tuple[int, ...] = (2, 2, 2)  # of the first layer of each stage
    head: int = 1280  # channels of the last convolution

    def __post_init__(self) -> None:
        super().__post_init__()
        check_one_each(STAGES, widths=self.widths, strides=self.strides)

    def describe(self) -> str:
        """Return the size in a few words."""
        return f"{self.widths[-1]} channels in the last stage, {super().describe()}"

    @property
    def abbreviation(self) -> str:
        """The size as part of a name."""
        return f"w{self.widths[-1]}{super().abbreviation}"


TABLE_SCALE = MacroScale()


def layer_shapes(scale: MacroScale) -> tuple[LayerShape, ...]:
    """Return the shapes of the eight layers."""
    layers = layers_in_stages(STAGES, scale.widths, scale.strides, scale.stem, scale.resolution)
    return tuple(layers)
