"""Decisions, stages and layers of a network, and its size.

A 3×3 stem convolution; seven stages of inverted bottlenecks; a 1×1 convolution, global average
pooling, and a linear layer. A stage decides for all of its layers the expansion, the kernel and
whether channels are squeezed and excited, and how many layers it has. This is EfficientNet-B0
[arXiv 1905.11946, table 1] with these choices set free [Accel-NASBench, arXiv 2404.08005].
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

from benchmark.spaces.base import Decision, Scale
from benchmark.spaces.chain.costs import halved
from benchmark.spaces.chain.stages import (
    BottleneckShape,
    LayerShape,
    check_one_each,
    layers_in_stages,
)

KINDS = ("e", "k", "l", "se")  # of the decisions of a stage, in this order
DEPTHS = (3, 3, 3, 3, 3, 4, 3)  # the most layers of each stage
STAGES = range(len(DEPTHS))
EXPANSIONS, KERNELS = (1, 4, 6), (3, 5)
SQUEEZES = 4  # channels of a layer's input for each that its hidden ones are squeezed to

NUMBERS = tuple(
    numbers
    for depth in DEPTHS
    for numbers in (EXPANSIONS, KERNELS, tuple(range(1, depth + 1)), (0, 1))
)
"""The numbers that stand for the options of each decision in the benchmark's file."""

DECISIONS = tuple(
    Decision(
        f"stage{place // len(KINDS) + 1}.{KINDS[place % len(KINDS)]}", tuple(map(str, numbers))
    )
    for place, numbers in enumerate(NUMBERS)
)


@dataclass(frozen=True, kw_only=True)
class AccelScale(Scale):
    """Size of a network; the defaults are those of Accel-NASBench on ImageNet."""

    stem: int = 32  # channels of the stem
    widths: tuple[int, ...] = (16, 24, 40, 80, 112, 192, 320)  # channels of each stage
    head: int = 1280  # channels of the last convolution
    stem_stride: int = 2
    strides: tuple[int, ...] = (1, 2, 2, 2, 1, 2, 1)  # of the first layer of each stage

    def __post_init__(self) -> None:
        super().__post_init__()
        check_one_each(DEPTHS, widths=self.widths, strides=self.strides)

    def describe(self) -> str:
        """Return the size in a few words."""
        return f"{self.widths[-1]} channels in the last stage, {super().describe()}"

    @property
    def abbreviation(self) -> str:
        """The size as part of a name."""
        return f"w{self.widths[-1]}{super().abbreviation}"


TABLE_SCALE = AccelScale(resolution=224, classes=1000)


@dataclass(frozen=True)
class AccelLayer:
    """A layer of an architecture: where it stands, and which bottleneck it is."""

    layer: LayerShape
    shape: BottleneckShape
    squeezed: int  # channels that the hidden ones are squeezed to, 0 without excitation


@lru_cache(maxsize=8)
def layer_shapes(scale: AccelScale) -> tuple[LayerShape, ...]:
    """Return the shapes of the layers of a network whose stages have as many as they can."""
    before = halved(scale.resolution, scale.stem_stride)
    return tuple(layers_in_stages(DEPTHS, scale.widths, scale.strides, scale.stem, before))


def stage_layers(stage: int, choices: Sequence[int], scale: AccelScale) -> Iterator[AccelLayer]:
    """Yield the layers of one stage, given its choices [4]."""
    numbers = NUMBERS[stage * len(KINDS) :][: len(KINDS)]
    expansion, kernel, depth, excited = (
        options[choice] for options, choice in zip(numbers, choices, strict=True)
    )
    for layer in layer_shapes(scale):
        if layer.stage == stage and layer.place < depth:
            squeezed = max(1, layer.inputs // SQUEEZES) if excited else 0
            yield AccelLayer(layer, BottleneckShape(kernel, expansion), squeezed)


def chosen_layers(choices: Sequence[int], scale: AccelScale) -> Iterator[AccelLayer]:
    """Yield all layers of an architecture, given its choices [28]."""
    for stage in STAGES:
        yield from stage_layers(stage, choices[stage * len(KINDS) :][: len(KINDS)], scale)
