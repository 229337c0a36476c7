"""How many architectures have their canonical code in a subspace.

On an edge that an architecture does not keep its code has option 0, so it lies only in subspaces
that allow this option there.
"""

from itertools import product

from benchmark.spaces.darts.codes import KEPT, KINDS, NODES, PAIRS
from benchmark.spaces.darts.places import Node, edge_decision, node_of, pair_decision
from benchmark.spaces.subspace import JointOptions, Subspace

Allowed = dict[int, tuple[int, ...]]


def count_architectures(subspace: Subspace) -> int:
    """Return the number of architectures of a subspace of DARTS's space, perhaps none.

    Nodes choose independently, but for those whose decisions were split jointly. These are counted
    for each combination of joint options.
    """
    allowed = dict(enumerate(subspace.allowed))
    total = 1
    for nodes, joints in _components(subspace.joint):
        total *= sum(
            _product(nodes, allowed | _fixed(joints, options))
            for options in product(*(joint.options for joint in joints))
        )
        if not total:
            break
    return total


def _components(
    joints: tuple[JointOptions, ...],
) -> list[tuple[tuple[Node, ...], tuple[JointOptions, ...]]]:
    """Return groups of nodes that joint options tie together, with these."""
    groups: list[tuple[set[Node], list[JointOptions]]] = [
        ({(cell, node)}, []) for cell in range(len(KINDS)) for node in NODES
    ]
    for joint in joints:
        nodes = {node_of(decision) for decision in joint.decisions}
        tied = [group for group in groups if group[0] & nodes]
        groups = [group for group in groups if not group[0] & nodes]
        members = set().union(*(group[0] for group in tied))
        groups.append((members, [*(one for group in tied for one in group[1]), joint]))
    return [(tuple(sorted(nodes)), tuple(tied)) for nodes, tied in groups]


def _fixed(joints: tuple[JointOptions, ...], options: tuple[tuple[int, ...], ...]) -> Allowed:
    return {
        decision: (option,)
        for joint, chosen in zip(joints, options, strict=True)
        for decision, option in zip(joint.decisions, chosen, strict=True)
    }


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
