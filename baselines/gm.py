"""GM-NAS: a tree of supernets in which options with similar gradients share weights."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar, Literal

from baselines.experiment import Experiment
from baselines.method import Method, Outcome
from baselines.splitting import (
    Decisions,
    Distances,
    EarlyStop,
    SplittingOptions,
    best_decision,
    best_partition,
    measured_partition,
    random_partition,
    spectral_partition,
)
from baselines.training import Base, base_class
from baselines.tree.schedule import Plan
from baselines.tree.tree_training import Split, TreeNode, plan_tree, train_tree
from benchmark.budget import Spending
from benchmark.errors import InputError
from benchmark.spaces.base import JOINED, Space
from benchmark.tasks.task import Task


@dataclass(frozen=True)
class GmOptions(SplittingOptions):
    """How GM-NAS splits; the paper's ablations are among the options."""

    partition: Literal["gradient", "random"]  # groups by gradient distances, or drawn

    @property
    def draws_groups(self) -> bool:
        """Whether groups are drawn at random."""
        return self.partition == "random"

    @property
    def matches(self) -> bool:
        """Whether decision or groups depend on gradients."""
        return not self.draws_groups or self.decision == "best"


class Gm(Method):
    """Splits a tree of supernets by gradient matching [GM, arXiv 2203.15207, section 3]."""

    name: ClassVar[str] = "gm"
    Options: ClassVar[type[SplittingOptions]] = GmOptions
    options: SplittingOptions

    def plan(self, task: Task, train_images: int) -> Plan:
        """Return what a run will do, with the most that gradient matching can cost."""
        options, base = self.options, base_class(task.search.base)
        options.check(task.search_space)
        if options.weight == "soft":
            base.check_weights()
        matching = tuple(
            options.batches * base.matching_passes(options.most_matched(task.search_space, level))
            for level in range(options.levels)
        )
        return plan_tree(task, train_images, options.schedule, matching)

    def run(self, experiment: Experiment) -> Outcome:
        """Warm up, split level by level, train the leaves, and score each candidate by its leaf."""

        def choose_split(base: Base, node: TreeNode) -> Split:
            return _choose_split(base, self.options, node)

        return train_tree(experiment, self.options.schedule, choose_split)


def _choose_split(base: Base, options: SplittingOptions, node: TreeNode) -> Split:
    """Choose decision and groups, by gradient distances or at random as the options say."""
    generator = base.experiment.streams.numpy(f"splits/{node.name}")
    subspace, groups = node.subspace, options.groups[node.level]
    choice = options.at_level(subspace, node.level)
    if not choice:
        raise InputError(
            f"{node.name} has no decision left to split into {groups} groups: ask for fewer levels "
            "or groups, or split among more decisions"
        )
    if options.decision == "random":
        choice = [choice[int(generator.integers(len(choice)))]]
    stop = EarlyStop(options.batches, groups, options.min_size, options.stop_error)
    distances = _distances(base, options, node, choice, stop) if options.matches else {}
    cut = best_partition if options.cut == "exact" else spectral_partition
    partitions = {
        chosen: cut(matrix, groups, options.min_size) for chosen, matrix in distances.items()
    }
    chosen = best_decision(partitions) if partitions else choice[0]
    allowed = subspace.options(chosen)
    if options.draws_groups:
        places = random_partition(len(allowed), groups, options.min_size, generator)
    else:
        places = partitions[chosen].groups
    divided = tuple(tuple(allowed[place] for place in group) for group in places)
    if not distances:
        return Split(chosen, divided)
    separated = measured_partition(distances[chosen], places).separated
    named = {_name(subspace.space, one): matrix.tolist() for one, matrix in distances.items()}
    trace = {"separated": separated, "distances": named}
    if options.stop_error:
        trace["batches"] = {"used": stop.used, "planned": options.batches}
    return Split(chosen, divided, trace)


def _name(space: Space, decisions: Decisions) -> str:
    return JOINED.join(space.decisions[one].name for one in decisions)


def _distances(
    base: Base,
    options: SplittingOptions,
    node: TreeNode,
    decisions: Sequence[Decisions],
    stop: EarlyStop,
) -> Distances:
    """Return the gradient distances of decisions; each pass is charged to the budget."""
    experiment = base.experiment

    def pay() -> None:
        experiment.ledger.charge(Spending.GRADIENT_MATCHING, experiment.training.batch_size)
        experiment.tick()

    batches = experiment.batches(
        experiment.images.train, options.batches, f"matching batches/{node.name}"
    )
    return base.distances(
        node.state,
        decisions,
        batches,
        node.name,
        pay,
        soft=options.weight == "soft",
        should_stop=stop.should_stop,
    )
