"""A tree of sub-supernets: warm up, split, train on, within one budget.

One-shot, few-shot and GM-NAS are this tree with no, one or several levels of splits; they differ in
how a node chooses its edge and groups. Whatever is left of the budget after warm-up and splitting
is shared by the leaves, to within one step.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from baselines.experiment import Experiment
from baselines.method import Outcome
from baselines.search import Base, State, base_class
from baselines.splitting import FULL, Groups, Subspace
from baselines.supernet import Stretch
from baselines.trajectory import Trajectory
from benchmark.budget import Spending
from benchmark.errors import CheckError, InputError
from benchmark.space import EDGES, OPERATIONS, to_string

Restart = Literal["never", "always", "last"]
LOSS_POINTS = 50  # of a node's losses that a trace keeps, each a mean over neighbouring steps


@dataclass(frozen=True)
class Schedule:
    """How a budget is shared out over the levels of a tree.

    Attributes:
        warm_up: Share of the budget for the undivided supernet.
        between: Share for all supernets of a level that is split again.
        groups: Branching factor of each level.
        restart: Where children start from the initial weights instead of their parent's.
    """

    warm_up: float
    between: float
    groups: tuple[int, ...]
    restart: Restart = "never"


@dataclass(frozen=True)
class Split:
    """How a node divides.

    Attributes:
        edge: Index into `EDGES`.
        groups: Operations of each child.
        trace: Why, as plain JSON values.
    """

    edge: int
    groups: Groups
    trace: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, eq=False)
class Node:
    """A sub-supernet.

    Attributes:
        name: ``root``, or the parent's name and the child's number.
        state: The architectures it holds, its weights, and what its base keeps beside them.
        steps: Steps that the weights have behind them.
    """

    name: str
    state: State
    steps: int

    @property
    def subspace(self) -> Subspace:
        """The architectures it holds."""
        return self.state.subspace


def train_tree(
    experiment: Experiment, schedule: Schedule, choose_split: Callable[[Base, Node], Split]
) -> Outcome:
    """Train a tree of supernets and score every architecture.

    Architectures that differ in dead edges alone are one function and are scored once, by the leaf
    that holds their live form: ``none`` on every dead edge.

    Args:
        experiment: Images, scale, budget and streams.
        schedule: How the budget is shared out.
        choose_split: Says how a node trained by a base divides.

    Returns:
        Scores and a trace.

    Raises:
        InputError: The schedule leaves nothing for the leaves.
        CheckError: Nothing is left of the budget for the leaves, or training failed.
    """
    return _Tree(experiment, schedule, choose_split).grow()


class _Tree:
    def __init__(
        self,
        experiment: Experiment,
        schedule: Schedule,
        choose_split: Callable[[Base, Node], Split],
    ) -> None:
        self._experiment = experiment
        self._schedule = schedule
        self._choose_split = choose_split
        self._base = base_class(experiment.search.base)(experiment)
        self._trajectory = Trajectory(experiment, self._base.score_functions)
        self._steps = experiment.ledger.budget.images // self._base.step_images
        self._splits: list[dict[str, Any]] = []
        self._losses: dict[str, list[float]] = {}
        planned = schedule.warm_up + schedule.between * max(0, len(schedule.groups) - 1)
        if schedule.groups and planned >= 1:
            raise InputError(
                f"warm_up and between take {planned:.0%} of the budget: leave some for the leaves"
            )

    def grow(self) -> Outcome:
        levels = len(self._schedule.groups)
        nodes = [Node("root", self._base.start(FULL), 0)]
        if levels:
            nodes = self._train(nodes, self._share(self._schedule.warm_up), last=False)
        for level in range(levels):
            children = [child for node in nodes for child in self._divide(node, level)]
            is_last = level == levels - 1
            nodes = (
                children
                if is_last
                else self._train(children, self._share(self._schedule.between), last=False)
            )
        leaves = self._train(
            nodes, self._experiment.ledger.left // self._base.step_images, last=True
        )
        scores = self._base.score([leaf.state for leaf in leaves])
        return Outcome(scores, self._trace(leaves, scores) | self._trajectory.to_trace(scores))

    def _share(self, share: float) -> int:
        return round(share * self._steps)

    def _train(self, nodes: Sequence[Node], steps: int, *, last: bool) -> list[Node]:
        """Train the nodes of a level for as many steps in all, shared to within one step."""
        each, over = divmod(steps, len(nodes))
        if last and each == 0:
            raise CheckError(
                f"{steps} steps of the budget are left for {len(nodes)} leaves: "
                "raise the budget, or warm up and match gradients less"
            )
        kind = Spending.SHARED_TRAINING if len(nodes) == 1 else Spending.LEAF_TRAINING
        trained = []
        for number, node in enumerate(nodes):
            own = each + (number < over)
            end = node.steps + own
            stretch = Stretch(node.steps, own, end if last else end + self._steps_after(node))
            watch = self._trajectory.watch(node.subspace, node.state.network)
            self._losses[node.name] = self._base.train(node.state, stretch, kind, node.name, watch)
            trained.append(Node(node.name, node.state, end))
        return trained

    def _steps_after(self, node: Node) -> int:
        """Return how many steps a lineage is planned to have after a node's own, splitting aside.

        The cosine of a node that will be split runs over its whole lineage, as the leaves' does.
        """
        groups = self._schedule.groups
        depth = node.name.count(".")
        if self._schedule.restart == "always":
            return 0
        between = sum(
            self._share(self._schedule.between) // int(np.prod(groups[:level]))
            for level in range(depth + 1, len(groups))
        )
        if self._schedule.restart == "last":
            return between
        spent = self._share(self._schedule.warm_up)
        spent += self._share(self._schedule.between) * (len(groups) - 1)
        return between + (self._steps - spent) // int(np.prod(groups))

    def _divide(self, node: Node, level: int) -> list[Node]:
        """Return a node's children, which start from its weights or from the initial ones."""
        split = self._choose_split(self._base, node)
        self._splits.append(
            {
                "node": node.name,
                "edge": "{}→{}".format(*EDGES[split.edge]),
                "groups": [[OPERATIONS[index] for index in group] for group in split.groups],
                **split.trace,
            }
        )
        is_last = level == len(self._schedule.groups) - 1
        restart = self._schedule.restart == "always" or (
            self._schedule.restart == "last" and is_last
        )
        return [
            Node(
                f"{node.name}.{number}",
                self._base.start(part) if restart else self._base.inherit(node.state, part),
                0 if restart else node.steps,
            )
            for number, part in enumerate(node.subspace.split(split.edge, split.groups))
        ]

    def _trace(self, leaves: Sequence[Node], scores: NDArray[np.float64]) -> dict[str, Any]:
        selected = [self._base.select(leaf.state, scores, leaf.name) for leaf in leaves]
        return {
            "splits": self._splits,
            "leaves": [
                {
                    "node": leaf.name,
                    "operations": leaf.subspace.to_lists(),
                    "architectures": leaf.subspace.size,
                    "steps": leaf.steps,
                    "selected": {"architecture": to_string(code), "score": float(scores[code])},
                }
                for leaf, code in zip(leaves, selected, strict=True)
            ],
            "losses": {name: _thinned(losses) for name, losses in self._losses.items()},
        }


def _thinned(losses: Sequence[float]) -> list[float]:
    parts = np.array_split(np.asarray(losses), min(LOSS_POINTS, max(1, len(losses))))
    return [round(float(part.mean()), 5) for part in parts if part.size]
