"""The edges of a cell, which of them it keeps, and how an int64 holds that.

A cell has two inputs, nodes 0 and 1, and nodes 2 to 5; every node has an edge from each node before
it. An architecture keeps two edges of every node. Choices name the operations of all 14 edges of
the normal cell, then of the reduction cell, then the pairs of inputs that nodes 3, 4 and 5 keep in
each; node 2 has just two. A code holds only what an architecture uses: the pairs of a cell as one
number below 180, followed by the operations of its eight kept edges as digits of base 7.
"""

from itertools import combinations, product

import numpy as np
from numpy.typing import ArrayLike, NDArray

from benchmark.spaces.base import Choices, Codes

OPERATIONS = (
    "max_pool_3x3",
    "avg_pool_3x3",
    "skip_connect",
    "sep_conv_3x3",
    "sep_conv_5x5",
    "dil_conv_3x3",
    "dil_conv_5x5",
)
KINDS = ("normal", "reduce")
INPUTS = 2  # nodes 0 and 1, the outputs of the two cells before
NODES = (2, 3, 4, 5)
KEPT = 2  # edges of a node that an architecture keeps
EDGES = tuple((source, node) for node in NODES for source in range(node))
PAIRS = {node: tuple(combinations(range(node), KEPT)) for node in NODES[1:]}

N_EDGES = len(EDGES)  # of a cell
N_PAIRS = len(PAIRS)  # decisions of a cell on inputs
FIRST_PAIR = len(KINDS) * N_EDGES  # decision
CELL_KEPT = KEPT * len(NODES)  # edges that a cell keeps
_FIRST_EDGE = {node: EDGES.index((0, node)) for node in NODES}
_PLACES = len(OPERATIONS) ** np.arange(CELL_KEPT - 1, -1, -1)
_WIRINGS = tuple(product(*PAIRS.values()))  # the inputs of nodes 3, 4 and 5 that a cell keeps
WIRING_SOURCES = np.array([[(0, 1), *pairs] for pairs in _WIRINGS])
"""The two inputs of each node for all 180 wirings of a cell, [180, 4, 2]."""
WIRING_EDGES = (WIRING_SOURCES + np.array([[_FIRST_EDGE[node]] for node in NODES])).reshape(-1, 8)
"""The kept edges for all wirings of a cell, [180, 8]."""
_PAIR_PLACES = np.array([60, 10, 1])  # of the pairs of nodes 3, 4 and 5 in a wiring
_PAIR_OPTIONS = np.array([len(pairs) for pairs in PAIRS.values()])
CELL_SIZE: int = len(_WIRINGS) * len(OPERATIONS) ** CELL_KEPT
SIZE: int = CELL_SIZE ** len(KINDS)


def wirings(choices: NDArray[np.integer]) -> Codes:
    """Return the number of each cell's wiring, [..., 2], in choices [..., 34]."""
    pairs = choices[..., FIRST_PAIR:].reshape(*choices.shape[:-1], len(KINDS), N_PAIRS)
    return np.asarray(pairs.astype(np.int64) @ _PAIR_PLACES)


def edge_operations(choices: NDArray[np.integer]) -> NDArray[np.integer]:
    """Return the operations of all edges of each cell, [..., 2, 14], in choices [..., 34]."""
    return choices[..., :FIRST_PAIR].reshape(*choices.shape[:-1], len(KINDS), N_EDGES)


def kept_edges(choices: NDArray[np.integer]) -> NDArray[np.bool_]:
    """Return which edges of each cell are kept, [..., 2, 14], in choices [..., 34]."""
    kept = np.zeros((len(_WIRINGS), N_EDGES), bool)
    np.put_along_axis(kept, WIRING_EDGES, True, axis=1)
    return np.asarray(kept[wirings(choices)])


def encode(choices: NDArray[np.integer]) -> Codes:
    """Return the codes [...] of valid choices [..., 34]."""
    wiring = wirings(choices)
    used = np.take_along_axis(edge_operations(choices), WIRING_EDGES[wiring], axis=-1)
    return _joined(wiring, used.astype(np.int64) @ _PLACES)


def decode(codes: Codes) -> Choices:
    """Return the choices [..., 34] of valid codes [...], option 0 on all edges not kept."""
    wiring, operations = _parted(codes)
    edges = np.zeros((*wiring.shape, N_EDGES), np.int8)
    np.put_along_axis(edges, WIRING_EDGES[wiring], operations, axis=-1)
    pairs = wiring[..., None] // _PAIR_PLACES % _PAIR_OPTIONS
    both = [
        edges.reshape(*codes.shape, FIRST_PAIR),
        pairs.astype(np.int8).reshape(*codes.shape, len(KINDS) * N_PAIRS),
    ]
    return np.concatenate(both, axis=-1)


def to_cells(codes: Codes) -> tuple[NDArray[np.int64], NDArray[np.int8]]:
    """Return inputs and operations of the kept edges of valid codes, both [..., 2, 4, 2].

    The axes are cell, node and edge; the inputs of a node ascend.
    """
    wiring, operations = _parted(codes)
    return WIRING_SOURCES[wiring], operations.reshape(*wiring.shape, len(NODES), KEPT)


def from_cells(sources: ArrayLike, operations: ArrayLike) -> Codes:
    """Return the codes [...] of inputs and operations [..., 2, 4, 2], inputs in any order.

    The two inputs of a node must differ and come before it.
    """
    given, used = np.asarray(sources), np.asarray(operations)
    order = given.argsort(axis=-1)
    ordered = np.take_along_axis(given, order, axis=-1)
    digits = np.take_along_axis(used, order, axis=-1).astype(np.int64)
    wiring = _PAIR_NUMBERS[np.arange(N_PAIRS), ordered[..., 1:, 0], ordered[..., 1:, 1]]
    return _joined(wiring @ _PAIR_PLACES, digits.reshape(*wiring.shape[:-1], CELL_KEPT) @ _PLACES)


def _joined(wiring: Codes, operations: Codes) -> Codes:
    cells = wiring * len(OPERATIONS) ** CELL_KEPT + operations
    return np.asarray(cells[..., 0] * CELL_SIZE + cells[..., 1])


def _parted(codes: Codes) -> tuple[Codes, Choices]:
    """Return each cell's wiring [..., 2] and operations of kept edges [..., 2, 8]."""
    cells = np.stack(np.divmod(codes, CELL_SIZE), axis=-1)
    wiring, rest = np.divmod(cells, len(OPERATIONS) ** CELL_KEPT)
    return wiring, (rest[..., None] // _PLACES % len(OPERATIONS)).astype(np.int8)


def _pair_numbers() -> NDArray[np.int64]:
    """Return the number of each pair of inputs of nodes 3, 4 and 5, [3, 5, 5]."""
    table = np.full((N_PAIRS, NODES[-1], NODES[-1]), -1)
    for place, pairs in enumerate(PAIRS.values()):
        for number, pair in enumerate(pairs):
            table[place][pair] = number
    return table


_PAIR_NUMBERS = _pair_numbers()
