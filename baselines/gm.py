"""GM-NAS: a tree of supernets in which operations with similar gradients share weights."""

from dataclasses import dataclass
from typing import Annotated, ClassVar, Literal

from msgspec import Meta

from baselines.experiment import Experiment
from baselines.method import Method, Outcome
from baselines.schedule import Plan, Restart, Schedule
from baselines.splitting import (
    Distances,
    EarlyStop,
    best_edge,
    best_partition,
    measured_partition,
    random_partition,
    spectral_partition,
)
from baselines.training import Base, base_class
from baselines.tree.tree_training import EdgeIndex, Split, TreeNode, plan_tree, train_tree
from benchmark.budget import Spending
from benchmark.errors import InputError
from benchmark.settings import Count, Fraction
from benchmark.spaces.nb201 import EDGES, OPERATIONS
from benchmark.tasks.task import Task


@dataclass(frozen=True)
class SplittingOptions:
    """How GM-NAS splits; subclasses say whether groups follow gradients or are random."""

    warm_up: Fraction  # share of the budget that the undivided supernet gets first
    between: Fraction  # share for all supernets of each level that is split again
    # epochs of each supernet, level by level, the leaves' last, if the budget is ``schedule``; else
    # none
    epochs: tuple[Count, ...]
    levels: Annotated[int, Meta(ge=1, le=len(EDGES))]  # levels of splits
    groups: Annotated[int, Meta(ge=2, le=len(OPERATIONS))]  # groups of each split
    min_size: Count  # least number of operations in a group
    batches: Count  # batches over which gradient distances are averaged at each split
    restart: Restart  # where children start from the initial weights instead of their parent's
    # which edge is split: the one whose cut separates the most distance, a random one, or those of
    # ``edges``
    edge: Literal["best", "random", "fixed"]
    edges: tuple[EdgeIndex, ...]  # the edge to split at each level if ``edge`` is fixed
    # whether an operation that is alone on an edge has weight 1 (hard) or keeps its weight in
    # the mixture (soft)
    weight: Literal["hard", "soft"]
    cut: Literal["exact", "spectral"]  # try all partitions, or spectral clustering
    # greatest probability that matching, stopped early, decides otherwise than all batches would; 0
    # uses all
    stop_error: Annotated[float, Meta(ge=0, le=0.5)]

    def __post_init__(self) -> None:
        needed = self.levels if self.edge == "fixed" else 0
        if len(self.edges) != needed or len(set(self.edges)) < needed:
            raise InputError(
                f"edges are {list(self.edges)}: give {needed or 'none'}"
                f"{', all different' if needed > 1 else ''}, as edge is {self.edge!r} and there "
                f"are {self.levels} levels"
            )

        if self.stop_error and self.cut == "spectral":
            raise InputError(
                f"stop_error is {self.stop_error}: it needs the exact cut, so let cut be 'exact', "
                "or stop_error 0"
            )

    @property
    def schedule(self) -> Schedule:
        """How training is divided among the levels."""
        groups = (self.groups,) * self.levels
        return Schedule(self.warm_up, self.between, groups, self.restart, self.epochs)

    @property
    def draws_groups(self) -> bool:
        """Whether groups are drawn at random instead of following gradient distances."""
        return False

    def matched_edges(self, level: int) -> int:
        """Number of edges that are matched to split a supernet of a level."""
        return len(EDGES) - level if self.edge == "best" else 1


@dataclass(frozen=True)
class GmOptions(SplittingOptions):
    """How GM-NAS splits; the paper's ablations are among the options."""

    partition: Literal["gradient", "random"]  # groups by gradient distances, or drawn

    @property
    def draws_groups(self) -> bool:
        """Whether groups are drawn at random."""
        return self.partition == "random"

    def matched_edges(self, level: int) -> int:
        """Number of edges that are matched; none if edge and groups do not depend on gradients."""
        free = self.draws_groups and self.edge != "best"
        return 0 if free else super().matched_edges(level)


class Gm(Method):
    """Splits a tree of supernets by gradient matching [GM, arXiv 2203.15207, section 3]."""

    name: ClassVar[str] = "gm"
    Options: ClassVar[type[SplittingOptions]] = GmOptions
    options: SplittingOptions

    def plan(self, task: Task, train_images: int) -> Plan:
        """Return what a run will do, with the most that gradient matching can cost."""
        options, base = self.options, base_class(task.search.base)
        if options.weight == "soft":
            base.check_weights()
        matching = tuple(
            options.batches * base.matching_passes(options.matched_edges(level), len(OPERATIONS))
            for level in range(options.levels)
        )
        return plan_tree(task, train_images, options.schedule, matching)

    def run(self, experiment: Experiment) -> Outcome:
        """Warm up, split level by level, train the leaves, and score each candidate by its leaf."""

        def choose_split(base: Base, node: TreeNode) -> Split:
            return _choose_split(base, self.options, node)

        return train_tree(experiment, self.options.schedule, choose_split)


def _choose_split(base: Base, options: SplittingOptions, node: TreeNode) -> Split:
    """Choose edge and groups, by gradient distances or at random as the options say."""
    generator = base.experiment.streams.numpy(f"splits/{node.name}")
    edges = [edge for edge in range(len(EDGES)) if not node.subspace.is_split(edge)]
    if options.edge == "fixed":
        edges = [options.edges[node.level]]
    elif options.edge == "random":
        edges = [edges[int(generator.integers(len(edges)))]]
    stop = EarlyStop(options.batches, options.groups, options.min_size, options.stop_error)
    matched = options.matched_edges(node.level) > 0
    distances = _distances(base, options, node, edges, stop) if matched else {}
    cut = best_partition if options.cut == "exact" else spectral_partition
    partitions = {
        edge: cut(matrix, options.groups, options.min_size) for edge, matrix in distances.items()
    }
    edge = best_edge(partitions) if partitions else edges[0]
    allowed = node.subspace.allowed[edge]
    if options.draws_groups:
        places = random_partition(len(allowed), options.groups, options.min_size, generator)
    else:
        places = partitions[edge].groups
    groups = tuple(tuple(allowed[place] for place in group) for group in places)
    if not distances:
        return Split(edge, groups)
    separated = measured_partition(distances[edge], places).separated
    named = {"{}→{}".format(*EDGES[one]): matrix.tolist() for one, matrix in distances.items()}
    trace = {"separated": separated, "distances": named}
    if options.stop_error:
        trace["batches"] = {"used": stop.used, "planned": options.batches}
    return Split(edge, groups, trace)


def _distances(
    base: Base, options: SplittingOptions, node: TreeNode, edges: list[int], stop: EarlyStop
) -> Distances:
    """Return the gradient distances of edges; each pass is charged to the budget."""
    experiment = base.experiment

    def pay() -> None:
        experiment.ledger.charge(Spending.GRADIENT_MATCHING, experiment.training.batch_size)
        experiment.tick()

    batches = experiment.batches(
        experiment.images.train, options.batches, f"matching batches/{node.name}"
    )
    return base.distances(
        node.state,
        edges,
        batches,
        node.name,
        pay,
        soft=options.weight == "soft",
        should_stop=stop.should_stop,
    )
