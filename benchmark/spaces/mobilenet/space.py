"""ProxylessNAS's space: 21 layers, each with one of six inverted bottlenecks, or skipped."""

from collections.abc import Sequence
from typing import ClassVar

import numpy as np
from numpy.typing import ArrayLike, NDArray

from benchmark.spaces.base import MOST_DRAWN, Choices, Codes, Decision, Scale, Space
from benchmark.spaces.chain.stages import kept_in_place, moved_last
from benchmark.spaces.mobilenet import complexity
from benchmark.spaces.mobilenet.layers import (
    OPTIONS,
    STAGES,
    TABLE_SCALE,
    ZERO,
    MobileNetScale,
    layer_shapes,
)
from benchmark.spaces.mobilenet.strings import from_text, to_text
from benchmark.spaces.subspaces.subspace import Subspace

ROUNDS = 64  # of draws without a path that is scored, after which a subspace has none


class MobileNetSpace(Space):
    """The networks of ProxylessNAS; ``k5e3`` has kernel 5 and expansion 3, ``zero`` is skipped.

    Which later layers of a stage are skipped makes no difference to a network, only how many, so in
    canonical codes the skipped layers are at the end of their stage.

    Example:
        >>> from benchmark.spaces.registry import open_space
        >>> space = open_space("mobilenet")
        >>> stages = ["k5e3-zero-k3e3-zero"] + 4 * ["k7e6-k7e6-k7e6-k7e6"] + ["k7e6"]
        >>> code = space.parse("|".join(stages))
        >>> space.format(int(space.canonical(code)))[:19]
        'k5e3-k3e3-zero-zero'
        >>> int(space.parameters(code, space.table_scale))
        5058384
    """

    name: ClassVar[str] = "mobilenet"
    title: ClassVar[str] = "the MobileNet space of ProxylessNAS"
    description: ClassVar[str] = "21 layers: one of six inverted bottlenecks, or skipped"
    source: ClassVar[str] = "Cai et al., ICLR 2019, arXiv 1812.00332"
    scale_class: ClassVar[type[Scale]] = MobileNetScale
    table_scale = TABLE_SCALE
    decisions = tuple(
        Decision(layer.name, (*OPTIONS, "zero") if layer.place else OPTIONS)
        for layer in layer_shapes(TABLE_SCALE)
    )

    def canonical(self, codes: ArrayLike) -> Codes:
        """Return for codes [...] those with the skipped layers last in their stage."""
        return self.encode(moved_last(self.decode(codes), STAGES, ZERO))

    def activated(self, choices: Choices, decisions: Sequence[int]) -> Choices:
        """Return choices [D] in canonical form where some layers keep their place.

        A skipped layer before one of them, which would take its place, becomes like the layer
        before.
        """
        return kept_in_place(choices, STAGES, ZERO, decisions, instead=0)  # never needed

    def draw(self, subspace: Subspace, count: int, generator: np.random.Generator) -> Choices:
        """Draw canonical choices [count, D] that a subspace scores, for its supernet to train.

        The options of each decision are drawn uniformly, and again where another subspace has the
        canonical form. A subspace that scores none trains what is drawn.
        """
        kept: list[Choices] = []
        rounds, number = 0, 0
        while True:
            drawn = self.path(super().draw(subspace, MOST_DRAWN, generator))
            kept.append(drawn[subspace.permits(drawn)])
            rounds, number = rounds + 1, number + len(kept[-1])
            if number >= count:
                return np.concatenate(kept)[:count]
            if not number and rounds == ROUNDS:
                return self.path(super().draw(subspace, count, generator))

    def format(self, code: int) -> str:
        """Return the options of all layers, such as ``k5e3-zero-zero-zero|k3e6-…``."""
        return to_text(self.decode(code).tolist(), self._names())

    def parse(self, text: str) -> int:
        """Return the code of a text."""
        return int(self.encode(from_text(text, self._names())))

    def parameters(self, codes: ArrayLike, scale: Scale) -> NDArray[np.int64]:
        """Return the number of trainable parameters [...]."""
        assert isinstance(scale, MobileNetScale)
        return complexity.parameters(self.decode(codes), scale)

    def multiply_adds(self, codes: ArrayLike, scale: Scale) -> NDArray[np.int64]:
        """Return the multiply-adds [...] of one image."""
        assert isinstance(scale, MobileNetScale)
        return complexity.multiply_adds(self.decode(codes), scale)

    def _names(self) -> list[tuple[str, ...]]:
        return [decision.options for decision in self.decisions]
