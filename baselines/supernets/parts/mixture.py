"""What a supernet passes: a path takes one option of each decision, a mixture a weighted sum."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

Path = Sequence[int]
"""An option of each decision, in the space's canonical form."""


@dataclass(frozen=True, eq=False)
class Mixture:
    """The options of each decision, as indices, and their weights [n] [DARTS, 1806.09055, eq. 2].

    Only options of a sub-supernet are in it, so no other gets a weight or a gradient.
    """

    options: tuple[tuple[int, ...], ...]
    weights: tuple[Tensor, ...]

    def alone(
        self, decisions: Sequence[int], chosen: Sequence[int], *, keep_weight: bool = False
    ) -> Mixture:
        """Return the mixture with one option alone on some decisions, with weight 1 or its own."""
        options, weights = list(self.options), list(self.weights)
        for decision, option in zip(decisions, chosen, strict=True):
            place = self.options[decision].index(option)
            weight = self.weights[decision][place : place + 1]
            options[decision] = (option,)
            weights[decision] = weight if keep_weight else torch.ones_like(weight)
        return Mixture(tuple(options), tuple(weights))

    def detached(self) -> Mixture:
        """Return the mixture with its weights detached."""
        return Mixture(self.options, tuple(weight.detach() for weight in self.weights))
