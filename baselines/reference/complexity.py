"""Scores by size, which a method must beat to be of use.

Both count the network of NAS-Bench-201, whatever the task's, and rank architectures alike.
"""

from __future__ import annotations

from typing import ClassVar

import numpy as np

from baselines.experiment import Experiment
from baselines.method import Method, Outcome
from benchmark.spaces.nb201.complexity import TABLE_NETWORK, flops, parameters


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
