"""How many architectures have their canonical code in a subspace.

On an edge that an architecture does not keep its code has option 0, so it lies only in subspaces
that allow this option there.
"""

from itertools import product

from benchmark.spaces.darts.codes import KEPT, PAIRS
from benchmark.spaces.darts.places import Node, edge_decision, pair_decision
from benchmark.spaces.darts.ties import Allowed, fixed, tied_nodes
from benchmark.spaces.subspaces.subspace import Subspace


def count_architectures(subspace: Subspace) -> int:
    """Return the number of architectures of a subspace of DARTS's space, perhaps none.

    Nodes choose independently, but for those whose decisions were split jointly. These are counted
    for each combination of joint options.
    """
    allowed = dict(enumerate(subspace.allowed))
    total = 1
    for nodes, joints in tied_nodes(subspace.joint):
        total *= sum(
            _product(nodes, allowed | fixed(joints, options))
            for options in product(*(joint.options for joint in joints))
        )
        if not total:
            break
    return total


def _product(nodes: tuple[Node, ...], allowed: Allowed) -> int:
    total = 1
    for cell, node in nodes:
        total *= _of_node(cell, node, allowed)
    return total


def _of_node(cell: int, node: int, allowed: Allowed) -> int:
    """Return the number of ways to keep inputs of one node, with operations."""
    pairs = [tuple(range(KEPT))]
    if node in PAIRS:
        pairs = [PAIRS[node][option] for option in allowed[pair_decision(cell, node)]]
    total = 0
    for pair in pairs:
        ways = 1
        for source in range(node):
            options = allowed[edge_decision(cell, source, node)]
            ways *= len(options) if source in pair else 0 in options
        total += ways
    return total
