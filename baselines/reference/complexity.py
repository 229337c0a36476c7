"""Ranking by size: what a method must beat to add anything to it.

Parameters and multiply-adds of the table's network put the architectures in the same order.
"""

from __future__ import annotations

from typing import ClassVar

import numpy as np

from baselines.experiment import Experiment
from baselines.method import Method, Outcome
from benchmark.spaces.nb201.complexity import TABLE_NETWORK, flops, parameters


class Parameters(Method):
    """Scores an architecture by its parameters, in the table's network, whatever the task's."""

    name: ClassVar[str] = "params"
    reference: ClassVar[bool] = True
    seeded: ClassVar[bool] = False

    def run(self, experiment: Experiment) -> Outcome:
        """Count the parameters of every architecture."""
        return Outcome(parameters(experiment.candidates, TABLE_NETWORK).astype(np.float64))


class Flops(Method):
    """Scores an architecture by its multiply-adds, in the table's network, whatever the task's."""

    name: ClassVar[str] = "flops"
    reference: ClassVar[bool] = True
    seeded: ClassVar[bool] = False

    def run(self, experiment: Experiment) -> Outcome:
        """Count the multiply-adds of every architecture."""
        return Outcome(flops(experiment.candidates, TABLE_NETWORK).astype(np.float64))
