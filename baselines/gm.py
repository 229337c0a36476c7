"""GM-NAS: operations whose gradients agree go on sharing weights, the others part."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, ClassVar

from baselines.experiment import Experiment
from baselines.method import Method, Outcome
from baselines.search import Base
from baselines.splitting import best_edge, best_partition
from baselines.tree import Node, Restart, Schedule, Split, train_tree
from benchmark.budget import Spending
from benchmark.settings import Count, Fraction, Range
from benchmark.space import EDGES, OPERATIONS


@dataclass(frozen=True)
class GmOptions:
    """How GM-NAS splits.

    Attributes:
        warm_up: Share of the budget that the undivided supernet gets first.
        between: Share that the supernets of each level get which will be split again.
        levels: Levels of splits.
        groups: Groups that an edge's operations are put into at each split.
        min_size: Least number of operations in a group.
        batches: Batches over which gradient distances are averaged at each split.
        restart: Where children start from the initial weights instead of their parent's.
    """

    warm_up: Fraction
    between: Fraction
    levels: Annotated[int, Range(1, len(EDGES))]
    groups: Annotated[int, Range(2, len(OPERATIONS))]
    min_size: Count
    batches: Count
    restart: Restart


class Gm(Method):
    """Splits a tree of supernets by gradient matching [GM, arXiv 2203.15207, section 3]."""

    name: ClassVar[str] = "gm"
    Options = GmOptions

    def run(self, experiment: Experiment) -> Outcome:
        """Warm up, split level by level, train the leaves, and score each function by its leaf."""
        options = self.options

        def choose_split(base: Base, node: Node) -> Split:
            return _match_gradients(base, options, node)

        groups = (options.groups,) * options.levels
        schedule = Schedule(options.warm_up, options.between, groups, options.restart)
        return train_tree(experiment, schedule, choose_split)


def _match_gradients(base: Base, options: GmOptions, node: Node) -> Split:
    """Choose the edge and the groups that separate the most gradient distance."""
    experiment = base.experiment

    def pay() -> None:
        experiment.ledger.charge(Spending.GRADIENT_MATCHING, experiment.training.batch_size)
        experiment.tick()

    batches = experiment.batches(
        experiment.images.train, options.batches, f"matching batches/{node.name}"
    )
    edges = [edge for edge in range(len(EDGES)) if not node.subspace.is_split(edge)]
    distances = base.distances(node.state, edges, batches, node.name, pay)
    partitions = {
        edge: best_partition(matrix, options.groups, options.min_size)
        for edge, matrix in distances.items()
    }
    edge = best_edge(partitions)
    return Split(
        edge,
        partitions[edge].groups,
        {
            "separated": partitions[edge].separated,
            "distances": {
                "{}→{}".format(*EDGES[one]): matrix.tolist() for one, matrix in distances.items()
            },
        },
    )
