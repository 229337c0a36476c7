"""NAS-Bench-Macro as a search space: eight layers, each with one of three options."""

import re
from collections.abc import Sequence
from typing import ClassVar

import numpy as np
from numpy.typing import ArrayLike, NDArray

from benchmark.spaces.base import Choices, Codes, Decision, Scale, Space
from benchmark.spaces.chain.stages import kept_in_place, moved_last
from benchmark.spaces.macro import complexity
from benchmark.spaces.macro.layers import (
    FIRST_BOTTLENECK,
    IDENTITY,
    OPTIONS,
    STAGES,
    TABLE_SCALE,
    MacroScale,
    layer_shapes,
)
from benchmark.spaces.subspaces.subspace import Subspace
from benchmark.spaces.texts.nearest import nearest_choices, not_an_architecture


class NasBenchMacro(Space):
    """The networks of NAS-Bench-Macro, written as eight digits such as ``22212220``.

    An identity after a stage's first layer does nothing, so it may stand anywhere in its stage.
    Canonical codes have these identities at the end of their stage: 3,969 networks are different.

    Example:
        >>> from benchmark.spaces.registry import open_space
        >>> space = open_space("macro")
        >>> space.format(space.canonical(space.parse("20001202")))
        '20010220'
    """

    name: ClassVar[str] = "macro"
    title: ClassVar[str] = "NAS-Bench-Macro"
    description: ClassVar[str] = "eight layers: the identity or one of two inverted bottlenecks"
    source: ClassVar[str] = "Su et al., CVPR 2021, arXiv 2103.11922"
    scale_class: ClassVar[type[Scale]] = MacroScale
    table_scale = TABLE_SCALE
    decisions = tuple(Decision(layer.name, OPTIONS) for layer in layer_shapes(TABLE_SCALE))

    def canonical(self, codes: ArrayLike) -> Codes:
        """Return for codes [...] those with the identities after a first layer moved last."""
        return self.encode(moved_last(self.decode(codes), STAGES, IDENTITY))

    def activated(self, choices: Choices, decisions: Sequence[int]) -> Choices:
        """Return choices [D] in canonical form where some layers keep their place.

        An identity before one of them, whose place it would take, becomes a bottleneck: that of the
        layer before, or else k3e3.
        """
        return kept_in_place(choices, STAGES, IDENTITY, decisions, instead=FIRST_BOTTLENECK)

    def pool(self, subspace: Subspace) -> Codes:
        """Return the codes of a subspace that its supernet trains, ascending.

        These are the networks that the subspace scores: codes whose canonical code is in it too.
        A subspace that scores none, because another has all their canonical codes, trains all of
        its own.
        """
        codes = subspace.codes()
        scored = codes[subspace.contains(self.canonical(codes))]
        return scored if scored.size else codes

    def format(self, code: int) -> str:
        """Return eight digits, the options of the layers."""
        return "".join(map(str, self.decode(code).tolist()))

    def parse(self, text: str) -> int:
        """Return the code of eight digits."""
        if not re.fullmatch(f"[0-{len(OPTIONS) - 1}]{{{len(self)}}}", text, re.ASCII):
            digits = [str(option) for option in range(len(OPTIONS))]
            nearest = "".join(map(str, nearest_choices(text, [digits] * len(self))))
            raise not_an_architecture(text, nearest)
        return int(text, len(OPTIONS))

    def parameters(self, codes: ArrayLike, scale: Scale) -> NDArray[np.int64]:
        """Return the number of trainable parameters [...]."""
        assert isinstance(scale, MacroScale)
        return complexity.parameters(self.decode(codes), scale)

    def multiply_adds(self, codes: ArrayLike, scale: Scale) -> NDArray[np.int64]:
        """Return the multiply-adds [...] of one image."""
        assert isinstance(scale, MacroScale)
        return complexity.multiply_adds(self.decode(codes), scale)
