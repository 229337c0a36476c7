"""The rankings that any method must beat to be of use: by random numbers, and by size.

Sizes are those of the network of NAS-Bench-201, whatever the task's; both rank alike.
"""

from typing import ClassVar

import numpy as np

from baselines.experiment import Experiment
from baselines.method import Method, Outcome
from benchmark.spaces.nb201 import SIZE
from benchmark.spaces.nb201.complexity import TABLE_NETWORK, flops, parameters


class RandomScores(Method):
    """Gives every candidate a random score."""

    name: ClassVar[str] = "random"
    reference: ClassVar[bool] = True

    def run(self, experiment: Experiment) -> Outcome:
        """Draw scores for the whole space, so that they do not depend on the candidates."""
        scores = experiment.streams.numpy("random scores").random(SIZE)
        return Outcome(scores[experiment.candidates])


class Parameters(Method):
    """Scores a candidate by its number of parameters."""

    name: ClassVar[str] = "params"
    reference: ClassVar[bool] = True
    seeded: ClassVar[bool] = False

    def run(self, experiment: Experiment) -> Outcome:
        """Count the parameters of every candidate."""
        return Outcome(parameters(experiment.candidates, TABLE_NETWORK).astype(np.float64))


class Flops(Method):
    """Scores a candidate by its multiply-adds."""

    name: ClassVar[str] = "flops"
    reference: ClassVar[bool] = True
    seeded: ClassVar[bool] = False

    def run(self, experiment: Experiment) -> Outcome:
        """Count the multiply-adds of every candidate."""
        return Outcome(flops(experiment.candidates, TABLE_NETWORK).astype(np.float64))
