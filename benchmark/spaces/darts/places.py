"""Which edge or node of which cell a decision is about."""

from benchmark.spaces.darts.codes import EDGES, FIRST_PAIR, N_EDGES, N_PAIRS, NODES

Node = tuple[int, int]  # cell and node


def node_of(decision: int) -> Node:
    """Return the cell and the node whose incoming edges a decision is about.

    Example:
        >>> node_of(14), node_of(33)
        ((1, 2), (1, 5))
    """
    if decision < FIRST_PAIR:
        cell, edge = divmod(decision, N_EDGES)
        return cell, EDGES[edge][1]
    cell, pair = divmod(decision - FIRST_PAIR, N_PAIRS)
    return cell, NODES[1 + pair]


def source_of(decision: int) -> int:
    """Return the node that the edge comes from whose operation a decision is about."""
    return EDGES[decision % N_EDGES][0]


def edge_decision(cell: int, source: int, node: int) -> int:
    """Return the decision on the operation of an edge."""
    return cell * N_EDGES + EDGES.index((source, node))


def pair_decision(cell: int, node: int) -> int:
    """Return the decision on the inputs that node 3, 4 or 5 keeps."""
    return FIRST_PAIR + cell * N_PAIRS + NODES.index(node) - 1
