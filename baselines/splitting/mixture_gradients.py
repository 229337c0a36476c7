"""Gradient distances where the other edges carry a mixture (GM-NAS, section 3).

What `gradient_distances` is for drawn paths this is for DARTS and SNAS. No two children are one
function here, so each operation of each edge is a pass of its own.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from baselines.splitting.gradients import (
    Distances,
    Enough,
    Found,
    GradientVectors,
    averaged,
    use_all,
)
from baselines.splitting.subspace import Subspace
from baselines.supernets.nb201 import Mixture, Supernet
from benchmark.images import Batches


def mixture_distances(
    network: Supernet,
    subspace: Subspace,
    edges: Sequence[int],
    batches: Batches,
    mixtures: Iterable[Mixture],
    before_pass: Callable[[], None],
    *,
    soft: bool = False,
    is_enough: Enough = use_all,
) -> Distances:
    """Return the distances between the operations that a subspace allows on each edge.

    Args:
        network: The trained supernet; its weights stay as they are.
        subspace: Its part of the space.
        edges: Which edges to compare the operations of.
        batches: Training batches.
        mixtures: For each batch to use, what the other edges have; no gradient flows to it.
        before_pass: Called before each pass of a batch, to charge it.
        soft: Whether an operation that stands alone keeps its weight of the mixture.
        is_enough: Asked after each batch whether to stop.

    Returns:
        For each edge a symmetric matrix [n, n] over its n allowed operations, from 0 (alike) to 2.
    """
    vectors = GradientVectors(network)
    found: Found = {edge: [] for edge in edges}
    for number, mixture in enumerate(mixtures):
        pixels, labels = batches[number]
        fixed = mixture.detached()
        for edge in edges:
            gradients = []
            for operation in subspace.allowed[edge]:
                before_pass()
                child = fixed.alone(edge, operation, keep_weight=soft)
                gradients.append(vectors.of(child, pixels, labels))
            found[edge].append(vectors.distances(edge, gradients))
        if is_enough(found, number + 1):
            break
    return averaged(found)
