"""The rankings that any method must beat to be of use: by random numbers, and by size.

Sizes are those of the networks in the space's public table, whatever the task's.
"""

from typing import ClassVar

import numpy as np

from baselines.experiment import Experiment
from baselines.method import Method, Outcome


class RandomScores(Method):
    """Gives every candidate a random score."""

    name: ClassVar[str] = "random"
    reference: ClassVar[bool] = True

    def run(self, experiment: Experiment) -> Outcome:
        """Draw scores, for a whole space that can be enumerated whatever the candidates."""
        generator, space = experiment.streams.numpy("random scores"), experiment.space
        if not space.is_enumerable:
            return Outcome(generator.random(len(experiment.candidates)))
        return Outcome(generator.random(space.size)[experiment.candidates])


class Parameters(Method):
    """Scores a candidate by its number of parameters."""

    name: ClassVar[str] = "params"
    reference: ClassVar[bool] = True
    seeded: ClassVar[bool] = False

    def run(self, experiment: Experiment) -> Outcome:
        """Count the parameters of every candidate."""
        space = experiment.space
        counted = space.parameters(experiment.candidates, space.table_scale)
        return Outcome(counted.astype(np.float64))


class Flops(Method):
    """Scores a candidate by its multiply-adds."""

    name: ClassVar[str] = "flops"
    reference: ClassVar[bool] = True
    seeded: ClassVar[bool] = False

    def run(self, experiment: Experiment) -> Outcome:
        """Count the multiply-adds of every candidate."""
        space = experiment.space
        counted = space.multiply_adds(experiment.candidates, space.table_scale)
        return Outcome(counted.astype(np.float64))
