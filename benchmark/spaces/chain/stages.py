"""Chains of layers in stages, whose first layers change resolution and channels."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate

import numpy as np

from benchmark.errors import InputError
from benchmark.spaces.base import Choices
from benchmark.spaces.chain.costs import Cost, halved, inverted_bottleneck


@dataclass(frozen=True)
class BottleneckShape:
    """The kernel of an inverted bottleneck's depthwise convolution, and its expansion."""

    kernel: int
    expansion: int  # hidden channels for each channel of the input


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
        """Whether a bottleneck adds its input to its output, which has the same shape.

        First layers do not, also where a network is so narrow that their shape does not change.
        """
        return self.place > 0

    def bottleneck(self, shape: BottleneckShape, *, squeezed: int = 0) -> Cost:
        """Return the cost of an inverted bottleneck in this layer, see `inverted_bottleneck`."""
        return inverted_bottleneck(
            self.inputs,
            self.outputs,
            self.before,
            kernel=shape.kernel,
            expansion=shape.expansion,
            stride=self.stride,
            squeezed=squeezed,
        )


def layers_in_stages(
    counts: Sequence[int], widths: Sequence[int], strides: Sequence[int], inputs: int, before: int
) -> Iterator[LayerShape]:
    """Yield the layers of stages with so many layers, output channels, and first strides.

    The first layer's input has ``inputs`` channels and is ``before`` pixels high and wide.
    """
    for stage, (count, width) in enumerate(zip(counts, widths, strict=True)):
        for place in range(count):
            stride = 1 if place else strides[stage]
            after = halved(before, stride)
            yield LayerShape(stage, place, inputs, width, stride, before, after)
            inputs, before = width, after


def check_one_each(stages: Sequence[int], **numbers: Sequence[int]) -> None:
    """Raise an error unless settings, given by name, have one number for each stage."""
    for name, given in numbers.items():
        if len(given) != len(stages):
            raise InputError(
                f"{name} is {given!r}: give one number for each of {len(stages)} stages"
            )


def moved_last(choices: Choices, counts: Sequence[int], option: int) -> Choices:
    """Return choices [..., D] where an option, but in first layers, is last in its stage.

    Example:
        >>> moved_last(np.array([0, 0, 2, 1, 0]), (3, 2), 0).tolist()
        [0, 2, 0, 1, 0]
    """
    moved = choices.copy()
    start = 0
    for count in counts:
        later = choices[..., start + 1 : start + count]
        order = np.argsort(later == option, axis=-1, kind="stable")
        moved[..., start + 1 : start + count] = np.take_along_axis(later, order, axis=-1)
        start += count
    return moved


def kept_in_place(
    choices: Choices, counts: Sequence[int], option: int, decisions: Sequence[int], instead: int
) -> Choices:
    """Return choices [D] after `moved_last` where any other option of some layers stays there.

    A layer of their stage before one of them that has the option, and whose place it would take,
    becomes like the layer before, or has ``instead`` where that has the option too.

    Example:
        >>> kept_in_place(np.array([0, 0, 2, 1, 0]), (3, 2), 0, [2, 4], instead=1).tolist()
        [0, 2, 0, 1, 0]
        >>> kept_in_place(np.array([2, 0, 0, 1, 0]), (3, 2), 0, [2], instead=1).tolist()
        [2, 2, 0, 1, 0]
    """
    kept = moved_last(choices, counts, option)
    starts = [0, *accumulate(counts)]
    for decision in decisions:
        start = max(start for start in starts if start <= decision)
        for place in range(start + 1, decision):
            if kept[place] == option:
                before = kept[place - 1]
                kept[place] = instead if before == option else before
    return kept
