"""Which architectures describe the same network, so that one training is enough for all of them.

Stricter than the 6,466 isomorphism classes of NAS-Bench-201 (section 2), whose texts do not
distinguish one convolution whose output is used twice from two of the same input, which have
weights of their own.
"""

from functools import cache
from itertools import chain, permutations, product

import numpy as np
from numpy.typing import ArrayLike

from benchmark.spaces.base import Codes
from benchmark.spaces.nb201.codes import (
    EDGES,
    NONE,
    OPERATIONS,
    SIZE,
    SKIP,
    checked_codes,
    decode,
)
from benchmark.spaces.nb201.equivalence import live_codes

INPUT = -1  # the cell's input among the numbers of layers
POOL = OPERATIONS.index("avg_pool_3x3")

Layer = tuple[int, tuple[int, ...]]
"""An operation and the sorted numbers of the layers whose outputs are summed as its input."""


def network_codes(codes: ArrayLike | None = None) -> Codes:
    """Return for architectures [...] the smallest live code that describes the same network.

    The whole space has 5,260 different ones.

    A cell is a set of layers, each an operation on a sum of the cell's input and other layers'
    outputs, and a sum that is its output. Dead edges and skip connections are not layers. Two
    poolings of the same sum are one layer, because they have no weights; two convolutions are two.
    Architectures are the same network if their layers and sums can be matched one to one: their
    initial weights then have the same distribution, and trainings differ only in the order of sums.

    Example:
        >>> from benchmark.spaces.nb201.codes import encode
        >>> one = encode([3, 0, 2, 0, 0, 1])  # 3×3 to node 1, 1×1 to node 2, skip to node 3
        >>> other = encode([3, 0, 0, 0, 2, 0])  # the same without node 2
        >>> np.ptp(network_codes([one, other])), len(np.unique(network_codes()))
        (np.int64(0), 5260)
    """
    whole = np.arange(SIZE) if codes is None else checked_codes(codes)
    return np.asarray(_representatives()[whole])


@cache
def _representatives() -> Codes:
    first: dict[object, int] = {}
    found = np.zeros(SIZE, np.int64)
    for code in np.unique(live_codes()).tolist():  # ascending, so the first is the smallest
        found[code] = first.setdefault(_canonical(*layers_of(code)), code)
    found = found[live_codes()]
    found.flags.writeable = False
    return found


def layers_of(code: int) -> tuple[list[Layer], tuple[int, ...]]:
    """Return the layers of a live architecture and the sorted numbers that its output sums.

    Example:
        >>> layers_of(25)  # a skip connection from input to output
        ([], (-1,))
    """
    sums: list[tuple[int, ...]] = [(INPUT,), (), (), ()]
    layers: list[Layer] = []
    for (start, end), operation in zip(EDGES, decode(code).tolist(), strict=True):
        if operation == NONE or not sums[start]:
            continue
        if operation == SKIP:
            incoming = sums[start]
        else:
            layer = (operation, sums[start])
            if operation == POOL and layer in layers:
                incoming = (layers.index(layer),)
            else:
                layers.append(layer)
                incoming = (len(layers) - 1,)
        sums[end] = tuple(sorted(sums[end] + incoming))
    return layers, sums[-1]


def _canonical(layers: list[Layer], output: tuple[int, ...]) -> object:
    """Return a form that is equal for two architectures exactly if they are the same network."""
    texts: list[str] = []  # of each layer, independent of its number
    for operation, inputs in layers:
        summed = "+".join(sorted("x" if place == INPUT else texts[place] for place in inputs))
        texts.append(f"({summed}){operation}")
    groups = [
        [place for place, text in enumerate(texts) if text == one]
        for one in sorted(set(texts), key=lambda text: (len(text), text))
    ]
    forms = []
    for order in product(*(permutations(group) for group in groups)):
        number = {old: new for new, old in enumerate(chain(*order))} | {INPUT: INPUT}
        form = sorted(
            (number[place], operation, tuple(sorted(number[one] for one in inputs)))
            for place, (operation, inputs) in enumerate(layers)
        )
        forms.append((tuple(form), tuple(sorted(number[one] for one in output))))
    return min(forms)
