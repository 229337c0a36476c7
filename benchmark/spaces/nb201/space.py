"""NAS-Bench-201 as a search space: six edges, each with one of five operations."""

from typing import ClassVar

import numpy as np
from numpy.typing import ArrayLike, NDArray

from benchmark.spaces.base import Choices, Codes, Decision, Scale, Space
from benchmark.spaces.nb201 import complexity
from benchmark.spaces.nb201.codes import EDGES, OPERATIONS, all_operations
from benchmark.spaces.nb201.complexity import TABLE_SCALE, NetworkScale
from benchmark.spaces.nb201.equivalence import is_connected, live_codes
from benchmark.spaces.nb201.genotypes import parse_arch
from benchmark.spaces.nb201.network_equivalence import network_codes
from benchmark.spaces.nb201.strings import to_string


class NasBench201(Space):
    """The cells of NAS-Bench-201; canonical are live codes, whose dead edges are ``none``."""

    name: ClassVar[str] = "nb201"
    title: ClassVar[str] = "NAS-Bench-201"
    description: ClassVar[str] = "a cell of six edges with five operations each"
    source: ClassVar[str] = "Dong & Yang, ICLR 2020, arXiv 2001.00326"
    scale_class: ClassVar[type[Scale]] = NetworkScale
    table_scale = TABLE_SCALE
    decisions = tuple(Decision(f"{start}→{end}", OPERATIONS) for start, end in EDGES)

    def decode(self, codes: ArrayLike) -> Choices:
        """Return the operations [..., 6] of codes [...]."""
        return np.asarray(all_operations()[self.checked(codes)])

    def canonical(self, codes: ArrayLike) -> Codes:
        """Return the live codes of architectures [...]."""
        return live_codes(codes)

    def network(self, codes: ArrayLike) -> Codes:
        """Return for architectures [...] the smallest live code of the same network."""
        return network_codes(codes)

    def works(self, codes: ArrayLike) -> NDArray[np.bool_]:
        """Return whether architectures [...] have a path without ``none``."""
        return is_connected(codes)

    def format(self, code: int) -> str:
        """Return the string of NAS-Bench-201."""
        return to_string(code)

    def parse(self, text: str) -> int:
        """Return the code of a string or genotype."""
        return parse_arch(text)

    def parameters(self, codes: ArrayLike, scale: Scale) -> NDArray[np.int64]:
        """Return the number of trainable parameters [...]; dead edges count too."""
        assert isinstance(scale, NetworkScale)
        return complexity.parameters(codes, scale)

    def multiply_adds(self, codes: ArrayLike, scale: Scale) -> NDArray[np.int64]:
        """Return the multiply-adds [...] of one image; dead edges count too."""
        assert isinstance(scale, NetworkScale)
        return complexity.multiply_adds(codes, scale)
