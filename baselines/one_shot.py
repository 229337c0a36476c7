"""One-shot NAS: a single supernet holds the whole space."""

from __future__ import annotations

from typing import ClassVar

from baselines.experiment import Experiment
from baselines.method import Method, Outcome
from baselines.search import Base
from baselines.tree import Node, Schedule, Split, train_tree


class OneShot(Method):
    """Trains one supernet for the whole budget [SPOS, arXiv 1904.00420]."""

    name: ClassVar[str] = "one-shot"

    def run(self, experiment: Experiment) -> Outcome:
        """Train the supernet and score every architecture by it."""

        def choose_split(base: Base, node: Node) -> Split:
            raise AssertionError(f"a tree without levels splits {node.name}")

        return train_tree(experiment, Schedule(0, 0, ()), choose_split)
