"""The rankings that any method must beat to be of use: by random numbers, and by size.

Sizes are those of the networks in the space's public table, whatever the task's.
"""

from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from baselines.experiment import Experiment
from baselines.method import Method, Outcome
from benchmark.spaces.base import Codes


class RandomScores(Method):
    """Gives every candidate a random score."""

    name: ClassVar[str] = "random"
    reference: ClassVar[bool] = True

    def run(self, experiment: Experiment) -> Outcome:
        """Draw scores that do not depend on the candidates, for the whole space if it can be."""
        generator, space = experiment.streams.numpy("random scores"), experiment.space
        if space.is_enumerable:
            return Outcome(generator.random(space.size)[experiment.candidates])
        return Outcome(scrambled(experiment.candidates, int(generator.integers(1 << 63))))


def scrambled(codes: Codes, key: int) -> NDArray[np.float64]:
    """Return numbers [n] from 0 to below 1 that codes and a key decide, as if they were random.

    They are the outputs of SplitMix64 at the places that codes say, from a start that the key says
    [Steele et al., OOPSLA 2014, 10.1145/2660193.2660195, figure 16].
    """
    start = _mixed(np.array([key], np.uint64))
    places = start + codes.astype(np.uint64) * np.uint64(0x9E3779B97F4A7C15)
    return (_mixed(places) >> np.uint64(11)).astype(np.float64) * 2.0**-53


def _mixed(values: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """Return SplitMix64's mixing of 64 bits."""
    values = (values ^ values >> np.uint64(30)) * np.uint64(0xBF58476D1CE4E5B9)
    values = (values ^ values >> np.uint64(27)) * np.uint64(0x94D049BB133111EB)
    return values ^ values >> np.uint64(31)


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
