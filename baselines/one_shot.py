"""One-shot NAS: a single supernet holds the whole space."""

from dataclasses import dataclass
from typing import ClassVar

from baselines.experiment import Experiment
from baselines.method import Method, Outcome
from baselines.training import Base
from baselines.tree.schedule import Plan, Schedule
from baselines.tree.tree_training import Split, TreeNode, plan_tree, train_tree
from benchmark.settings import Count
from benchmark.tasks.task import Task


@dataclass(frozen=True)
class OneShotOptions:
    """How long one-shot NAS trains."""

    epochs: tuple[Count, ...]  # one number if the budget is ``schedule``; else none


class OneShot(Method):
    """Trains one supernet for the whole budget [SPOS, arXiv 1904.00420]."""

    name: ClassVar[str] = "one-shot"
    Options = OneShotOptions

    def plan(self, task: Task, train_images: int) -> Plan:
        """Return what a run will do."""
        return plan_tree(task, train_images, self._schedule())

    def run(self, experiment: Experiment) -> Outcome:
        """Train the supernet and score the candidates by it."""

        def choose_split(base: Base, node: TreeNode) -> Split:
            raise AssertionError(f"a tree without levels splits {node.name}")

        return train_tree(experiment, self._schedule(), choose_split)

    def _schedule(self) -> Schedule:
        return Schedule(0, 0, (), epochs=self.options.epochs)
