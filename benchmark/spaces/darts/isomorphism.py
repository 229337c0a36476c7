"""Which genotypes are one network: those whose nodes can be renamed into each other's.

A cell concatenates its nodes, so exchanging two of them permutes the channels of its output, and
with them the weights of what reads it. These are drawn alike, so it is the same network.
"""

from itertools import permutations

import numpy as np

from benchmark.spaces.base import Codes
from benchmark.spaces.darts.codes import INPUTS, KINDS, NODES, from_cells, to_cells


def network_codes(codes: Codes) -> Codes:
    """Return for valid codes [...] the smallest of all that are the same network.

    Example:
        >>> from benchmark.spaces.registry import open_space
        >>> space = open_space("darts")
        >>> one, other = np.zeros((2, 34), np.int8)  # both nodes 2 and 3 read nodes 0 and 1
        >>> one[0], other[2] = 3, 3
        >>> np.ptp(network_codes(space.encode([one, other])))
        np.int64(0)
    """
    nodes = np.array(NODES)[:, None]
    smallest = codes
    for kind in range(len(KINDS)):  # the order in one cell is independent of the other cell
        sources, operations = to_cells(smallest)
        for order in permutations(range(len(NODES))):
            names = np.array([*range(INPUTS), *(INPUTS + place for place in np.argsort(order))])
            renamed, used = sources.copy(), operations.copy()
            renamed[..., kind, :, :] = names[sources[..., kind, order, :]]
            used[..., kind, :, :] = operations[..., kind, order, :]
            valid = np.all(renamed < nodes, axis=(-3, -2, -1))[..., None, None, None]
            found = from_cells(np.where(valid, renamed, sources), used)
            smallest = np.where(valid[..., 0, 0, 0], np.minimum(smallest, found), smallest)
    return np.asarray(smallest)
