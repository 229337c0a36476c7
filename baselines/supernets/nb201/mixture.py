"""A mixture: each edge passes the weighted sum of its operations [DARTS, arXiv 1806.09055, eq. 2].

Only the operations of a sub-supernet are in it, so no other gets a weight or a gradient.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from baselines.supernets.nb201.normalisation import Normalise
from baselines.supernets.nb201.operations import NONE, CellNode, Edge


@dataclass(frozen=True, eq=False)
class Mixture:
    """The operations of each edge, as indices into `OPERATIONS`, and their weights [n]."""

    operations: tuple[tuple[int, ...], ...]
    weights: tuple[Tensor, ...]

    def alone(self, edge: int, operation: int, *, keep_weight: bool = False) -> Mixture:
        """Return the mixture with one operation alone on an edge, with weight 1 or its own."""
        place = self.operations[edge].index(operation)
        weight = self.weights[edge][place : place + 1]
        operations, weights = list(self.operations), list(self.weights)
        operations[edge] = (operation,)
        weights[edge] = weight if keep_weight else torch.ones_like(weight)
        return Mixture(tuple(operations), tuple(weights))

    def detached(self) -> Mixture:
        """Return the mixture with its weights detached."""
        return Mixture(self.operations, tuple(weight.detach() for weight in self.weights))


def mixed(
    edge: Edge, node: CellNode, operations: Sequence[int], weights: Tensor, normalise: Normalise
) -> Tensor | None:
    """Return the weighted sum of an edge's operations, feature maps [B, C, H, W].

    None is returned where there is only ``none``, which adds nothing.
    """
    total: Tensor | None = None
    for operation, weight in zip(operations, weights.unbind(), strict=True):
        if operation != NONE:
            output = edge(node, operation, normalise)
            total = weight * output if total is None else torch.addcmul(total, weight, output)
    return total
