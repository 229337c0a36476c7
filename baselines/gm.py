"""GM-NAS: a tree of supernets in which options with similar gradients share weights."""

from collections.abc import Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Annotated, ClassVar, Literal

from msgspec import Meta

from baselines.experiment import Experiment
from baselines.method import Method, Outcome
from baselines.splitting import (
    Decisions,
    Distances,
    EarlyStop,
    best_decision,
    best_partition,
    measured_partition,
    random_partition,
    spectral_partition,
)
from baselines.training import Base, base_class
from baselines.tree.schedule import Plan, Restart, Schedule
from baselines.tree.tree_training import Split, TreeNode, plan_tree, train_tree
from benchmark.budget import Spending
from benchmark.errors import InputError
from benchmark.settings import Count, Fraction
from benchmark.spaces.base import JOINED, Space
from benchmark.spaces.subspace import Subspace
from benchmark.tasks.task import Task


@dataclass(frozen=True)
class SplittingOptions:
    """How GM-NAS splits; subclasses say whether groups follow gradients or are random."""

    warm_up: Fraction  # share of the budget that the undivided supernet gets first
    between: Fraction  # share for all supernets of each level that is split again
    # epochs of each supernet, level by level, the leaves' last, if the budget is ``schedule``; else
    # none
    epochs: tuple[Count, ...]
    # number of groups of each split, level by level
    groups: Annotated[tuple[Annotated[int, Meta(ge=2)], ...], Meta(min_length=1)]
    min_size: Count  # least number of options in a group
    batches: Count  # batches over which gradient distances are averaged at each split
    restart: Restart  # where children start from the initial weights instead of their parent's
    # which decisions may be split, by patterns of their names; those to be split together are
    # joined by " & "
    among: Annotated[tuple[str, ...], Meta(min_length=1)]
    # which decision is split: the one whose cut separates the most distance, a random one, or those
    # of ``decisions``
    decision: Literal["best", "random", "fixed"]
    # what to split at each level if ``decision`` is fixed, by name or number
    decisions: tuple[str | int, ...]
    # whether an option that is alone has weight 1 (hard) or keeps its weight in the mixture (soft)
    weight: Literal["hard", "soft"]
    cut: Literal["exact", "spectral"]  # try all partitions, or spectral clustering
    # greatest probability that matching, stopped early, decides otherwise than all batches would; 0
    # uses all
    stop_error: Annotated[float, Meta(ge=0, le=0.5)]

    def __post_init__(self) -> None:
        needed = self.levels if self.decision == "fixed" else 0
        if len(self.decisions) != needed or len(set(self.decisions)) < needed:
            raise InputError(
                f"decisions are {list(self.decisions)}: give {needed or 'none'}"
                f"{', all different' if needed > 1 else ''}, as decision is {self.decision!r} and "
                f"there are {self.levels} levels"
            )

        if self.stop_error and self.cut == "spectral":
            raise InputError(
                f"stop_error is {self.stop_error}: it needs the exact cut, so let cut be 'exact', "
                "or stop_error 0"
            )

    @property
    def levels(self) -> int:
        """Levels of splits."""
        return len(self.groups)

    @property
    def schedule(self) -> Schedule:
        """How training is divided among the levels."""
        return Schedule(self.warm_up, self.between, self.groups, self.restart, self.epochs)

    @property
    def draws_groups(self) -> bool:
        """Whether groups are drawn at random instead of following gradient distances."""
        return False

    @property
    def matches(self) -> bool:
        """Whether a split depends on gradient distances, so that they are measured and charged."""
        return True

    def candidates(self, space: Space) -> list[Decisions]:
        """Return what may be split in a space, in the order of its decisions."""
        found: set[Decisions] = set()
        for pattern in self.among:
            if JOINED in pattern:
                found.add(space.find(pattern))
                continue
            names = [decision.name for decision in space.decisions]
            wanted = pattern.replace("->", "→")
            matching = [(place,) for place, name in enumerate(names) if fnmatchcase(name, wanted)]
            if not matching:
                raise InputError(
                    f"among is {list(self.among)}: no decision of {space.title} is called "
                    f"{pattern!r}; they are {', '.join(names)}"
                )
            found.update(matching)
        return sorted(found)

    def at_level(self, subspace: Subspace, level: int) -> list[Decisions]:
        """Return what may be split in a supernet of a level."""
        space = subspace.space
        if self.decision == "fixed":
            return [space.find(self.decisions[level])]
        return [
            chosen
            for chosen in self.candidates(space)
            if not any(subspace.is_split(one) for one in chosen)
            and len(subspace.options(chosen)) >= self.groups[level]
        ]

    def check(self, space: Space) -> None:
        """Check that each level has something left to split, whatever was split above it."""
        whole = Subspace.whole(space)
        levels = [self.at_level(whole, level) for level in range(self.levels)]
        if self.decision == "fixed":
            split = [one for (chosen,) in levels for one in chosen]
            if len(set(split)) < len(split):
                raise InputError(f"decisions are {list(self.decisions)}: one would be split twice")
        for level, (choice, groups) in enumerate(zip(levels, self.groups, strict=True)):
            used = 0 if self.decision == "fixed" else level
            able = sum(len(whole.options(chosen)) >= groups for chosen in choice)
            if able <= used:
                raise InputError(
                    f"groups are {list(self.groups)}: of the decisions that may be split, {able} "
                    f"of {space.title} have {groups} options or more, too few for level "
                    f"{level + 1}; ask for fewer levels or groups, or split among more decisions"
                )

    def most_matched(self, space: Space, level: int) -> list[int]:
        """Return the options of the decisions that are matched at most to split a supernet."""
        if not self.matches:
            return []
        whole = self.at_level(Subspace.whole(space), level)
        options = sorted((int(space.n_options[list(one)].prod()) for one in whole), reverse=True)
        if self.decision == "best":
            return options[: max(1, len(options) - level)]
        return options[:1]


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
