"""Few-shot NAS: one sub-supernet for each operation on one edge."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, ClassVar

from baselines.experiment import Experiment
from baselines.method import Method, Outcome
from baselines.search import Base
from baselines.splitting import singletons
from baselines.tree import Node, Schedule, Split, train_tree
from benchmark.settings import Fraction, Range
from benchmark.space import EDGES, OPERATIONS


@dataclass(frozen=True)
class FewShotOptions:
    """How few-shot NAS splits.

    Attributes:
        warm_up: Share of the budget that the undivided supernet gets first.
        edge: Index of the edge to split; the published program takes 0, which is 0→1.
    """

    warm_up: Fraction
    edge: Annotated[int, Range(0, len(EDGES) - 1)]


class FewShot(Method):
    """Splits one edge exhaustively after a warm-up [FS, arXiv 2006.06863, section 3]."""

    name: ClassVar[str] = "few-shot"
    Options = FewShotOptions

    def run(self, experiment: Experiment) -> Outcome:
        """Warm up one supernet, train its five parts on, and score each function by its part."""

        def choose_split(base: Base, node: Node) -> Split:
            return Split(self.options.edge, singletons(len(OPERATIONS)))

        schedule = Schedule(self.options.warm_up, 0, (len(OPERATIONS),))
        return train_tree(experiment, schedule, choose_split)
