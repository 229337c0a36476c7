"""Architecture parameters α: one number for each operation that a subspace allows on an edge."""

from collections.abc import Callable

import torch
from torch import Tensor, nn

from baselines.splitting import Subspace
from baselines.supernets.nb201 import Mixture
from benchmark.spaces.nb201 import EDGES, OPERATIONS


class Architecture(nn.Module):
    """The parameters α [6, 5] of one supernet, only for operations that its subspace allows."""

    def __init__(self, subspace: Subspace, values: Tensor) -> None:
        super().__init__()
        self.operations = subspace.allowed
        self.edges = nn.ParameterList(
            nn.Parameter(values[edge, list(allowed)].detach().clone())
            for edge, allowed in enumerate(subspace.allowed)
        )

    def parameter(self, edge: int) -> Tensor:
        """Return the parameters of one edge, [n]."""
        found: Tensor = self.edges[edge]
        return found

    def values(self) -> Tensor:
        """Return all parameters as [6, 5], NaN where an edge lacks an operation."""
        table = torch.full((len(EDGES), len(OPERATIONS)), torch.nan, device=self.edges[0].device)
        for edge, allowed in enumerate(self.operations):
            table[edge, list(allowed)] = self.parameter(edge).detach().to(table.dtype)
        return table

    def mixture(self, weights: Callable[[int, Tensor], Tensor]) -> Mixture:
        """Return the mixture whose weights [n] a function computes of an edge and its α [n]."""
        return Mixture(
            self.operations,
            tuple(weights(edge, self.parameter(edge)) for edge in range(len(EDGES))),
        )
