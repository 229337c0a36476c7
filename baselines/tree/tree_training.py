"""Training a tree of sub-supernets: warm up, split, train further, within one budget.

One-shot, few-shot and GM-NAS are this tree with no, one or several levels of splits; they differ in
how a node chooses its decision and groups. The leaves share what is left of the budget after
warm-up and splitting, equally to within one step.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from baselines.experiment import Experiment
from baselines.method import Outcome
from baselines.selection.searches import searched
from baselines.training import Base, SupernetState, WeightTraining, base_class
from baselines.training.weights import StepRange
from baselines.tree.checkpoint import TreeCheckpoint
from baselines.tree.schedule import Plan, Schedule, Workload, plan_schedule
from baselines.tree.trajectory import Trajectory
from benchmark.budget import Spending
from benchmark.errors import CheckError
from benchmark.spaces.subspaces.splits import ROOT, named_split
from benchmark.spaces.subspaces.subspace import JointOption, Subspace, scoring_leaves
from benchmark.tasks.sections import NO_SELECTION
from benchmark.tasks.task import Task

LOSS_POINTS = 50  # losses of a node in a trace, each a mean over consecutive steps


@dataclass(frozen=True)
class Split:
    """What a node is split on: one decision or several, the options of each child, and why."""

    decisions: tuple[int, ...]
    groups: tuple[tuple[JointOption, ...], ...]
    trace: dict[str, Any] = field(default_factory=dict)  # the reasons, as JSON


@dataclass(frozen=True, eq=False)
class TreeNode:
    """A sub-supernet and the number of steps that its weights have been trained for.

    Its name is ``root``, or the parent's name and the child's number, like ``root.0``.
    """

    name: str
    state: SupernetState
    steps: int

    @property
    def level(self) -> int:
        """Number of splits above it."""
        return self.name.count(".")

    @property
    def subspace(self) -> Subspace:
        """The architectures it holds."""
        return self.state.subspace


def plan_tree(
    task: Task, train_images: int, schedule: Schedule, matching: tuple[int, ...] | None = None
) -> Plan:
    """Return what a tree of supernets will do on a task, before anything is run.

    ``matching`` is the most batches that one split passes, for each level; none by default.
    """
    base = base_class(task.search.base)
    if task.selection.by == "strongest":
        base.check_strongest()
    workload = Workload(
        train_images=train_images,
        batch_size=task.training.batch_size,
        passes=base.passes,
        matching=(0,) * len(schedule.groups) if matching is None else matching,
        budget=None if task.budget is None else task.budget.images,
    )
    return plan_schedule(schedule, workload)


def train_tree(
    experiment: Experiment, schedule: Schedule, choose_split: Callable[[Base, TreeNode], Split]
) -> Outcome:
    """Train a tree of supernets and score the candidates."""
    return _Tree(experiment, schedule, choose_split).train()


class _Tree:
    def __init__(
        self,
        experiment: Experiment,
        schedule: Schedule,
        choose_split: Callable[[Base, TreeNode], Split],
    ) -> None:
        self._experiment = experiment
        self._schedule = schedule
        self._choose_split = choose_split
        base = base_class(experiment.search.base)
        batch = experiment.training.batch_size
        budget = None if schedule.epochs else experiment.ledger.budget.images
        unmatched = (0,) * len(schedule.groups)  # what matching costs is known when it is done
        images = len(experiment.images.train)
        plan = plan_schedule(schedule, Workload(images, batch, base.passes, unmatched, budget))
        self._equal = plan.equal
        self._planned = [level.steps for level in plan.levels]
        self._lineage = [level.steps // level.supernets for level in plan.levels]
        self._base = base(experiment, None if plan.equal else sum(self._lineage))
        self._trajectory = Trajectory(experiment, self._base.score_functions)
        self._checkpoint = TreeCheckpoint(experiment, self._trajectory)
        self._levels: list[dict[str, int]] = []
        self._splits: list[dict[str, Any]] = []
        self._losses: dict[str, list[float]] = {}

    def train(self) -> Outcome:
        whole = Subspace.whole(self._experiment.space)
        nodes = [TreeNode(ROOT, self._base.start(whole), 0)]
        for level in range(len(self._schedule.groups)):
            nodes = self._train_level(nodes, self._planned[level], last=False)
            nodes = [child for node in nodes for child in self._children(node, level)]
        left = self._experiment.ledger.left // self._base.step_images(frozen=False)
        steps = self._checkpoint.leaf_steps(left if self._equal else self._planned[-1])
        leaves = self._train_level(nodes, steps, last=True)
        with self._checkpoint.saving_if_stopped():
            scores = self._base.score([leaf.state for leaf in leaves])
            trace = self._trace(leaves, scores)  # may search, too
        return Outcome(scores, trace | self._trajectory.to_trace(scores))

    @property
    def _matched(self) -> int:
        """Images spent on gradient matching so far."""
        return self._experiment.ledger.parts[Spending.GRADIENT_MATCHING]

    def _train_level(self, nodes: Sequence[TreeNode], steps: int, *, last: bool) -> list[TreeNode]:
        """Train the nodes of a level for ``steps`` in all, divided equally to within one step."""
        each, over = divmod(steps, len(nodes))
        if last and each == 0:
            raise CheckError(
                f"{steps} steps of the budget are left for {len(nodes)} leaves: "
                "raise the budget, or warm up and match gradients less"
            )
        frozen = self._schedule.freezes and not last
        images = steps * self._base.step_images(frozen=frozen)
        self._levels.append({"supernets": len(nodes), "images": images, "matching": 0})
        kind = Spending.SHARED_TRAINING if len(nodes) == 1 else Spending.LEAF_TRAINING
        trained = []
        for number, node in enumerate(nodes):
            own = self._step_range(node, each + (number < over))
            self._losses[node.name] = self._train_node(node, own, kind, frozen=frozen)
            trained.append(TreeNode(node.name, node.state, node.steps + own.steps))
        return trained

    def _step_range(self, node: TreeNode, steps: int) -> StepRange:
        """Return the range of a node's own steps, planned as if no node below it restarted.

        Learning rate and temperature follow the steps of a lineage, matching aside. With a schedule
        in epochs, the rate of a supernet that restarts follows a whole lineage too, as in the
        published program.
        """
        total = node.steps + steps + sum(self._lineage[node.level + 1 :])
        if not self._schedule.epochs:
            return StepRange(node.steps, steps, total)
        if self._schedule.anneals == "each":
            return StepRange(node.steps, steps, total, cosine_start=node.steps, cosine_steps=steps)
        return StepRange(node.steps, steps, total, cosine_steps=sum(self._lineage))

    def _train_node(
        self, node: TreeNode, steps: StepRange, kind: Spending, *, frozen: bool
    ) -> list[float]:
        """Train a node, or load it or resume its training, and return its losses."""
        losses = self._checkpoint.load_trained(node.name, node.state)
        position, resumed = self._checkpoint.current_training(node.name)
        trained = position > 0 or (losses is not None and steps.steps > 0)
        watch = self._trajectory.watch(node.subspace, node.state.network, trained=trained)

        def before_step(training: WeightTraining) -> None:
            self._checkpoint.save_if_due(node.name, training)
            watch()

        if losses is None:
            losses = self._base.train(
                node.state, steps, kind, node.name, before_step, resumed, frozen=frozen
            )
        self._checkpoint.add_trained(node.name, node.state, losses)
        return losses

    def _children(self, node: TreeNode, level: int) -> list[TreeNode]:
        """Split a trained node and return its children, with its weights or the initial ones."""
        split, images = self._checkpoint.split(node.name) or self._split(node)
        self._checkpoint.add_split(split, images)
        self._splits.append(split)
        self._levels[-1]["matching"] += images
        decisions, groups = named_split(node.subspace, split)
        is_last = level == len(self._schedule.groups) - 1
        restart = self._schedule.restart == "always" or (
            self._schedule.restart == "last" and is_last
        )
        return [
            TreeNode(
                f"{node.name}.{number}",
                self._base.start(part) if restart else self._base.inherit(node.state, part),
                0 if restart else node.steps,
            )
            for number, part in enumerate(node.subspace.split(decisions, groups))
        ]

    def _split(self, node: TreeNode) -> tuple[dict[str, Any], int]:
        """Choose a node's split; return it as in the trace, and the images spent on matching."""
        before = self._matched
        with self._checkpoint.saving_if_stopped():
            split = self._choose_split(self._base, node)
        described = {
            "node": node.name,
            "decisions": [node.subspace.space.decisions[one].name for one in split.decisions],
            "groups": [
                [node.subspace.names(split.decisions, option) for option in group]
                for group in split.groups
            ],
            **split.trace,
        }
        return described, self._matched - before

    def _trace(self, leaves: Sequence[TreeNode], scores: NDArray[np.float64]) -> dict[str, Any]:
        scoring = scoring_leaves([leaf.subspace for leaf in leaves], self._experiment.candidates)
        found = [
            self._leaf(leaf, np.flatnonzero(scoring == number), scores)
            for number, leaf in enumerate(leaves)
        ]
        selected = [leaf["selected"] for leaf in found if "selected" in leaf]
        return {
            "splits": self._splits,
            "leaves": found,
            # the best by validation alone, the first of equals
            "choice": max(selected, key=lambda one: float(one["score"])),
            "equal budget": self._equal,
            "levels": self._levels,
            "losses": {name: _thinned(losses) for name, losses in self._losses.items() if losses},
        }

    def _leaf(
        self, leaf: TreeNode, places: NDArray[np.int64], scores: NDArray[np.float64]
    ) -> dict[str, Any]:
        """Return a leaf's part of the trace.

        It selects among the candidates at ``places``, those that it scored, if there are any; or
        it searches its subspace.
        """
        selected: dict[str, Any] = {}
        if self._experiment.selection.by != NO_SELECTION.by:
            selected = self._searched(leaf)
        elif places.size:
            codes = self._experiment.candidates[places]
            chosen = self._base.select(leaf.state, codes, scores[places], leaf.name)
            selected = self._selected(int(codes[chosen]), float(scores[places][chosen]))
        return {
            "node": leaf.name,
            "options": leaf.subspace.to_lists(),
            "architectures": leaf.subspace.size,
            "steps": leaf.steps,
            **({"selected": selected} if selected else {}),
        }

    def _searched(self, leaf: TreeNode) -> dict[str, Any]:
        """Return what a search of a leaf's subspace selects, nothing where it owns nothing."""
        if self._experiment.selection.by == "strongest":
            code = self._base.strongest(leaf.state)
            (score,) = self._base.score_functions(leaf.state.network, np.array([code]))
            return {**self._selected(code, float(score)), "evaluations": 1}
        if not leaf.subspace.size:
            return {}
        found = searched(
            leaf.subspace,
            lambda codes: self._base.score_functions(leaf.state.network, codes),
            self._experiment.selection,
            self._experiment.streams.numpy(f"selection/{leaf.name}"),
        )
        if not found.codes.size:
            return {}
        selected = self._selected(found.best, float(found.scores.max()))
        return {**selected, "evaluations": len(found.codes)}

    def _selected(self, code: int, score: float) -> dict[str, Any]:
        return {"architecture": self._experiment.space.format(code), "score": score}


def _thinned(losses: Sequence[float]) -> list[float]:
    parts = np.array_split(np.asarray(losses), min(LOSS_POINTS, max(1, len(losses))))
    return [round(float(part.mean()), 5) for part in parts if part.size]
