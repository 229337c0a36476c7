"""Few-shot NAS: one sub-supernet for each operation on one edge, or each pair on two."""

from dataclasses import dataclass
from typing import ClassVar

from baselines.experiment import Experiment
from baselines.method import Method, Outcome
from baselines.schedule import Plan, Schedule
from baselines.splitting import singletons
from baselines.training import Base
from baselines.tree.tree_training import EdgeIndex, Split, TreeNode, plan_tree, train_tree
from benchmark.errors import InputError
from benchmark.settings import Count, Fraction
from benchmark.spaces.nb201 import OPERATIONS
from benchmark.tasks.task import Task

MOST_EDGES = 2  # three would make 125 sub-supernets


@dataclass(frozen=True)
class FewShotOptions:
    """How few-shot NAS splits."""

    warm_up: Fraction  # share of the budget that the undivided supernet gets first
    # epochs of the undivided supernet and of each sub-supernet, two numbers, if the budget is
    # ``schedule``; else none
    epochs: tuple[Count, ...]
    edges: tuple[EdgeIndex, ...]  # one or two; the published program splits 0, 0→1

    def __post_init__(self) -> None:
        if not 1 <= len(self.edges) <= MOST_EDGES or len(set(self.edges)) < len(self.edges):
            raise InputError(f"edges are {list(self.edges)}: give one or two different ones")
        if len(self.epochs) not in (0, 2):
            raise InputError(
                f"epochs are {list(self.epochs)}: give those of the undivided supernet and of each "
                "sub-supernet, or none"
            )


class FewShot(Method):
    """Splits one or two edges exhaustively after a warm-up [FS, arXiv 2006.06863, section 3].

    Two edges are two levels of one tree, the first of which is not trained.
    """

    name: ClassVar[str] = "few-shot"
    Options = FewShotOptions

    def plan(self, task: Task, train_images: int) -> Plan:
        """Return what a run will do."""
        return plan_tree(task, train_images, self._schedule())

    def run(self, experiment: Experiment) -> Outcome:
        """Warm up one supernet, train its parts further, and score each candidate by its part."""

        def choose_split(base: Base, node: TreeNode) -> Split:
            return Split(self.options.edges[node.level], singletons(len(OPERATIONS)))

        return train_tree(experiment, self._schedule(), choose_split)

    def _schedule(self) -> Schedule:
        options = self.options
        groups = (len(OPERATIONS),) * len(options.edges)
        between = (0,) * (len(options.edges) - 1)
        epochs = (options.epochs[0], *between, options.epochs[1]) if options.epochs else ()
        return Schedule(options.warm_up, 0, groups, epochs=epochs, anneals="each")
