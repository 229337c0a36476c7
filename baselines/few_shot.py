"""Few-shot NAS: one sub-supernet for each option of one decision, or each pair of two."""

from dataclasses import dataclass
from typing import Annotated, ClassVar

from msgspec import Meta

from baselines.experiment import Experiment
from baselines.method import Method, Outcome
from baselines.training import Base
from baselines.tree.schedule import Plan, Schedule
from baselines.tree.tree_training import Split, TreeNode, plan_tree, train_tree
from benchmark.errors import InputError
from benchmark.settings import Fraction
from benchmark.spaces.base import Space
from benchmark.tasks.task import Task

MOST_DECISIONS = 2  # three would make 125 sub-supernets on NAS-Bench-201


@dataclass(frozen=True)
class FewShotOptions:
    """How few-shot NAS splits."""

    warm_up: Fraction  # share of the budget that the undivided supernet gets first
    # epochs of the undivided supernet and of each sub-supernet, two numbers, if the budget is
    # ``schedule``; else none
    epochs: tuple[Annotated[int, Meta(ge=0)], ...]
    # one or two, by name or number; the published program splits ``0→1`` of NAS-Bench-201
    decisions: tuple[str | int, ...]

    def __post_init__(self) -> None:
        count = len(self.decisions)
        if not 1 <= count <= MOST_DECISIONS or len(set(self.decisions)) < count:
            raise InputError(
                f"decisions are {list(self.decisions)}: give one or two different ones"
            )
        if len(self.epochs) not in (0, 2):
            raise InputError(
                f"epochs are {list(self.epochs)}: give those of the undivided supernet and of each "
                "sub-supernet, or none"
            )


class FewShot(Method):
    """Splits one or two decisions exhaustively after a warm-up [FS, arXiv 2006.06863, section 3].

    Two are two levels of one tree, the first of which is not trained.
    """

    name: ClassVar[str] = "few-shot"
    Options = FewShotOptions

    def plan(self, task: Task, train_images: int) -> Plan:
        """Return what a run will do."""
        return plan_tree(task, train_images, self._schedule(task.search_space))

    def run(self, experiment: Experiment) -> Outcome:
        """Warm up one supernet, train its parts further, and score each candidate by its part."""

        def choose_split(base: Base, node: TreeNode) -> Split:
            decisions = self._decisions(experiment.space)[node.level]
            return Split(decisions, tuple((one,) for one in node.subspace.options(decisions)))

        return train_tree(experiment, self._schedule(experiment.space), choose_split)

    def _decisions(self, space: Space) -> list[tuple[int, ...]]:
        found = [space.find(named) for named in self.options.decisions]
        if len({place for places in found for place in places}) < sum(map(len, found)):
            raise InputError(
                f"decisions are {list(self.options.decisions)}: give one or two different ones"
            )
        return found

    def _schedule(self, space: Space) -> Schedule:
        options, decisions = self.options, self._decisions(space)
        groups = tuple(int(space.n_options[list(places)].prod()) for places in decisions)
        between = (0,) * (len(decisions) - 1)
        epochs = (options.epochs[0], *between, options.epochs[1]) if options.epochs else ()
        return Schedule(options.warm_up, 0, groups, epochs=epochs, anneals="each")
