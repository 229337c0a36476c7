"""Layers and stages of a network, and its size.

A 3×3 stem convolution; three stages of 2, 3 and 3 layers, each an option of its own; a 1×1
convolution, global average pooling, and a linear layer [arXiv 2103.11922, section 5]. The first
layer of a stage changes resolution and channels.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from benchmark.errors import InputError
from benchmark.spaces.base import Scale
from benchmark.spaces.costs import halved

STAGES = (2, 3, 3)  # layers of each stage
OPTIONS = ("identity", "k3e3", "k5e6")  # an inverted bottleneck's kernel and expansion
IDENTITY = 0


@dataclass(frozen=True)
class BottleneckShape:
    """The kernel of an inverted bottleneck's depthwise convolution, and its expansion."""

    kernel: int
    expansion: int  # hidden channels for each channel of the input


SHAPES = {1: BottleneckShape(3, 3), 2: BottleneckShape(5, 6)}  # of the options but the identity


@dataclass(frozen=True, kw_only=True)
class MacroScale(Scale):
    """Size of a network; the defaults are those of NAS-Bench-Macro on CIFAR-10."""

    stem: int = 32  # channels of the stem
    widths: tuple[int, int, int] = (64, 128, 256)  # channels of each stage
    strides: tuple[int, int, int] = (2, 2, 2)  # of the first layer of each stage
    head: int = 1280  # channels of the last convolution

    def __post_init__(self) -> None:
        super().__post_init__()
        for name, numbers in (("widths", self.widths), ("strides", self.strides)):
            if len(numbers) != len(STAGES):
                raise InputError(f"{name} is {numbers!r}: give one number for each of three stages")


TABLE_SCALE = MacroScale()


@dataclass(frozen=True)
class LayerShape:
    """What a layer turns feature maps into."""

    stage: int  # from 0
    place: int  # in its stage, from 0
    inputs: int  # channels
    outputs: int  # channels
    stride: int
    before: int  # height and width of its input in pixels
    after: int  # those of its output

    @property
    def name(self) -> str:
        """The name of its decision, numbered from 1."""
        return f"stage{self.stage + 1}.{self.place + 1}"

    @property
    def is_residual(self) -> bool:
        """Whether a bottleneck adds its input to its output."""
        return self.stride == 1 and self.inputs == self.outputs


def layer_shapes(scale: MacroScale) -> tuple[LayerShape, ...]:
    """Return the shapes of the eight layers."""
    return tuple(_layer_shapes(scale))


def _layer_shapes(scale: MacroScale) -> Iterator[LayerShape]:
    channels, side = scale.stem, scale.resolution
    for stage, count in enumerate(STAGES):
        for place in range(count):
            stride = 1 if place else scale.strides[stage]
            after = halved(side, stride)
            yield LayerShape(stage, place, channels, scale.widths[stage], stride, side, after)
            channels, side = scale.widths[stage], after
