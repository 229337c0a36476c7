"""Which nodes are not independent of each other in a subspace: those split jointly."""

from benchmark.spaces.darts.codes import KINDS, NODES
from benchmark.spaces.darts.places import Node, node_of
from benchmark.spaces.subspaces.subspace import JointOption, JointOptions

Allowed = dict[int, tuple[int, ...]]
"""The options of each decision."""


def tied_nodes(
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


def fixed(joints: tuple[JointOptions, ...], options: tuple[JointOption, ...]) -> Allowed:
    """Return the one option of each decision that a choice of joint options leaves."""
    return {
        decision: (option,)
        for joint, chosen in zip(joints, options, strict=True)
        for decision, option in zip(joint.decisions, chosen, strict=True)
    }
