"""The size space of NATS-Bench: five layers, each with one of eight widths.

A 3×3 stem convolution; a cell, a residual block of stride 2, a cell, a residual block, and a cell;
BatchNorm, ReLU, global average pooling, linear. The stem is as wide as the first layer, and all
cells have the same topology, the best of NAS-Bench-201 on CIFAR-100 [arXiv 2009.00437, section 3].
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import ArrayLike, NDArray

from benchmark.errors import InputError
from benchmark.spaces.base import Decision, Scale, Space
from benchmark.spaces.chain.costs import Cost, classifier, convolution
from benchmark.spaces.texts.nearest import nearest_choices, not_an_architecture

WIDTHS = (8, 16, 24, 32, 40, 48, 56, 64)
LAYERS = 5
REDUCING = (1, 3)  # layers that are residual blocks of stride 2; the others are cells


@dataclass(frozen=True, kw_only=True)
class SizeScale(Scale):
    """Size of a network; the defaults are those of NATS-Bench on CIFAR-10."""

    widths: tuple[int, ...] = WIDTHS  # channels that the eight options stand for

    def __post_init__(self) -> None:
        super().__post_init__()
        if len(self.widths) != len(WIDTHS) or list(self.widths) != sorted(set(self.widths)):
            raise InputError(f"widths is {self.widths!r}: give eight ascending numbers")
        if self.resolution % 4:
            raise InputError(
                f"resolution is {self.resolution}: it is halved twice, so use a multiple of 4"
            )

    def describe(self) -> str:
        """Return the size in a few words."""
        return f"{self.widths[-1]} channels at most, {super().describe()}"

    @property
    def abbreviation(self) -> str:
        """The size as part of a name."""
        return f"w{self.widths[-1]}{super().abbreviation}"


class SizeSpace(Space):
    """Networks written as five widths, such as ``64:8:16:24:64``."""

    name: ClassVar[str] = "size"
    title: ClassVar[str] = "the size space of NATS-Bench"
    description: ClassVar[str] = "five layers of eight widths each"
    source: ClassVar[str] = "Dong et al., TPAMI 2021, arXiv 2009.00437"
    scale_class: ClassVar[type[Scale]] = SizeScale
    table_scale = SizeScale()
    decisions = tuple(
        Decision(f"layer{layer + 1}", tuple(map(str, WIDTHS))) for layer in range(LAYERS)
    )

    def format(self, code: int) -> str:
        """Return five widths with colons between them."""
        return ":".join(str(WIDTHS[option]) for option in self.decode(code).tolist())

    def parse(self, text: str) -> int:
        """Return the code of five widths with colons between them."""
        parts = text.split(":")
        known = [str(width) for width in WIDTHS]
        if len(parts) != LAYERS or not set(parts) <= set(known):
            endings = [[f"{width}:" for width in WIDTHS]] * (LAYERS - 1) + [known]
            places = nearest_choices(re.sub(r"[^0-9]+", ":", text), endings)
            nearest = ":".join(known[place] for place in places)
            raise not_an_architecture(text, nearest)
        return int(self.encode([known.index(part) for part in parts]))

    def parameters(self, codes: ArrayLike, scale: Scale) -> NDArray[np.int64]:
        """Return the number of trainable parameters [...]."""
        return self._total(codes, scale, "parameters")

    def multiply_adds(self, codes: ArrayLike, scale: Scale) -> NDArray[np.int64]:
        """Return the multiply-adds [...] of one image."""
        return self._total(codes, scale, "multiply_adds")

    def _total(self, codes: ArrayLike, scale: Scale, what: str) -> NDArray[np.int64]:
        assert isinstance(scale, SizeScale)
        choices, widths = self.decode(codes), scale.widths
        first = [_stem(width, scale) + _cell(width, width, scale.resolution) for width in widths]
        last = [Cost(2 * width) + classifier(width, scale.classes) for width in widths]
        total = _of(first, what)[choices[..., 0]] + _of(last, what)[choices[..., -1]]
        side = scale.resolution
        for layer in range(1, LAYERS):
            side = -(-side // 2) if layer in REDUCING else side
            cost = _block if layer in REDUCING else _cell
            pairs = np.stack([_of([cost(i, o, side) for o in widths], what) for i in widths])
            total = total + pairs[choices[..., layer - 1], choices[..., layer]]
        return np.asarray(total)


def _of(costs: Sequence[Cost], what: str) -> NDArray[np.int64]:
    return np.array([getattr(cost, what) for cost in costs], np.int64)


def _stem(width: int, scale: SizeScale) -> Cost:
    return convolution(3, scale.input_channels, width, scale.resolution)


def _cell(inputs: int, outputs: int, side: int) -> Cost:
    """Five 3×3 convolutions, two of them of the input, and a skip that may change the width."""
    skip = Cost() if inputs == outputs else convolution(1, inputs, outputs, side)
    of_input, inside = convolution(3, inputs, outputs, side), convolution(3, outputs, outputs, side)
    return of_input + of_input + inside + inside + inside + skip


def _block(inputs: int, outputs: int, side: int) -> Cost:
    """Two 3×3 convolutions, and a 1×1 one without BatchNorm of the pooled input."""
    main = convolution(3, inputs, outputs, side) + convolution(3, outputs, outputs, side)
    return main + Cost(inputs * outputs, inputs * outputs * side**2)
