"""Ranking by chance: what is left when a method knows nothing."""

from __future__ import annotations

from typing import ClassVar

from baselines.experiment import Experiment
from baselines.method import Method, Outcome
from benchmark.spaces.nb201 import SIZE


class Chance(Method):
    """Scores every architecture by a random number."""

    name: ClassVar[str] = "random"
    reference: ClassVar[bool] = True

    def run(self, experiment: Experiment) -> Outcome:
        """Draw a score for every architecture, so that one has the same in any list."""
        return Outcome(
            experiment.streams.numpy("random scores").random(SIZE)[experiment.candidates]
        )
