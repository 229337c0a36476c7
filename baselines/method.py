"""The interface of a method: one call that turns an experiment into a score for each candidate."""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from baselines.experiment import Experiment
from baselines.tree.schedule import Plan
from benchmark.settings import read_settings
from benchmark.tasks.task import Task


@dataclass(frozen=True, eq=False)
class Outcome:
    """What a method returns."""

    scores: NDArray[np.float64]  # one for each candidate of the experiment, [n], higher is better
    trace: Mapping[str, Any] = field(default_factory=dict)  # splits, distances, losses, as JSON


@dataclass(frozen=True)
class NoOptions:
    """The options of a method that has none."""


class Method(ABC):
    """A way to score architectures without knowing the truth.

    Its own options are plain values, checked against ``Options``.
    """

    name: ClassVar[str]
    reference: ClassVar[bool] = False  # whether it trains nothing and is for comparison only
    seeded: ClassVar[bool] = True  # whether its scores depend on the seed
    Options: ClassVar[type[Any]] = NoOptions  # dataclass of its options

    def __init__(self, options: Mapping[str, Any]) -> None:
        self.options = read_settings(self.Options, options, f"[methods.{self.name}]")

    def plan(self, task: Task, train_images: int) -> Plan | None:
        """Return what a run on a task will do; None if nothing is trained."""
        return None

    @abstractmethod
    def run(self, experiment: Experiment) -> Outcome:
        """Score every candidate.

        Raises:
            BudgetError: The method asked for more than the budget.
            CheckError: Training failed.
        """
