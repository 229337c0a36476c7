"""The genotype whose kept edges have the greatest strengths [DARTS, 1806.09055, section 2.4].

Each edge takes its strongest operation, and each node keeps the two edges whose operations are
strongest. Strengths are logarithms of weights, so the sum over kept edges is greatest too.
"""

from itertools import product

import numpy as np
from numpy.typing import NDArray

from benchmark.spaces.base import Choices
from benchmark.spaces.darts.codes import INPUTS, PAIRS
from benchmark.spaces.darts.places import edge_decision, pair_decision
from benchmark.spaces.darts.ties import Allowed, fixed, tied_nodes
from benchmark.spaces.subspaces.subspace import Subspace

Best = tuple[float, dict[int, int]]  # a sum of strengths, and the options that give it


def strongest_choices(subspace: Subspace, strengths: NDArray[np.float64]) -> Choices:
    """Return the choices [34] of greatest strengths [34, options] among those of a subspace.

    Of equals it is the first in the order of options.
    """
    allowed = dict(enumerate(subspace.allowed))
    chosen = np.array([options[0] for options in subspace.allowed], np.int8)
    for nodes, joints in tied_nodes(subspace.joint):
        best: Best = (-np.inf, {})
        for options in product(*(joint.options for joint in joints)):
            limited = allowed | fixed(joints, options)
            parts = [_of_node(*node, limited, strengths) for node in nodes]
            total = sum(strength for strength, _ in parts)
            if not best[1] or total > best[0]:
                merged = {decision: one for _, part in parts for decision, one in part.items()}
                best = total, merged
        for decision, option in best[1].items():
            chosen[decision] = option
    return chosen


def _of_node(cell: int, node: int, allowed: Allowed, strengths: NDArray[np.float64]) -> Best:
    """Return the best options of all decisions about a node, its edges not kept included."""
    edges = [edge_decision(cell, source, node) for source in range(node)]
    found = {
        edge: allowed[edge][int(strengths[edge, list(allowed[edge])].argmax())] for edge in edges
    }
    best = [float(strengths[edge, found[edge]]) for edge in edges]
    if node not in PAIRS:
        return sum(best[:INPUTS]), found
    decision = pair_decision(cell, node)
    pair = max(allowed[decision], key=lambda one: sum(best[place] for place in PAIRS[node][one]))
    return sum(best[place] for place in PAIRS[node][pair]), found | {decision: pair}
