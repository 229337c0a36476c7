"""DARTS, first order: α follows the gradient of the validation loss at the current weights.

[DARTS] Liu et al. 2019, arXiv 1806.09055, section 2.3 with ξ = 0.
"""

from collections.abc import Callable
from typing import ClassVar

import torch
from torch import Tensor

from baselines.supernets.parts.mixture import Mixture
from baselines.training.base import SupernetState
from baselines.training.differentiable import Differentiable, normal_values, parameters_of

DEVIATION = 1e-3  # of the initial α


class Darts(Differentiable):
    """Trains the sum over all options, weighted by the softmax of α.

    A step passes two batches: one for α, one for the weights.
    """

    name: ClassVar[str] = "darts"
    description: ClassVar[str] = "all options weighted by softmax, first order; selects argmax"
    passes: ClassVar[int] = 2

    def initial_parameters(self, generator: torch.Generator) -> Tensor:
        """Return α close to zero, [D, n]."""
        return normal_values(self.experiment.space, generator, 0.0, DEVIATION)

    def mixtures(
        self, state: SupernetState, count: int, stream: str
    ) -> Callable[[int, float], Mixture]:
        """Return a function that returns the softmax of the current α; nothing is drawn."""
        architecture = parameters_of(state)

        def mixture(draw: int, progress: float) -> Mixture:
            return architecture.mixture(lambda decision, alpha: alpha.softmax(0))

        return mixture
