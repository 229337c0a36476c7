"""SNAS: options are drawn by a Gumbel-softmax whose temperature falls during training.

[SNAS] Xie et al. 2019, arXiv 1812.09926, section 2.2 and eq. 4: the weights of a decision are
softmax((log α + G) / λ), G independent Gumbel noise, λ the temperature.
"""

from collections.abc import Callable
from typing import ClassVar

import torch
from torch import Tensor

from baselines.supernets.parts.mixture import Mixture
from baselines.training.base import SupernetState
from baselines.training.differentiable import Differentiable, normal_values, parameters_of
from benchmark.spaces.base import Space

MEAN, DEVIATION = 1.0, 0.01  # of the initial log α


class Snas(Differentiable):
    """Trains a relaxed draw of options; one for each decision and step.

    Both passes of a step use its draw. A step passes two batches: one for α, one for the weights.
    """

    name: ClassVar[str] = "snas"
    description: ClassVar[str] = "options drawn by a Gumbel-softmax; selects argmax"
    passes: ClassVar[int] = 2

    def initial_parameters(self, generator: torch.Generator) -> Tensor:
        """Return log α close to one, [D, n]."""
        return normal_values(self.experiment.space, generator, MEAN, DEVIATION)

    def temperature(self, progress: float) -> float:
        """Return the temperature at a share of the training, from 0 to 1."""
        search = self.experiment.search
        return search.temperature + (search.final_temperature - search.temperature) * progress

    def mixtures(
        self, state: SupernetState, count: int, stream: str
    ) -> Callable[[int, float], Mixture]:
        """Return a function that returns a relaxed draw for the current log α."""
        architecture = parameters_of(state)
        space, generator = self.experiment.space, self.experiment.streams.torch(stream)
        noise = gumbel_noise(space, count, generator)
        noises = [  # only of the options that the subspace allows
            noise[:, decision, list(allowed)].to(self.experiment.device)
            for decision, allowed in enumerate(architecture.options)
        ]

        def mixture(draw: int, progress: float) -> Mixture:
            temperature = self.temperature(progress)
            return architecture.mixture(
                lambda place, alpha: ((alpha + noises[place][draw]) / temperature).softmax(0)
            )

        return mixture


def gumbel_noise(space: Space, count: int, generator: torch.Generator) -> Tensor:
    """Return standard Gumbel noise, −log of an exponential variable, [count, D, n] on the CPU."""
    shape = (count, len(space), int(space.n_options.max()))
    drawn = torch.empty(shape).exponential_(generator=generator)
    return -drawn.log()
