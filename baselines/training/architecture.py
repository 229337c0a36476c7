"""Architecture parameters α: one number for each option that a subspace allows."""

from collections.abc import Callable

import torch
from torch import Tensor, nn

from baselines.supernets.parts.mixture import Mixture
from benchmark.spaces.subspaces.subspace import Subspace


class Architecture(nn.Module):
    """The parameters α of one supernet, only for options that its subspace allows.

    As a table they are [D, n], n the most options that a decision has.
    """

    def __init__(self, subspace: Subspace, values: Tensor) -> None:
        super().__init__()
        self.options = subspace.allowed
        self.decisions = nn.ParameterList(
            nn.Parameter(values[decision, list(allowed)].detach().clone())
            for decision, allowed in enumerate(subspace.allowed)
        )
        self._most = values.shape[1]

    def parameter(self, decision: int) -> Tensor:
        """Return the parameters of one decision, [n]."""
        found: Tensor = self.decisions[decision]
        return found

    def values(self) -> Tensor:
        """Return all parameters as a table, NaN where a decision lacks an option."""
        shape = (len(self.options), self._most)
        table = torch.full(shape, torch.nan, device=self.decisions[0].device)
        for decision, allowed in enumerate(self.options):
            table[decision, list(allowed)] = self.parameter(decision).detach().to(table.dtype)
        return table

    def mixture(self, weights: Callable[[int, Tensor], Tensor]) -> Mixture:
        """Return the mixture whose weights [n] a function computes of a decision and its α [n]."""
        return Mixture(
            self.options,
            tuple(weights(place, self.parameter(place)) for place in range(len(self.options))),
        )
