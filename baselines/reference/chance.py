"""Random scores: the ranking that any method must beat."""

from __future__ import annotations

from typing import ClassVar

from baselines.experiment import Experiment
from baselines.method import Method, Outcome
from benchmark.spaces.nb201 import SIZE


class Chance(Method):
    """Gives every candidate a random score."""

    name: ClassVar[str] = "random"
    reference: ClassVar[bool] = True

    def run(self, experiment: Experiment) -> Outcome:
        """Draw scores for the whole space, so that they do not depend on the candidates."""
        scores = experiment.streams.numpy("random scores").random(SIZE)
        return Outcome(scores[experiment.candidates])
