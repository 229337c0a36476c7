"""Accel-NASBench's space: seven stages, of which each decides about its layers."""

from typing import ClassVar

from numpy import int64
from numpy.typing import ArrayLike, NDArray

from benchmark.spaces.accel import complexity
from benchmark.spaces.accel.layers import DECISIONS, TABLE_SCALE, AccelScale
from benchmark.spaces.accel.strings import from_text, to_text
from benchmark.spaces.base import Scale, Space


class AccelSpace(Space):
    """The networks of Accel-NASBench; every architecture is another network.

    Example:
        >>> from benchmark.spaces.registry import open_space
        >>> space = open_space("accel")
        >>> code = space.parse("e6466611-k3535533-l1233222-se0000000")
        >>> int(space.parameters(code, space.table_scale))  # in the file 2.50116 million
        2501160
    """

    name: ClassVar[str] = "accel"
    title: ClassVar[str] = "Accel-NASBench"
    description: ClassVar[str] = (
        "seven stages: expansion, kernel, depth, and squeeze-and-excitation of each"
    )
    source: ClassVar[str] = "Ahmad et al., DAC 2024, arXiv 2404.08005"
    scale_class: ClassVar[type[Scale]] = AccelScale
    table_scale = TABLE_SCALE
    decisions = DECISIONS

    def format(self, code: int) -> str:
        """Return a digit for each stage, such as ``e6466611-k3535533-l1233222-se0000000``."""
        return to_text(self.decode(code).tolist())

    def parse(self, text: str) -> int:
        """Return the code of a text, or of four columns such as ``6466611,3535533,…``."""
        return int(self.encode(from_text(text)))

    def parameters(self, codes: ArrayLike, scale: Scale) -> NDArray[int64]:
        """Return the number of trainable parameters [...]."""
        assert isinstance(scale, AccelScale)
        return complexity.parameters(self.decode(codes), scale)

    def multiply_adds(self, codes: ArrayLike, scale: Scale) -> NDArray[int64]:
        """Return the multiply-adds [...] of one image; the benchmark's file counts more."""
        assert isinstance(scale, AccelScale)
        return complexity.multiply_adds(self.decode(codes), scale)
